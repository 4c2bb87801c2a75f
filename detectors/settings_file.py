"""Settings in TOML, read into a pydantic model with one clear line for whatever is wrong."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from citybrain.reading import checked, read_toml

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
    content = read_toml(path)
    content.pop("model", None)
    return checked(kind, content, path, f"correct the {name}")
