"""Safety data on disk: one TOML file that a person can read and signs off."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from citybrain.errors import InfeasibleError, InputError
from citybrain.files import atomic_write_text
from citybrain.model.safety import SafetyData
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
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise InputError(path, what, "check the path and its rights") from None
    except UnicodeDecodeError as error:
        raise InputError(path, f"is no text in UTF-8 ({error})", _MEND) from None
    return safety_of(text, path)


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
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(path, f"is no complete TOML ({error})", _MEND) from None
    if content.get("format") != FORMAT or content.get("version") != VERSION:
        what = f"is no safety data of version {VERSION}"
        raise InputError(path, what, f'begin it with format = "{FORMAT}", version = {VERSION}')
    try:
        file = SafetyFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{path}: {'.'.join(str(step) for step in first['loc'])}"
        raise InputError(where, first["msg"], _MEND) from None
    try:
        return {name: part.safety(name) for name, part in file.intersections.items()}
    except (InfeasibleError, ValueError) as error:
        raise InputError(path, str(error), _MEND) from None
