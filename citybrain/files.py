"""Writing files whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
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


def create_private_file(path: Path, content: bytes) -> None:
    """Create a file of its owner alone, whole and on the disk before it has its name.

    Parameters
    ----------
    path
        File to create; its folder is there.
    content
        All of it.

    Raises
    ------
    FileExistsError
        There is a file of that name; it is untouched.
    OSError
        It cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(part)
    finally:
        part.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_writable(folder: Path) -> None:
    """Raise unless files can be written into a folder, or the folder can be made.

    Parameters
    ----------
    folder
        Folder that results are for; it is not made.

    Raises
    ------
    InputError
        It is no folder, or the rights are missing; said before the work, not after it.
    """
    present = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    if not present.is_dir() or not os.access(present, os.W_OK | os.X_OK):
        what = "is no folder" if not present.is_dir() else "may not be written to"
        raise InputError(present, what, "choose another folder for the results")


@contextmanager
def written_together(out: Path, stale: Collection[str] = ()) -> Iterator[Path]:
    """Give a folder for new files that replace those of another one all at once.

    Parameters
    ----------
    out
        Folder that the files are for; it is made if it is missing.
    stale
        Names of earlier files that are removed unless they are written again.

    Yields
    ------
    Path
        Folder to write into.  Its files move to ``out`` when all went well; else ``out`` keeps
        what it had.

    Raises
    ------
    InputError
        The folder cannot be made or a file cannot be moved.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=out, prefix=".part-"))
    except OSError as error:
        raise _unwritable(out, error) from None
    try:
        yield part
        written = sorted(part.iterdir())
        for path in written:
            path.replace(out / path.name)
        for name in set(stale) - {path.name for path in written}:
            (out / name).unlink(missing_ok=True)
    except InputError as error:
        where = error.where.replace(str(part), str(out))
        raise InputError(where, error.what, error.mend) from None
    except OSError as error:
        raise _unwritable(out, error) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _unwritable(path: Path, error: OSError) -> InputError:
    what = error.strerror or str(error)
    return InputError(path, f"cannot be written ({what})", "free space or choose another folder")
