"""Reading SUMO's files together with the files that they ``<include>``, as SUMO does.

SUMO reads an included file at the place where it is named.  A relative name is looked up from the
folder of the file in which it stands.

Source: SUMO 1.28, ``data/xsd/additional_file.xsd``, and what SUMO was seen to read.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from citybrain.errors import InputError
from sim.sumo.xml_files import attribute, iterate_elements, read_xml

INPUTS = {"calibrator": "file", "rerouter": "file", "variableSpeedSign": "file"}
"""Element → its attribute that names a file which SUMO reads.

Images (``imgFile``, ``osgFile``) are read by SUMO's windows alone.
"""
_INCLUDE = "include"
_WRAPPERS = frozenset({"additional", "routes", "rerouterValue"})
"""Elements around the content of a file, which mean nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A file with the content of included files in their place.

    Parameters
    ----------
    path
        The file itself.
    root
        Its root element; inputs that it names are named in full.
    origins
        Elements that came from included files → the file in which they stand.
    """

    path: Path
    root: Element
    origins: dict[Element, Path] = field(default_factory=dict)

    def file_of(self, element: Element) -> Path:
        """Return the file in which an element stands."""
        return self.origins.get(element, self.path)

    @property
    def named_files(self) -> tuple[Path, ...]:
        """Files beyond the file itself that SUMO reads: included ones, and inputs of elements."""
        inputs = (
            Path(name)
            for tag, key in INPUTS.items()
            for element in self.root.iter(tag)
            if (name := element.get(key))
        )
        return tuple(dict.fromkeys((*self.origins.values(), *inputs)))


def read_unfolded(path: Path) -> Unfolded:
    """Read a network or an additional file, and what it includes.

    Parameters
    ----------
    path
        XML, plain or packed with gzip.

    Raises
    ------
    InputError
        The file or an included one is missing or broken, or one includes itself.
    """
    return _unfolded(path, ())


def _unfolded(path: Path, around: tuple[Path, ...]) -> Unfolded:
    unfolded = Unfolded(path, read_xml(path))
    _name_inputs_in_full(unfolded.root, path.parent)
    if unfolded.root.find(f".//{_INCLUDE}") is not None:
        for parent in list(unfolded.root.iter()):
            _take_in(unfolded, parent, around)
    return unfolded


def _take_in(unfolded: Unfolded, parent: Element, around: tuple[Path, ...]) -> None:
    """Put the content of the files that an element includes in their place."""
    for place, element in reversed(list(enumerate(parent))):
        if element.tag != _INCLUDE:
            continue
        path = _included(element, unfolded.path, around)
        inner = _unfolded(path, (*around, unfolded.path.resolve()))
        content = list(inner.root) if inner.root.tag in _WRAPPERS else [inner.root]
        parent[place : place + 1] = content
        unfolded.origins.update(dict.fromkeys((inner.root, *content), path) | inner.origins)


def _included(element: Element, path: Path, around: tuple[Path, ...]) -> Path:
    """Return the file that an ``<include>`` names, which must be none of those around it."""
    included = path.parent / attribute(element, "href", f"{path}, <include>")
    if included.resolve() in (*around, path.resolve()):
        raise InputError(included, "is included by itself", "take one <include> out")
    return included


def _name_inputs_in_full(root: Element, folder: Path) -> None:
    """Let a copy find what the original reads from files beside it."""
    for tag, key in INPUTS.items():
        for element in root.iter(tag):
            if name := element.get(key):
                element.set(key, str((folder / name).resolve()))


def iterate_unfolded(
    path: Path, tags: Collection[str], around: tuple[Path, ...] = ()
) -> Iterator[Element]:
    """Yield elements as ``iterate_elements`` does, those of included files in their place.

    Parameters
    ----------
    path, tags
        As there.
    around
        Files that include this one.

    Raises
    ------
    InputError
        The file or an included one is missing or cut off, or one includes itself.
    """
    for element in iterate_elements(path, {*tags, _INCLUDE}):
        if element.tag != _INCLUDE:
            yield element
            continue
        included = _included(element, path, around)
        yield from iterate_unfolded(included, tags, (*around, path.resolve()))
