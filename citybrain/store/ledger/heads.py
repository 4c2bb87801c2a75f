"""The log's head in a file of its own, so that a log cut at its end is found out."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from citybrain.errors import InputError
from citybrain.files import atomic_write_text
from citybrain.model.audit import EMPTY, AuditHead, parsed_json


def keep_head(path: Path, head: AuditHead) -> None:
    """Keep a head, unless a later one is kept already.

    A process that dies between its commit and this leaves the file one record behind: the chain
    up to the file's head is still known to be whole, and the next writer brings it forward.

    Parameters
    ----------
    path
        File to replace.
    head
        End of the log after a commit.

    Raises
    ------
    InputError
        The file cannot be written or is damaged.
    """
    with _locked(path):
        if kept_head(path).number < head.number:
            content = {"number": head.number, "hash": head.hash}
            atomic_write_text(path, json.dumps(content) + "\n")


def kept_head(path: Path) -> AuditHead:
    """Return the head that a file keeps; that of an empty log where there is no file.

    Raises
    ------
    InputError
        The file cannot be read or is damaged.
    """
    try:
        content = parsed_json(path.read_text(encoding="utf-8"))
        return AuditHead(number=int(content["number"]), hash=str(content["hash"]))
    except FileNotFoundError:
        return EMPTY
    except (OSError, ValueError, KeyError, TypeError) as error:
        mend = "restore it, or find out who changed it; citybrain audit verify works without it"
        raise InputError(path, f"keeps no head of a log ({error})", mend) from None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process after the other compare and replace the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise InputError(path, what, "check the folder and its rights") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
