"""Writing files whole or not at all."""

import os
import tempfile
from pathlib import Path

from citybrain.errors import InputError


def atomic_write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that no reader, crash or full disk ever leaves half of it.

    Parameters
    ----------
    path
        File to write or to replace; its folder is made if it is missing.
    content
        All of it.

    Raises
    ------
    InputError
        The file cannot be written; an earlier file of that name is untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from None
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def atomic_write_text(path: Path, content: str) -> None:
    """Write a text file in UTF-8, whole or not at all.

    Parameters
    ----------
    path
        File to write or to replace; its folder is made if it is missing.
    content
        All of it.

    Raises
    ------
    InputError
        The file cannot be written; an earlier file of that name is untouched.
    """
    atomic_write_bytes(path, content.encode("utf-8"))


def _unwritable(path: Path, error: OSError) -> InputError:
    what = error.strerror or str(error)
    return InputError(path, f"cannot be written ({what})", "free space or choose another folder")
