"""Settings in TOML, read into a pydantic model with one clear line for whatever is wrong."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from citybrain.errors import InputError

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(path: Path, kind: type[Settings], name: str) -> Settings:
    """Read a TOML file; its table ``[model]``, which has a reader of its own, is left out.

    Parameters
    ----------
    path
        The file.
    kind
        What it holds.
    name
        What users call the file, such as ``camera file``.

    Raises
    ------
    InputError
        The file is missing or no TOML, or a key is missing, unknown or wrong.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(path, f"the {name} does not exist", "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read ({error})", "give a TOML text file") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, f"is not valid TOML: {error}", "mend that line") from None
    content.pop("model", None)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        what = fault["msg"].removeprefix("Value error, ")
        where = f"{path}, {key}" if key else path
        raise InputError(where, what[:1].lower() + what[1:], f"correct the {name}") from None
