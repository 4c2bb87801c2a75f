"""Where a result came from: hashes of inputs, versions, settings."""

import hashlib
import platform
from collections.abc import Mapping
from pathlib import Path

import citybrain
from sim.sumo.run import sumo_version


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashes(files: Mapping[str, Path]) -> dict[str, str]:
    """Return the SHA-256 of every file by its role."""
    return {role: sha256(path) for role, path in sorted(files.items())}


def versions() -> dict[str, str]:
    """Return the versions that decide what a simulation gives."""
    return {
        "citybrain": citybrain.__version__,
        "python": platform.python_version(),
        "sumo": sumo_version(),
    }
