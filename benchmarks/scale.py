"""Does the cost per junction grow with the city?  Generated cities, from a hundred junctions on.

``--networks`` names sizes (``100,1000``); without it 100 and 400 are run, in some minutes.  With
``model`` among the names nothing is retimed (``100,1000,10000,model``).
Each size has a process of its own, whose peak memory is measured above that of the same process
before it read the city.  Times are of one core, of all processes together, so that neither a
busy machine nor the number of cores changes them; the clock's time is told beside them.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from benchmarks._city_run import CityRun
from benchmarks._printing import print_conditions, print_misses, print_whole
from citybrain.cli.console import Stages, print_json
from citybrain.engine import provenance
from citybrain.errors import InputError

SIZES = ("100", "400")
MODEL_ONLY = "model"
_EVALUATIONS = 1
_MOST_GROWTH = 1.2
_THOUSAND = 1_000
_MOST_WALL_S = 1_800.0
_PER_JUNCTION: dict[str, Callable[[CityRun], float | None]] = {
    "read and build": lambda run: 1e3 * (run.read_s + run.build_s),
    "plan-hour": lambda run: 1e3 * run.hour_s,
    "model, with its plan-hour": lambda run: 1e3 * (run.read_s + run.build_s + run.hour_s),
    "retiming": lambda run: None if run.search_s is None else 1e3 * run.search_s,
    "memory of the model": lambda run: run.model_mb,
    "memory of the retiming": lambda run: run.search_mb,
}
"""What is divided by the number of junctions; times in milliseconds, memory in megabytes."""
_JUDGED = ("model, with its plan-hour", "retiming", "memory of the model", "memory of the retiming")


def run(*, networks: list[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Sizes of cities, in junctions; ``model`` for nothing but the model.
    is_check
        Return 1 if a target is missed, and name every one.
    is_json
        Print JSON instead of the table.

    Raises
    ------
    InputError
        A size is no number of junctions.
    """
    evaluations = 0 if MODEL_ONLY in networks else _EVALUATIONS
    sizes = sorted({_size(name) for name in networks if name != MODEL_ONLY} or map(_size, SIZES))
    folder = Path(tempfile.gettempdir()) / "citybrain-cities"
    runs = []
    with Stages() as stages:
        for size in sizes:
            stages.begin(f"{size}", "junctions")
            runs.append(_measured(size, folder, evaluations))
    missed = misses(runs)
    if is_json:
        content = {"runs": [asdict(one) for one in runs], "missed": missed, **_conditions()}
        print_json(content)
        return 1 if is_check and missed else 0
    print_whole(_table(runs))
    print_conditions(_conditions())
    if is_check:
        print_misses(missed)
    return 1 if is_check and missed else 0


def misses(runs: Sequence[CityRun]) -> list[str]:
    """Return the targets that some runs miss, in words.

    Parameters
    ----------
    runs
        Sizes in rising order; the first one is what the others are held against.
    """
    found = []
    for one in runs[1:]:
        for name in _JUDGED:
            small, large = _PER_JUNCTION[name](runs[0]), _PER_JUNCTION[name](one)
            if small is None or large is None:
                continue
            if small <= 0.0:
                found.append(f"{runs[0].junctions} junctions: {name} is too small to be measured")
                continue
            grown = large / one.junctions / (small / runs[0].junctions)
            if grown > _MOST_GROWTH:
                found.append(f"{one.junctions} junctions: {name} {grown:.2f} times per junction")
    found += [
        f"{one.junctions} junctions: retimed in {one.wall_s:.0f} s"
        for one in runs
        if one.wall_s is not None and one.junctions <= _THOUSAND and one.wall_s > _MOST_WALL_S
    ]
    found += [
        f"{one.junctions} junctions: nothing saved"
        for one in runs
        if one.retimed_delay_s is not None
        and one.running_delay_s is not None
        and one.retimed_delay_s >= one.running_delay_s
    ]
    return found


def _size(name: str) -> int:
    if not name.isdecimal() or not int(name):
        raise InputError(name, "is no number of junctions", "write such as 100,1000")
    return int(name)


def _measured(size: int, folder: Path, evaluations: int) -> CityRun:
    """Measure one size in a process of its own."""
    words = ["-m", "benchmarks._city_run", size, folder, evaluations, os.cpu_count() or 1]
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=Path(__file__).resolve().parent.parent,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return CityRun(**json.loads(done.stdout))


def _conditions() -> dict[str, object]:
    return {
        **provenance.versions(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "plans for each subarea": 100 * _EVALUATIONS,
    }


def _table(runs: Sequence[CityRun]) -> Table:
    """Return one row for each quantity and one column for each size."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("per junction")
    for one in runs:
        table.add_column(f"{one.junctions}", justify="right", no_wrap=True)
    for name, value in _PER_JUNCTION.items():
        unit = "MB" if name.startswith("memory") else "ms"
        values = [value(one) for one in runs]
        shown = (
            "-" if each is None else f"{each / one.junctions:.2f}"
            for each, one in zip(values, runs, strict=True)
        )
        table.add_row(f"{name}, {unit}", *shown)
    for title, told in _WHOLE:
        table.add_row(title, *(told(one) for one in runs))
    return table


_WHOLE: tuple[tuple[str, Callable[[CityRun], str]], ...] = (
    ("vehicles", lambda one: f"{one.vehicles}"),
    ("crossings", lambda one: f"{one.crossings}"),
    ("one crossing, µs", lambda one: f"{1e6 * one.hour_s / one.crossings:.2f}"),
    ("retimed in, s", lambda one: _known(one.wall_s)),
    ("delay in the model, before, s/veh", lambda one: _known(one.running_delay_s)),
    ("after", lambda one: _known(one.retimed_delay_s)),
    ("delay in SUMO, before, s/veh", lambda one: _known(one.sumo_running_s)),
    ("after ", lambda one: _known(one.sumo_retimed_s)),
)


def _known(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
