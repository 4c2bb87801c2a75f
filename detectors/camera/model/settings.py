"""The [model] table of a TOML file."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from citybrain.errors import InputError
from citybrain.reading import FilePart, checked, read_toml
from detectors.camera.model.plan import CLASSES, Layout, ModelPlan

Size = Annotated[int, Field(ge=16, le=4096)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]
RoadUser = Literal["car", "van", "lorry", "bus", "motorcycle", "bicycle", "pedestrian"]
MOST_CLASSES = 2048
"""Class numbers of a model lie below this."""


class ModelTable(FilePart):
    """One ``[model]`` table as it stands in the file; its entries are those of `ModelPlan`.

    Parameters
    ----------
    file
        ONNX file, beside the TOML file unless the path is absolute.
    classes
        Kind of road user for each class number of the model that is one.
    """

    file: Path
    input_px: tuple[Size, Size]
    classes: dict[int, RoadUser] = Field(min_length=1)
    scale: Positive = 1.0 / 255.0
    mean: tuple[Number, Number, Number] = (0.0, 0.0, 0.0)
    deviation: tuple[Positive, Positive, Positive] = (1.0, 1.0, 1.0)
    swap_rb: bool = True
    letterbox: bool = True
    layout: Layout = Layout.YOLOV8
    outputs: tuple[str, ...] = ()
    is_relative: bool = False
    score_at_least: Share = 0.4
    overlap_at_most: Share = 0.5
    most_boxes: int = Field(default=128, ge=1, le=1000)

    @field_validator("classes")
    @classmethod
    def _are_numbers_of_classes(cls, classes: dict[int, RoadUser]) -> dict[int, RoadUser]:
        if min(classes) < 0 or max(classes) >= MOST_CLASSES:
            msg = f"class numbers lie from 0 to {MOST_CLASSES - 1}"
            raise ValueError(msg)
        return classes

    def plan(self, beside: Path) -> ModelPlan:
        """Return the values for the decoder.

        Parameters
        ----------
        beside
            TOML file that names the model.
        """
        kinds = [-1] * (max(self.classes) + 1)
        for number, name in self.classes.items():
            kinds[number] = CLASSES.index(name)
        values = {name: getattr(self, name) for name in type(self).model_fields}
        del values["classes"]
        return ModelPlan(
            **{**values, "file": (beside.parent / self.file).absolute()}, kinds=tuple(kinds)
        )


def has_model(path: Path) -> bool:
    """Tell whether a TOML file has a ``[model]`` table.

    Raises
    ------
    InputError
        The file cannot be read, or is not valid TOML.
    """
    return "model" in read_toml(path)


def read_model(path: Path) -> ModelPlan:
    """Read the ``[model]`` table of a TOML file.

    Parameters
    ----------
    path
        File such as ``camera.toml``; its other tables are left to others.

    Returns
    -------
    ModelPlan
        Checked, but for the ONNX file itself.

    Raises
    ------
    InputError
        No such file or table, or an entry that cannot be.
    """
    table = read_toml(path).get("model")
    if table is None:
        raise InputError(path, "has no [model] table", "name the ONNX file in one")
    mend = "see the table of entries in docs/detectors.md"
    return checked(ModelTable, table, f"{path}, model", mend).plan(path)
