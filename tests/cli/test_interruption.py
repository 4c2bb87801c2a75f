"""Ctrl-C and worse: no half output, no simulator left behind, no temporary folder."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.towns import PERIOD, digests, town_in

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes in /proc"),
]
PATIENCE_S = 240.0
"""A first run compiles the kernels before it simulates, on a machine that may be busy. [s]"""
BUDGET = 60


@dataclass(frozen=True)
class Job:
    """A retiming that runs in a session of its own."""

    process: "subprocess.Popen[str]"
    scratch: Path
    town: Path
    out: Path

    def sumos(self) -> set[int]:
        """Return the simulators of the job that are alive, whoever their parent is."""
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            is_own = any(str(self.scratch).encode() in word for word in words)
            if is_own and words[0].endswith(b"/bin/sumo") and state != "Z":
                found.add(int(folder.name))
        return found

    def wait_for_search(self) -> None:
        """Wait until simulators have been running for some time."""
        until_s = time.monotonic() + PATIENCE_S
        seen: set[int] = set()
        while len(seen) < 2:
            assert time.monotonic() < until_s, "no simulation was started"
            assert self.process.poll() is None, "the job ended by itself"
            seen |= self.sumos()
            time.sleep(0.01)


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    town, scratch, out = town_in(tmp_path, end_s=1800), tmp_path / "scratch", tmp_path / "out"
    scratch.mkdir()
    words = [
        "retime",
        str(town),
        "--period",
        PERIOD,
        "--evaluations",
        str(BUDGET),
        "--out",
        str(out),
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", "from citybrain.cli import main; main()", *words],
        env=os.environ | {"TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started = Job(process, scratch, town, out)
    yield started
    for pid in (process.pid, *started.sumos()):
        if pid != process.pid or process.poll() is None:
            os.kill(pid, signal.SIGKILL)
    process.communicate()


def wait_for_a_line(job: Job, start: str) -> None:
    assert job.process.stderr is not None
    assert any(line.startswith(start) for line in job.process.stderr), "the job ended by itself"


def interrupted_twice(job: Job) -> None:
    """Press again once the first was heard: Python takes two during one kernel for one."""
    job.process.send_signal(signal.SIGINT)
    wait_for_a_line(job, "ending")
    job.process.send_signal(signal.SIGINT)


def told_to_end(job: Job) -> None:
    job.process.terminate()


@pytest.mark.parametrize("end", [interrupted_twice, told_to_end])
def test_an_interrupted_job_leaves_nothing(job: Job, end: Callable[[Job], None]) -> None:
    before = digests(job.town)
    job.wait_for_search()
    end(job)
    output, errors = job.process.communicate(timeout=PATIENCE_S)
    assert job.process.returncode == 2
    lines = [line for line in errors.splitlines() if line.startswith("citybrain: ")]
    assert lines == [
        "citybrain: interrupted; nothing was left half written, start the command again"
    ]
    assert "Traceback" not in errors
    assert not output
    assert not job.out.exists()
    assert job.sumos() == set()
    assert list(job.scratch.iterdir()) == []
    assert digests(job.town) == before


@pytest.mark.parametrize("is_simulating", [False, True])
def test_the_first_interruption_proves_the_best_so_far(job: Job, is_simulating: bool) -> None:
    wait_for_a_line(job, "search")
    if is_simulating:
        job.wait_for_search()
    os.killpg(job.process.pid, signal.SIGINT)
    output, errors = job.process.communicate(timeout=5 * PATIENCE_S)
    assert "Traceback" not in errors
    assert job.process.returncode in (0, 1)
    runs = re.search(r"(\d+) simulation runs", output)
    assert runs is not None
    assert int(runs[1]) < BUDGET
    assert (job.out / "verdict.json").exists() or "nothing better was found" in output
    assert list(job.scratch.iterdir()) == []


def test_an_interruption_while_reading_is_one_line_too(job: Job) -> None:
    until_s = time.monotonic() + PATIENCE_S
    assert job.process.stderr is not None
    assert job.process.stderr.readline().startswith("read: ")
    assert time.monotonic() < until_s
    job.process.send_signal(signal.SIGINT)
    output, errors = job.process.communicate(timeout=PATIENCE_S)
    assert job.process.returncode == 2
    assert errors.splitlines()[-1].startswith("citybrain: interrupted;")
    assert "Traceback" not in errors
    assert not output
    assert not job.out.exists()
    assert list(job.scratch.iterdir()) == []


def test_a_killed_job_leaves_no_half_results(job: Job) -> None:
    before = digests(job.town)
    job.wait_for_search()
    job.process.kill()
    job.process.communicate()
    assert not job.out.exists()
    assert digests(job.town) == before
