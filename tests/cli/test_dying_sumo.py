"""A simulator that dies, lies or runs out of disk: one line, and nothing half written."""

import os
import signal
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.sumo import run as sumo_run
from tests.cli.towns import SHORT, Terminal, change, digests

pytestmark = pytest.mark.integration

DEATHS = {
    "killed": ("kill -9 $$", "sumo: killed by signal 9 in mid-run; nothing of the run was used"),
    "silent": ("exit 3", "sumo: ended with code 3 and told nothing; start it again"),
    "told": (
        "echo 'Error: no such edge' >&2; exit 1",
        "sumo: no such edge; correct what it names and start again",
    ),
    "no outputs": ("exit 0", "does not exist"),
    "garbage": (
        'for a; do case "$a" in *trips.xml|*driven.xml|*routed-*.xml) '
        'echo "<trips><tr" > "$a";; esac; done',
        "cut off",
    ),
}


@pytest.fixture
def sumo_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put a script in SUMO's place, and let nothing temporary outlive the command."""
    script, scratch = tmp_path / "sumo.sh", tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(sumo_run, "sumo_binary", lambda _program="sumo": script)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    yield script
    assert list(scratch.iterdir()) == []


def write_script(script: Path, *lines: str) -> None:
    script.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("lives", [0, 3, 8])
def test_a_run_that_dies_stops_the_work(
    terminal: Terminal, town: Path, out: Path, sumo_script: Path, *, death: str, lives: int
) -> None:
    last_words, named = DEATHS[death]
    counter = sumo_script.parent / "runs"
    counter.mkdir()
    real = sumo_run.SUMO_HOME / "bin" / "sumo"
    write_script(
        sumo_script,
        f'if [ "$(ls "{counter}" | wc -l)" -lt {lives} ]; then',
        f'touch "{counter}/$$"; exec "{real}" "$@"; fi',
        last_words,
    )
    before = digests(town)
    told = terminal("retime", town, *SHORT, "--evaluations", 8, "--out", out)
    assert told.code == 2
    assert named in told.complaint
    assert not told.output
    assert not out.exists()
    assert digests(town) == before


def test_a_sumo_that_cannot_start_is_named(
    terminal: Terminal, town: Path, out: Path, sumo_script: Path
) -> None:
    assert not sumo_script.exists()
    told = terminal("retime", town, *SHORT, "--evaluations", 8, "--out", out)
    assert told.code == 2
    assert "sumo: cannot start" in told.complaint
    assert "install eclipse-sumo again" in told.complaint


def children() -> list[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]


def kill_next_child(stop: threading.Event) -> None:
    while not stop.is_set():
        for pid in children():
            if "sumo" in Path(f"/proc/{pid}/comm").read_text():
                os.kill(pid, signal.SIGKILL)
                return
        time.sleep(0.005)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds child processes in /proc")
def test_a_real_sumo_that_is_killed_stops_the_work(
    terminal: Terminal, town: Path, out: Path
) -> None:
    stop = threading.Event()
    killer = threading.Thread(target=kill_next_child, args=(stop,))
    killer.start()
    told = terminal("retime", town, *SHORT, "--evaluations", 8, "--out", out)
    stop.set()
    killer.join()
    assert told.code == 2
    assert "sumo: killed by signal 9 in mid-run" in told.complaint
    assert "start it again" in told.complaint
    assert not out.exists()


def test_routes_that_do_not_fit_the_network_are_named(
    terminal: Terminal, town: Path, out: Path
) -> None:
    change(town / "midday.rou.xml", "J1_J2 ", "J1_J9 ")
    told = terminal("retime", town, *SHORT, "--evaluations", 8, "--out", out)
    assert told.code == 2
    assert "J1_J9" in told.complaint
    assert not out.exists()
