"""What must be known of a detector to run it: plain values, quick to send to the decoder."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from detectors.tracking.kinds import CLASSES

__all__ = ["CLASSES", "COLUMNS", "Layout", "ModelPlan"]

COLUMNS = ("left_px", "top_px", "right_px", "bottom_px", "score", "kind")
"""What a row of boxes holds, in pixels of the whole picture."""


class Layout(StrEnum):
    """How the outputs of a detector are laid out; N candidates, C classes."""

    YOLO = "yolo"
    """One output (1, N, 5 + C): centre, size, objectness, one score per class."""
    YOLOV8 = "yolov8"
    """One output (1, 4 + C, N): centre, size, one score per class."""
    THREE = "boxes+scores+classes"
    """Three outputs: corners (1, N, 4), scores (1, N), class numbers (1, N)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """A detector and how to use it.

    Parameters
    ----------
    file
        ONNX file.
    input_px
        Width and height of its input. [px]
    scale
        Factor on grey values of 0 to 255, after the mean is taken off. [-]
    mean
        Taken off the channels, in the order of the model's input, on the scale 0 to 255. [-]
    deviation
        Divides the channels last. [-]
    swap_rb
        The model wants red, green, blue.
    letterbox
        The picture keeps its shape and is padded; otherwise it is stretched.
    layout
        How the outputs are laid out.
    outputs
        Names of the outputs, for three of them boxes, scores, classes; empty for those of the
        file in its order.
    is_relative
        Boxes are given as parts of the input, 0 to 1, in place of its pixels.
    kinds
        For each class number of the model, the position in `CLASSES`; -1 for what is no road user.
    score_at_least
        Boxes with a lower score are left out. [-]
    overlap_at_most
        Of two boxes that overlap by more, the better one stays (intersection over union). [-]
    most_boxes
        Most boxes of one picture. [-]
    """

    file: Path
    input_px: tuple[int, int]
    kinds: tuple[int, ...]
    scale: float = 1.0 / 255.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)
    swap_rb: bool = True
    letterbox: bool = True
    layout: Layout = Layout.YOLOV8
    outputs: tuple[str, ...] = ()
    is_relative: bool = False
    score_at_least: float = 0.4
    overlap_at_most: float = 0.5
    most_boxes: int = 128
