"""Reading SUMO's XML files, plain or packed, and its ways of writing a time."""

import gzip
import zlib
from pathlib import Path
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
        raise InputError(where, f"{text!r} is no time", "write seconds or hh:mm:ss") from None
    return rounded_s(-total_s if text.strip().startswith("-") else total_s)
