"""The counting core beside pandas, polars, duckdb, numpy and the speed of reading memory."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from benchmarks._counting_day import (
    BIN_MS,
    PASSING_MS,
    STANDING_MS,
    STANDING_SHARE,
    Size,
    Sums,
    make_day,
    plain_sums,
    read_all,
)
from benchmarks._counting_peers import Peer, peers_of
from benchmarks._counting_results import (
    CITYBRAIN,
    READING,
    TWO_CORES,
    Figure,
    Results,
    first_miss,
    results_content,
    results_table,
)
from benchmarks._names import check_nameless
from benchmarks._printing import print_conditions, print_misses, print_whole
from citybrain.cli.console import OUTPUT, Stages, print_json
from detectors.batches import PulseBatch
from detectors.tally import Grid, Tally

PLAIN = "plain Numba loop"
ROUNDS = 3
"""Rounds over all methods; every method meets quiet and busy minutes of the machine."""


def run(*, networks: list[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Must be empty.
    is_check
        Return 1 if a target is missed, and name the first.
    is_json
        Print JSON instead of the table.

    Raises
    ------
    InputError
        A network is named; there is none in this benchmark.
    """
    check_nameless(networks, "counting")
    size = Size()
    return report(measure(size), conditions(size), is_check=is_check, is_json=is_json)


def measure(size: Size, *, rounds: int = ROUNDS) -> Results:
    """Count one made-up day with every method, round by round.

    Parameters
    ----------
    size
        How much is counted.
    rounds
        Rounds over all methods.
    """
    with Stages() as stages:
        stages.begin("prepare", f"{size.pulses:,} pulses")
        day = make_day(size)
        reference = plain_sums(day, size)
        peers, absent = peers_of(day, size)
        quick, slow = _own(day, size), [*peers, _plain(day, size)]
        exact = {}
        for method in (*quick, *slow):
            stages.begin("check", method.name)
            exact[method.name] = _is_exact(method, reference)
        times_s: dict[str, list[float]] = {method.name: [] for method in (*quick, *slow)}
        for turn in range(rounds):
            for method in slow:
                stages.begin(f"round {turn + 1}", method.name)
                times_s[method.name].append(_timed_s(method.count))
                for each in quick:
                    times_s[each.name].append(_timed_s(each.count))
    figures = {
        name: Figure(name=name, times_s=tuple(times), pulses=size.pulses, is_exact=exact[name])
        for name, times in times_s.items()
    }
    return Results(figures=figures, absent=absent)


def report(
    results: Results, conditions: Mapping[str, object], *, is_check: bool, is_json: bool
) -> int:
    """Print the results and return the exit code.

    Parameters
    ----------
    results
        What was measured.
    conditions
        Versions, sizes and machine.
    is_check
        Return 1 if a target is missed, and name the first.
    is_json
        Print JSON instead of the table.
    """
    miss = first_miss(results)
    if is_json:
        print_json(results_content(results, conditions, miss))
        return 1 if is_check and miss else 0
    print_whole(results_table(results))
    gain = 1.0 / results.ratio(TWO_CORES)
    OUTPUT.print(f"a second core makes citybrain {gain:.2f} times as fast")
    print_conditions(conditions)
    if is_check:
        print_misses([str(miss)] if miss else [])
    return 1 if is_check and miss else 0


def conditions(size: Size) -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        "pulses": f"{size.pulses:,}",
        "lanes": f"{size.lanes:,}",
        "bins": f"{size.bins:,} of {BIN_MS // 1000} s",
        "lengths": f"{PASSING_MS[0]}–{PASSING_MS[1]} ms, "
        f"{STANDING_SHARE:.0%} of them {STANDING_MS[0]}–{STANDING_MS[1]} ms",
        "cores": f"{os.cpu_count()} (peers may use all, citybrain one)",
        "machine": platform.machine(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
    }


def _own(day: PulseBatch, size: Size) -> list[Peer[Any]]:
    grid = Grid(start_ms=0, bin_ms=BIN_MS)

    def counting(workers: int) -> Callable[[], Sums]:
        def count() -> Sums:
            tally = Tally.empty(size.bins, size.lanes)
            tally.add_batch(day, grid, workers=workers)
            return Sums(tally.count, tally.occupied_ms)

        return count

    return [
        Peer(READING, lambda: read_all(day), None),
        Peer(CITYBRAIN, counting(1), _as_is),
        Peer(TWO_CORES, counting(2), _as_is),
    ]


def _plain(day: PulseBatch, size: Size) -> Peer[Sums]:
    return Peer(PLAIN, lambda: plain_sums(day, size), _as_is)


def _as_is(sums: Sums) -> Sums:
    return sums


def _is_exact(method: Peer[Any], reference: Sums) -> bool | None:
    """Count once untimed, which also warms up, and compare."""
    answer = method.count()
    return None if method.sums is None else method.sums(answer).equals(reference)


def _timed_s(count: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    answer = count()
    took_s = time.perf_counter() - begun_s
    del answer
    return took_s
