"""Reading SUMO's XML files, plain or packed, and its ways of writing a time."""

import gzip
import math
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, cast
from xml.etree import ElementTree

from citybrain.errors import InputError
from citybrain.units import DAY_S, SECONDS_PER_HOUR, SECONDS_PER_MINUTE, rounded_s

_CLOCK_S = (1.0, SECONDS_PER_MINUTE, SECONDS_PER_HOUR, DAY_S)


def read_xml(path: Path) -> ElementTree.Element:
    """Return the root element of an XML file, unpacked if its name ends in ``.gz``.

    Parameters
    ----------
    path
        File to read.

    Raises
    ------
    InputError
        The file is missing, truncated or no XML.
    """
    try:
        content = path.read_bytes()
        return ElementTree.fromstring(gzip.decompress(content) if path.suffix == ".gz" else content)
    except FileNotFoundError:
        raise InputError(path, "does not exist", "check the path") from None
    except OSError as error:
        told = error.strerror or str(error)
        raise InputError(
            path, f"cannot be read ({told})", "check the file and its rights"
        ) from None
    except (EOFError, zlib.error) as error:
        raise InputError(path, f"is packed badly ({error})", "copy or export it again") from None
    except ElementTree.ParseError as error:
        what = f"is no complete XML ({error})"
        raise InputError(path, what, "copy or export it again") from None


def iterate_elements(path: Path, tags: Collection[str]) -> Iterator[ElementTree.Element]:
    """Yield the elements of some tags as they close, and forget everything else at once.

    Parameters
    ----------
    path
        File, packed with gzip if its name ends in ``.gz``.
    tags
        Tags to yield.  An element inside another one of these tags is yielded by itself, too.

    Raises
    ------
    InputError
        The file is missing, cannot be read, is cut off or not XML.
    """
    try:
        with _open(path) as file:
            yield from _closing_elements(file, tags)
    except FileNotFoundError:
        raise InputError(path, "does not exist", "check the path") from None
    except (ElementTree.ParseError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        what = f"is cut off or not valid XML ({error})"
        raise InputError(path, what, "restore the file or generate it again") from None
    except OSError as error:
        told = error.strerror or str(error)
        raise InputError(
            path, f"cannot be read ({told})", "check the file and its rights"
        ) from None


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _closing_elements(file: IO[bytes], tags: Collection[str]) -> Iterator[ElementTree.Element]:
    depth = 0
    root: ElementTree.Element | None = None
    for event, element in ElementTree.iterparse(file, events=("start", "end")):
        if event == "start":
            root = element if root is None else root
            depth += element.tag in tags
            continue
        if element.tag in tags:
            depth -= 1
            yield element
        if depth == 0 and element is not root:
            element.clear()
            if root is not None and len(root) and root[-1] is element:
                root.clear()


def attribute(element: ElementTree.Element, name: str, where: object) -> str:
    """Return an attribute that the element must have.

    Parameters
    ----------
    element, name
        Element and name of its attribute.
    where
        File and element, for the message.

    Raises
    ------
    InputError
        The attribute is missing.
    """
    value = element.get(name)
    if value is None:
        what = f"element {element.tag} has no attribute {name}"
        raise InputError(where, what, f"add {name}, or export the file again")
    return value


def seconds(text: str, where: object) -> float:
    """Return a time that SUMO writes as seconds or as ``[days:]hours:minutes:seconds`` [s].

    Parameters
    ----------
    text
        The time as written.
    where
        File and element, for the message.

    Raises
    ------
    InputError
        The text is no time.
    """
    try:
        parts = [float(part) for part in reversed(text.strip().lstrip("-").split(":"))]
        total_s = sum(part * unit_s for part, unit_s in zip(parts, _CLOCK_S, strict=False))
    except ValueError:
        total_s = math.nan
    if not math.isfinite(total_s):
        raise InputError(where, f"{text!r} is no time", "write seconds or hh:mm:ss")
    return rounded_s(-total_s if text.strip().startswith("-") else total_s)
