"""SUMO's XML outputs as columns, read in a stream."""

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from citybrain.errors import InputError
from detectors.pulses import Floats
from detectors.tables import opened

LARGEST = 1e9
"""No time, count or speed of a simulation is larger."""
_BROKEN = (ET.ParseError, LookupError, ValueError, EOFError, zlib.error, gzip.BadGzipFile)
AGAIN = "run the simulation to its end, or copy the file again"
"""What the user can do about a broken output."""


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
        with opened(path) as file:
            _, root = next(ET.iterparse(file, events=("start",)))
    except (*_BROKEN, StopIteration) as error:
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
        Attributes.

    Returns
    -------
    dict
        Attribute → its texts, in the order of the file; empty where an element lacks it.

    Raises
    ------
    InputError
        The file breaks off, or not one element has the attribute.
    """
    columns: dict[str, list[str]] = {name: [] for name in names}
    fields = list(columns.items())
    try:
        with opened(path) as file:
            events = ET.iterparse(file, events=("start", "end"))
            _, root = next(events)
            for event, element in events:
                if event == "end" and element.tag == tag:
                    for name, texts in fields:
                        texts.append(element.attrib.get(name, ""))
                    root.clear()
    except _BROKEN as error:
        raise InputError(path, f"breaks off or is broken XML ({error})", AGAIN) from None
    for name, texts in fields:
        if texts and not any(texts):
            where = f"{path}, <{tag}> number 1"
            raise InputError(where, f"has no attribute {name!r}", AGAIN)
    return columns


def to_numbers(path: Path, name: str, texts: Sequence[str]) -> Floats:
    """Turn the texts of an attribute into numbers.

    Parameters
    ----------
    path, name
        File and attribute, for the message.
    texts
        What the attribute holds.

    Returns
    -------
    array of shape (texts,)
        NaN for a text that is no number, or one beyond all times and speeds.

    Raises
    ------
    InputError
        Not one text is a number.
    """
    try:
        values = np.array(texts, dtype=np.float64)
    except ValueError:
        values = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(np.float64)
    values = np.where(np.abs(values) <= LARGEST, values, np.nan)
    if len(values) and np.isnan(values).all():
        where = f"{path}, attribute {name!r}"
        raise InputError(where, "is no number that SUMO writes", AGAIN)
    return np.asarray(values)
