"""SUMO's XML outputs as columns, read in a stream."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from citybrain.errors import InputError
from detectors.pulses import Floats

LARGEST = 1e9
"""No time, count or speed of a simulation is larger."""
AGAIN = "run the simulation to its end, or copy the file again"


def root_tag(path: Path) -> str:
    """Return the outermost element of an XML file.

    Parameters
    ----------
    path
        File that exists.

    Raises
    ------
    InputError
        The file breaks off before it.
    """
    try:
        with path.open("rb") as file:
            _, root = next(ET.iterparse(file, events=("start",)))
    except (ET.ParseError, StopIteration) as error:
        raise InputError(path, f"is not XML ({error})", AGAIN) from None
    return str(root.tag)


def read_attributes(path: Path, tag: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Read attributes of all elements of one kind.

    Parameters
    ----------
    path
        XML file.
    tag
        Elements to read, children of the outermost one.
    names
        Attributes, all of them required.

    Returns
    -------
    dict
        Attribute → its texts, in the order of the file.

    Raises
    ------
    InputError
        The file breaks off, or an element lacks an attribute.
    """
    columns: dict[str, list[str]] = {name: [] for name in names}
    fields = list(columns.items())
    try:
        with path.open("rb") as file:
            events = ET.iterparse(file, events=("start", "end"))
            _, root = next(events)
            for event, element in events:
                if event == "end" and element.tag == tag:
                    for name, texts in fields:
                        texts.append(element.attrib[name])
                    root.clear()
    except ET.ParseError as error:
        raise InputError(path, f"breaks off or is broken XML ({error})", AGAIN) from None
    except KeyError as error:
        where = f"{path}, <{tag}> number {len(fields[0][1])}"
        raise InputError(where, f"has no attribute {error}", AGAIN) from None
    return columns


def to_numbers(path: Path, name: str, texts: Sequence[str]) -> Floats:
    """Turn the texts of an attribute into numbers.

    Parameters
    ----------
    path, name
        File and attribute, for the message.
    texts
        What the attribute holds.

    Raises
    ------
    InputError
        A text is no number, or one beyond all times and speeds.
    """
    where = f"{path}, attribute {name!r}"
    try:
        values = np.array(texts, dtype=np.float64)
    except ValueError as error:
        raise InputError(where, str(error), AGAIN) from None
    if not np.all(np.abs(values) <= LARGEST):
        raise InputError(where, "is no number that SUMO writes", AGAIN)
    return values
