"""Files that decide what the gate lets through: whose they are, and that they stay as read."""

import os
import stat
from pathlib import Path

from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.audit import sha256_hex
from citybrain.reading import read_text


class GateFiles:
    """Files as they are when the gate begins.

    A key that was taken from the register, or a rule that was made stricter, has to count from the
    next order on; a gate that went on with what it once read would not know of it.

    """

    def __init__(self) -> None:
        self._digests: dict[Path, str] = {}

    def keep(self, path: Path) -> None:
        """Note what a file holds, before it is read for what it says.

        Raises
        ------
        InputError
            It cannot be read, or somebody else than the gate's user or root may change it.
        """
        self._digests[path] = _digest(path)

    def check(self) -> None:
        """Raise if a file is not as it was.

        Raises
        ------
        UnsafePlanError
            Names the first one.
        InputError
            One cannot be read any more, or others may change it now.
        """
        for path, digest in self._digests.items():
            if _digest(path) != digest:
                msg = f"{path} has changed since the gate was started: start the gate anew"
                raise UnsafePlanError(msg)


def _digest(path: Path) -> str:
    _check_ours(path)
    return sha256_hex(read_text(path))


def _check_ours(path: Path) -> None:
    """Raise if others may change a file that decides what the gate lets through."""
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(path, error.strerror or str(error), "check the path") from None
    if status.st_uid not in {0, os.geteuid()}:
        raise InputError(path, "belongs to somebody else", "give it to the gate's user or to root")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mend = f"chmod go-w {path.name}"
        raise InputError(path, "may be changed by others than its owner", mend)
