"""The detector inventory: which detector lies where."""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import Field, ValidationError

from citybrain.errors import InputError
from citybrain.model.flows import Detector, DetectorKind
from citybrain.model.network import Network
from citybrain.reading import FilePart, fault_of, read_toml


class _Row(FilePart):
    """One ``[[detector]]`` table as it stands in the file."""

    id: str = Field(min_length=1)
    lane: str = Field(min_length=1)
    distance_to_stop_line_m: float = Field(ge=0, allow_inf_nan=False)
    length_m: float = Field(ge=0, allow_inf_nan=False)
    kind: DetectorKind
    signal_group: str | None = None

    def detector(self) -> Detector:
        """Return the row as a value of the domain."""
        return Detector(
            name=self.id,
            lane=self.lane,
            distance_to_stop_line_m=self.distance_to_stop_line_m,
            length_m=self.length_m,
            kind=self.kind,
            signal_group=self.signal_group,
        )


def read_inventory(path: Path) -> tuple[Detector, ...]:
    """Read the detectors of a TOML inventory.

    Parameters
    ----------
    path
        File with one ``[[detector]]`` table per detector: ``id``, ``lane``,
        ``distance_to_stop_line_m`` [m], ``length_m`` [m], ``kind`` (``stop_bar``, ``advance`` or
        ``exit``) and, if known, ``signal_group``.

    Returns
    -------
    tuple of Detector
        In the order of the file.

    Raises
    ------
    InputError
        The file is missing or no TOML, a key is missing or unknown, or an id stands twice.
    """
    tables = _tables(path)
    detectors = tuple(_row(path, number, table) for number, table in enumerate(tables, start=1))
    doubled = [name for name, n in Counter(d.name for d in detectors).items() if n > 1]
    if doubled:
        where = f"{path}, detector {doubled[0]!r}"
        raise InputError(where, "stands twice in the inventory", "give each detector its own id")
    return detectors


def check_lanes(detectors: Sequence[Detector], network: Network, path: Path) -> None:
    """Refuse an inventory that names lanes which the network does not have.

    Parameters
    ----------
    detectors
        Detectors of the inventory.
    network
        Network that they should lie on.
    path
        The inventory's file, for the message.

    Raises
    ------
    InputError
        A lane is unknown; the message names the closest ones.
    """
    for detector in detectors:
        if detector.lane not in network.lanes:
            near = get_close_matches(detector.lane, network.lanes, n=3)
            mend = f"did you mean {' or '.join(near)}" if near else "name a lane of the network"
            where = f"{path}, detector {detector.name!r}"
            raise InputError(where, f"lane {detector.lane!r} is not in {network.name}", mend)


def _tables(path: Path) -> list[object]:
    tables = read_toml(path).get("detector")
    if not isinstance(tables, list) or not tables:
        mend = "describe each detector in a [[detector]] table"
        raise InputError(path, "names no detectors", mend)
    return tables


def _row(path: Path, number: int, table: object) -> Detector:
    try:
        return _Row.model_validate(table).detector()
    except ValidationError as error:
        name = table.get("id", f"number {number}") if isinstance(table, dict) else f"#{number}"
        mend = _mend(error.errors()[0]["type"])
        raise fault_of(error, f"{path}, detector {name!r}", mend) from None


def _mend(fault: str) -> str:
    kinds = ", ".join(kind.value for kind in DetectorKind)
    mends = {
        "missing": "add the key",
        "extra_forbidden": "remove or rename the key",
        "enum": f"use one of {kinds}",
    }
    return mends.get(fault, "correct the value")
