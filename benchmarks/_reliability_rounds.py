"""Many trials on all cores; each is kept as it ends, so that a later run goes on from there."""

import json
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks._reliability_faults import TROUBLES
from benchmarks._reliability_judging import Ended
from benchmarks._reliability_killing import KILLED, kill_gate
from benchmarks._reliability_scene import Start, prepare
from benchmarks._reliability_trial import play
from citybrain.errors import InputError
from citybrain.ports.controllers import Step

Asked = tuple[str, Step, int]
"""A fault, the step at which it begins, and the seed of the trial."""
_SOURCES = (
    "citybrain/**/*.py",
    "benchmarks/_reliability*.py",
    "benchmarks/_street_kit.py",
    "benchmarks/_virtual_time.py",
)
_starts: list[Start] = []


def play_all(asked: Sequence[Asked]) -> Iterator[tuple[Asked, Ended]]:
    """Play trials on all cores, and yield each as it ends.

    Parameters
    ----------
    asked
        Which; the first ones are begun first.
    """
    if not asked:
        return
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        cores = min(os.cpu_count() or 1, len(asked))
        with context.Pool(cores, initializer=_prepare, initargs=(folder,)) as pool:
            yield from pool.imap_unordered(_played, asked)


def _prepare(folder: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # a worker that is ended ends the gate that it has started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    own = Path(folder) / str(os.getpid())
    own.mkdir()
    _starts[:] = prepare(own)


def _played(asked: Asked) -> tuple[Asked, Ended]:
    name, step, seed = asked
    start = _starts[step is Step.ABORT]
    if name == KILLED:
        return asked, kill_gate(start, step, seed)
    return asked, play(start, TROUBLES[name], step, seed)


class Record:
    """Trials that have been played, one line of a file each.

    Parameters
    ----------
    path
        The file; made where there is none.

    Raises
    ------
    InputError
        Its trials were played on other code than this.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        code = {"code": _code_digest()}
        whole = _whole_lines(path)
        if not whole:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._append(code)
        elif json.loads(whole[0]) != code:
            what, mend = "its trials were played on other code", "remove it, or leave out resume"
            raise InputError(path, what, mend)

    def read(self) -> dict[Asked, Ended]:
        """Return what has been played."""
        return dict(_trial_of(json.loads(line)) for line in _whole_lines(self._path)[1:])

    def add(self, asked: Asked, ended: Ended) -> None:
        """Keep a trial."""
        name, step, seed = asked
        self._append({"fault": name, "step": step.name, "seed": seed, **asdict(ended)})

    def _append(self, line: Mapping[str, object]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _whole_lines(path: Path) -> list[str]:
    """Return the lines of a file, rid of a last one that a killed run left in the middle."""
    if not path.exists():
        return []
    whole, _, cut = path.read_text().rpartition("\n")
    if cut:
        os.truncate(path, path.stat().st_size - len(cut.encode()))
    return whole.split("\n") if whole else []


def _trial_of(line: dict[str, Any]) -> tuple[Asked, Ended]:
    asked = line.pop("fault"), Step[line.pop("step")], line.pop("seed")
    told: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in line.items()
    }
    return asked, Ended(**told)


def _code_digest() -> str:
    """Return a digest of all code that decides what a trial comes to."""
    root = Path(__file__).parent.parent
    paths = sorted(path for pattern in _SOURCES for path in root.glob(pattern))
    return sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
