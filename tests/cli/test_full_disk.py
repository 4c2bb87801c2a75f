"""A full disk ends in one line, and leaves what was there before."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import citybrain.files
from tests.cli.towns import PERIOD, SHORT, Terminal, digests

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="finds the names of open files in /proc"
)
FEED = f"{PERIOD}.pulses.parquet"


class FullDisk:
    """Refuses to write a file below a folder once some others have been written there."""

    def __init__(self, folder: Path, whole_files: int) -> None:
        self._folder = folder
        self._left = whole_files
        self._open = os.fdopen

    def fdopen(self, handle: int, mode: str) -> Any:
        file = self._open(handle, mode)
        if not (Path("/proc/self/fd") / str(handle)).readlink().is_relative_to(self._folder):
            return file
        if self._left > 0:
            self._left -= 1
            return file
        return _Full(file)


class _Full:
    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> "_Full":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> None:
        self._file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def full_after(monkeypatch: pytest.MonkeyPatch, out: Path) -> Callable[[int], None]:
    def fill(whole_files: int) -> None:
        monkeypatch.setattr(citybrain.files.os, "fdopen", FullDisk(out, whole_files).fdopen)

    return fill


def test_counting_onto_a_full_disk_keeps_the_earlier_flows(
    terminal: Terminal, town: Path, out: Path, full_after: Callable[[int], None]
) -> None:
    words = (
        "count",
        town / FEED,
        "--detectors",
        town / "detectors.toml",
        "--out",
        out / "f.parquet",
    )
    assert terminal(*words).code == 0
    before = digests(out)
    full_after(0)
    told = terminal(*words)
    assert told.code == 2
    assert "f.parquet: cannot be written (No space left on device); free space" in told.complaint
    assert digests(out) == before


@pytest.mark.parametrize("name", ["/dev/null/flows.parquet", "/proc/none/flows.parquet"])
def test_an_impossible_folder_is_named(terminal: Terminal, town: Path, name: str) -> None:
    told = terminal("count", town / FEED, "--detectors", town / "detectors.toml", "--out", name)
    assert told.code == 2
    assert f"{name}: cannot be written" in told.complaint
    assert "choose another folder" in told.complaint


@pytest.mark.integration
@pytest.mark.parametrize("whole_files", [0, 2])
def test_retiming_onto_a_full_disk_is_one_line(
    terminal: Terminal, town: Path, out: Path, full_after: Callable[[int], None], whole_files: int
) -> None:
    full_after(whole_files)
    told = terminal("retime", town, *SHORT, "--evaluations", 1, "--out", out)
    assert told.code == 2
    assert str(out) in told.complaint
    assert "cannot be written (No space left on device); free space or" in told.complaint
    assert not [name for name in digests(out) if name.startswith(".")]


@pytest.mark.integration
def test_a_full_disk_leaves_the_earlier_results(
    terminal: Terminal, town: Path, out: Path, full_after: Callable[[int], None]
) -> None:
    words = ("retime", town, *SHORT, "--evaluations", 1, "--out", out)
    assert terminal(*words).code == 1
    before = digests(out)
    full_after(2)
    assert terminal(*words).code == 2
    assert digests(out) == before


@pytest.mark.integration
def test_a_full_temporary_folder_stops_the_work(tmp_path: Path, town: Path, out: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    words = ["retime", str(town), *SHORT, "--evaluations", "4", "--out", str(out), "--json"]
    done = subprocess.run(
        [sys.executable, "-B", "-c", "from citybrain.cli import main; main()", *words],
        env=os.environ | {"TMPDIR": str(scratch), "NUMBA_CACHE_DIR": str(tmp_path / "numba")},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    assert done.returncode == 2, done.stderr
    complaints = [line for line in done.stderr.splitlines() if line.startswith("citybrain: ")]
    assert len(complaints) == 1
    assert "Traceback" not in done.stderr
    assert not done.stdout
    assert not out.exists()
    assert list(scratch.iterdir()) == []
