"""The decoder's process: it dies, hangs, eats memory, and goes with those who started it."""

import functools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from citybrain.errors import InputError
from detectors.camera.sources import Gap, StreamLimits, open_stream
from tests.detectors.camera_sources_kit import Corner, Trouble, read, write_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "street.mp4")


def test_killed_decoder_is_a_gap_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "long.mp4", 2000)
    indices: list[int] = []
    gaps: list[Gap] = []
    with open_stream(path, Corner) as stream:
        for part in stream:
            if isinstance(part, Gap):
                gaps.append(part)
                continue
            if not indices:
                assert stream.decoder_id
                os.kill(stream.decoder_id, signal.SIGKILL)
            indices += part.index.tolist()
    assert len(gaps) == 1
    assert "SIGKILL" in gaps[0].reason
    assert "SIGKILL" in stream.notes[0]
    assert len(stream.notes) == 1
    assert indices == list(range(2000))


@pytest.mark.parametrize(
    ("act", "word"),
    [
        ("die", "SIGKILL"),
        ("hang", "did not answer"),
        ("eat", "MemoryError"),
        ("write", "Permission denied|too large"),
        ("fail", r"rtsp://\*\*\*@camera"),
    ],
)
def test_frame_that_ends_the_decoder_each_time_ends_the_file_with_a_gap(
    clip: Path, act: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make = functools.partial(Trouble, at=60, act=act)
    began_s = time.monotonic()
    frames, gaps, notes = read(clip, make, StreamLimits(frame_s=0.2, restarts=int(act != "hang")))
    assert time.monotonic() - began_s < 10
    assert sum(each.index.size for each in frames) > 30
    assert len(gaps) == 1
    assert gaps[0].end_s == pytest.approx(4.0)
    assert len(notes) == 1
    assert re.search(word, gaps[0].reason)
    assert "secret" not in gaps[0].reason + notes[0]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) == 0


@contextmanager
def decoding(tmp_path: Path, what: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run a process that begins to read a clip, and give it with the number of its decoder."""
    text = (
        "import sys, time\n"
        "from detectors.camera.sources import open_stream\n"
        "from tests.detectors.camera_sources_kit import Slow\n"
        f"{what}"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", text, str(write_clip(tmp_path / "a.mp4", 500))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    assert parent.stdout
    yield parent, int(parent.stdout.readline())
    parent.wait(10)
    parent.stdout.close()


def test_decoder_goes_with_its_parent(tmp_path: Path) -> None:
    what = (
        "stream = open_stream(sys.argv[1], Slow)\n"
        "print(stream.decoder_id, flush=True)\n"
        "time.sleep(60)\n"
    )
    with decoding(tmp_path, what) as (parent, child):
        parent.kill()
    assert gone(child)


def gone(process: int) -> bool:
    """Wait until a process that is not ours to wait for has ended."""
    for _ in range(100):
        stat = Path(f"/proc/{process}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_interrupt_leaves_no_decoder(tmp_path: Path) -> None:
    what = (
        "with open_stream(sys.argv[1], Slow) as stream:\n"
        "    print(stream.decoder_id, flush=True)\n"
        "    for part in stream: pass\n"
    )
    with decoding(tmp_path, what) as (parent, child):
        os.killpg(parent.pid, signal.SIGINT)
    assert gone(child)


def test_stopping_early_ends_the_decoder(clip: Path) -> None:
    with open_stream(clip, Corner) as stream:
        child = stream.decoder_id
        next(iter(stream))
    assert child
    assert gone(child)


def test_make_that_cannot_be_sent_is_told(clip: Path) -> None:
    with pytest.raises(InputError, match="importable"):
        open_stream(clip, lambda _: Corner)  # type: ignore[arg-type, return-value]


def test_make_of_the_main_module_is_told(clip: Path) -> None:
    text = (
        "import sys\n"
        "from detectors.camera.sources import open_stream\n"
        "def make(info): return lambda image: image\n"
        "open_stream(sys.argv[1], make)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", text, str(clip)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "importable class" in run.stderr


def test_decoder_neither_needs_numba_nor_pandas() -> None:
    text = (
        "import sys, detectors.camera.sources.decoder\n"
        "print([m for m in ('numba', 'pandas', 'pyarrow', 'scipy') if m in sys.modules])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.stdout.strip() == "[]"
