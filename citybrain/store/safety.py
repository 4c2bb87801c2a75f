"""Safety data on disk: one TOML file that a person can read and signs off."""

from collections.abc import Mapping
from pathlib import Path

from citybrain.errors import InfeasibleError, InputError
from citybrain.files import atomic_write_text
from citybrain.model.safety import SafetyData
from citybrain.reading import checked, read_text, toml_of
from citybrain.store.safety_format import FORMAT, VERSION, SafetyFile, lines_of

_MEND = "mend it by docs/safety.md, or draft it anew with citybrain safety draft"
_HEAD = """\
# Safety data: what every plan must keep, whatever it wants to improve.  docs/safety.md tells the
# rules.  A draft counts for nothing until a person has compared every number with the controller's
# settings and the street, and has set signed_by and signed_on.
"""


def safety_text(safety: Mapping[str, SafetyData]) -> str:
    """Return safety data as TOML; equal data give equal text.

    Parameters
    ----------
    safety
        Intersection → its safety data.
    """
    blocks = ["\n".join(lines_of(safety[name])) for name in sorted(safety)]
    head = f'{_HEAD}format = "{FORMAT}"\nversion = {VERSION}'
    return "\n\n".join((head, *blocks)) + "\n"


def write_safety(safety: Mapping[str, SafetyData], path: Path) -> None:
    """Write safety data; the file appears whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    atomic_write_text(path, safety_text(safety))


def read_safety(path: Path) -> dict[str, SafetyData]:
    """Read safety data.

    Parameters
    ----------
    path
        TOML file.

    Returns
    -------
    dict
        Intersection → its safety data.

    Raises
    ------
    InputError
        The file is missing, of another format, or contradicts itself: names the element.
    """
    return safety_of(read_text(path), path)


def safety_of(text: str, path: object) -> dict[str, SafetyData]:
    """Return the safety data that a text describes.

    Parameters
    ----------
    text
        TOML.
    path
        File or place that the text is from, for errors.

    Raises
    ------
    InputError
        See `read_safety`.
    """
    content = toml_of(text, path)
    if content.get("format") != FORMAT or content.get("version") != VERSION:
        what = f"is no safety data of version {VERSION}"
        raise InputError(path, what, f'begin it with format = "{FORMAT}", version = {VERSION}')
    file = checked(SafetyFile, content, path, _MEND)
    try:
        return {name: part.safety(name) for name, part in file.intersections.items()}
    except (InfeasibleError, ValueError) as error:
        raise InputError(path, str(error), _MEND) from None
