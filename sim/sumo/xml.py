"""Reading XML element by element, with errors that name the file and the place."""

import gzip
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, cast
from xml.etree import ElementTree as ET

from citybrain.errors import InputError


def iterate_elements(path: Path, tags: Collection[str]) -> Iterator[ET.Element]:
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
        The file is missing, cut off or not XML.
    """
    try:
        with _open(path) as file:
            yield from _closing_elements(file, tags)
    except FileNotFoundError:
        raise InputError(path, "does not exist", "check the path") from None
    except (ET.ParseError, EOFError, gzip.BadGzipFile) as error:
        what = f"is cut off or not valid XML ({error})"
        raise InputError(path, what, "restore the file or generate it again") from None


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _closing_elements(file: IO[bytes], tags: Collection[str]) -> Iterator[ET.Element]:
    depth = 0
    root: ET.Element | None = None
    for event, element in ET.iterparse(file, events=("start", "end")):
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
