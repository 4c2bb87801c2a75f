"""Where a result came from: hashes of inputs, versions, settings."""

import hashlib
import platform
from collections.abc import Mapping
from pathlib import Path

import citybrain
from citybrain.errors import InputError
from sim.sumo.includes import read_unfolded
from sim.sumo.run import sumo_version

_ADDITIONAL = "additional "
"""How the roles of additional files of a scenario begin."""


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise InputError(path, what, "make it readable, and leave it in place") from None


def hashes(files: Mapping[str, Path]) -> dict[str, str]:
    """Return the SHA-256 of every file by its role, and of what additional files include and read.

    Raises
    ------
    InputError
        A file cannot be read, or what an additional file includes is missing or broken.
    """
    named = {
        f"{role}, file {number}": inner
        for role, path in files.items()
        if role.startswith(_ADDITIONAL)
        for number, inner in enumerate(read_unfolded(path).named_files, 1)
        if inner.is_file()
    }
    return {role: sha256(path) for role, path in sorted({**files, **named}.items())}


def versions() -> dict[str, str]:
    """Return the versions that decide what a simulation gives."""
    return {
        "citybrain": citybrain.__version__,
        "python": platform.python_version(),
        "sumo": sumo_version(),
    }
