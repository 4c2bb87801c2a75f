"""Reading what people write: text, TOML and its entries, with one clear line for what is wrong."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from citybrain.errors import InputError

Content = TypeVar("Content", bound=BaseModel)


class FilePart(BaseModel):
    """A table of a file that people write: unknown keys and endless numbers are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def read_text(path: Path) -> str:
    """Read a text file in UTF-8.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        It is missing, may not be read, or is no text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(path, "does not exist", "check the path") from None
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise InputError(path, what, "check the path and its rights") from None
    except UnicodeDecodeError as error:
        raise _no_text(error, path) from None


def text_of(content: bytes, where: object) -> str:
    """Return the text that bytes hold in UTF-8.

    Parameters
    ----------
    content
        The bytes.
    where
        File that they are from, for errors.

    Raises
    ------
    InputError
        They are no text in UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _no_text(error, where) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        It cannot be read, or is not valid TOML: names line and column.
    """
    return toml_of(read_text(path), path)


def toml_of(text: str, where: object) -> dict[str, Any]:
    """Return the table that a text in TOML describes.

    Parameters
    ----------
    text
        TOML.
    where
        File that the text is from, for errors.

    Raises
    ------
    InputError
        It is not valid TOML: names line and column.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(where, f"is not valid TOML: {error}", "mend it there") from None


def checked(kind: type[Content], content: object, where: object, mend: str) -> Content:
    """Return the entries of a table as settings.

    Parameters
    ----------
    kind
        What the table must hold.
    content
        The table.
    where
        File that it is from, for errors.
    mend
        What the user can do about a wrong entry.

    Raises
    ------
    InputError
        An entry is missing, unknown or impossible: names the first.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise fault_of(error, where, mend) from None


def fault_of(error: ValidationError, where: object, mend: str) -> InputError:
    """Return the first thing that is wrong with a table as one clear line.

    Parameters
    ----------
    error
        What pydantic found.
    where
        File that the table is from.
    mend
        What the user can do about it.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    entry = ".".join(str(step) for step in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    return InputError(f"{where}, {entry}" if entry else where, what[:1].lower() + what[1:], mend)


def _no_text(error: UnicodeDecodeError, where: object) -> InputError:
    mend = "give another file, or save it as UTF-8"
    return InputError(where, f"is no text in UTF-8 ({error})", mend)
