"""The manager of controllers: mutated replies, verified pushes, a thousand units every second.

``--networks`` names parts (``fuzz``, ``push``, ``fleet``, ``virtual-fleet``, ``poll``); without it
all run.  With ``long`` among the names, more is sent and polled: a million mutated replies, an hour
of polling; ``part1`` to ``part5`` do a fifth of each, with seeds of their own; ``unitsN`` pushes to
N units in place of 200.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from rich.table import Table

from benchmarks._fuzz_tally import Fuzz
from benchmarks._manager_fleet import measure_fleet
from benchmarks._manager_fuzz import SEED, Way, fuzz_manager
from benchmarks._manager_load import (
    Polling,
    Pushes,
    measure_polling,
    measure_pushes,
    measure_virtual_fleet,
    quantile,
)
from benchmarks._poller_fuzz import fuzz_poller
from benchmarks._printing import print_whole
from citybrain.cli.console import OUTPUT, Stages, print_json
from citybrain.errors import InputError
from citybrain.ports.controllers import Outcome

PARTS = ("fuzz", "push", "fleet", "virtual-fleet", "poll")
LONG, UNITS, FIFTH = "long", "units", "part"
FIFTHS = 5
SEEDS = 1000
"""Seeds that a fifth of the mutated replies has to itself."""
PUSH_P99_S = 5.0
MOST_LOSS = 0.001
MOST_GROWTH_MB = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done.

    Parameters
    ----------
    poller_replies, manager_replies
        Mutated replies to the poller and to the manager.
    fuzz_s
        Longest work for each way of replies to be wrong. [s]
    seed
        Of the first dice of each.
    pushes, fleet, units
        Pushes to one unit, units that are pushed to, units that are polled.
    poll_s
        How long they are polled. [s]
    """

    poller_replies: int = 100_000
    manager_replies: int = 20_000
    fuzz_s: float = 60.0
    seed: int = SEED
    pushes: int = 20
    fleet: int = 200
    units: int = 1000
    poll_s: float = 30.0


QUICK = Size()
WHOLE = Size(
    poller_replies=1_000_000,
    manager_replies=1_000_000,
    fuzz_s=3600.0,
    pushes=300,
    poll_s=3600.0,
)


@dataclass(slots=True, kw_only=True)
class Results:
    """What was measured; nothing for parts that were left out."""

    fuzzes: list[Fuzz] = field(default_factory=list)
    push: Pushes | None = None
    fleet: Pushes | None = None
    virtual_fleet: Pushes | None = None
    polling: Polling | None = None


def run(*, networks: Sequence[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Parts to run; all if none.
    is_check
        Return 1 if a target is missed, and name the first.
    is_json
        Print JSON.

    Raises
    ------
    InputError
        There is no such part.
    """
    parts, size = _asked(networks)
    results = measure(parts, size)
    missed = list(misses(results))
    if is_json:
        print_json({"rows": [dict(zip(_HEADERS, row, strict=True)) for row in rows(results)],
                    "missed": missed})  # fmt: skip
    else:
        print_whole(_table(results))
        for miss in missed:
            OUTPUT.print(f"missed: {miss}")
    return 1 if is_check and missed else 0


def _asked(networks: Sequence[str]) -> tuple[list[str], Size]:
    parts, size = list[str](), WHOLE if LONG in networks else QUICK
    for name in networks:
        units = name.removeprefix(UNITS)
        if name in PARTS:
            parts.append(name)
        elif name.startswith(UNITS) and units.isdigit() and int(units):
            size = replace(size, fleet=int(units))
        elif name in _FIFTHS:
            size = _fifth(WHOLE, _FIFTHS.index(name) + 1)
        elif name != LONG:
            known = (*PARTS, LONG, f"{UNITS}60", *_FIFTHS)
            where, mend = "--networks", f"choose of: {', '.join(known)}"
            raise InputError(where, f"there is no part {name}", mend)
    return parts or list(PARTS), size


def _fifth(size: Size, number: int) -> Size:
    """Return the same with a fifth of replies and time, of other seeds for every number."""
    return replace(
        size,
        poller_replies=size.poller_replies // FIFTHS,
        manager_replies=size.manager_replies // FIFTHS,
        poll_s=size.poll_s / FIFTHS,
        seed=SEED + number * SEEDS,
    )


_FIFTHS = tuple(f"{FIFTH}{number}" for number in range(1, FIFTHS + 1))


def measure(parts: Sequence[str], size: Size) -> Results:
    """Measure the parts that are named."""
    results = Results()
    with Stages() as stages:
        if "fuzz" in parts:
            stages.begin("fuzz", "mutated replies")
            results.fuzzes.append(fuzz_poller(size.poller_replies, size.fuzz_s, size.seed))
            for way in Way:
                replies = round(size.manager_replies * way.share)
                results.fuzzes.append(fuzz_manager(way, replies, size.fuzz_s, size.seed))
        if "push" in parts:
            stages.begin("push", f"{size.pushes} verified pushes to one unit")
            results.push = measure_pushes(size.pushes)
        if "fleet" in parts:
            stages.begin("fleet", f"one command that pushes to {size.fleet} units")
            results.fleet = measure_fleet(size.fleet)
        if "virtual-fleet" in parts:
            stages.begin("virtual-fleet", f"a push to {size.fleet} units in virtual time")
            results.virtual_fleet = measure_virtual_fleet(size.fleet)
        if "poll" in parts:
            stages.begin("poll", f"{size.units} units, every second, {size.poll_s:.0f} s")
            results.polling = measure_polling(size.units, size.poll_s)
    return results


def misses(results: Results) -> Iterator[str]:
    """Yield the targets that are missed."""
    for fuzz in results.fuzzes:
        if fuzz.fault:
            yield fuzz.fault
    for name, pushes in _pushings(results):
        if pushes.others:
            yield f"{name}: did not end with the plan running: {pushes.others}"
        for told in pushes.broken:
            if told.endswith(Outcome.RUNS.name):
                yield f"{name}: a broken unit is said to run the plan ({told})"
    p99_s = 0.0 if results.push is None else quantile(results.push.verified_s, 0.99)
    if p99_s > PUSH_P99_S:
        yield f"push: p99 {p99_s:.1f} s is above {PUSH_P99_S:.0f} s"
    polling = results.polling
    if polling is not None and polling.loss > MOST_LOSS:
        yield f"poll: {polling.loss:.2%} of the turns without an answer, at most {MOST_LOSS:.1%}"
    if polling is not None and polling.growth_mb > MOST_GROWTH_MB:
        yield f"poll: memory grew by {polling.growth_mb:.0f} MB, at most {MOST_GROWTH_MB:.0f} MB"


_HEADERS = ("part", "what", "figure")


def rows(results: Results) -> list[tuple[str, str, str]]:
    """Return part, what and figure of everything that was measured."""
    told = [row for fuzz in results.fuzzes for row in _fuzz_rows(fuzz)]
    for name, pushes in _pushings(results):
        told += _push_rows(name, pushes)
    return told + (_poll_rows(results.polling) if results.polling is not None else [])


def _pushings(results: Results) -> Iterator[tuple[str, Pushes]]:
    named = {
        "push": results.push,
        "fleet": results.fleet,
        "virtual fleet": results.virtual_fleet,
    }
    for name, pushes in named.items():
        if pushes is not None:
            yield name, pushes


def _fuzz_rows(fuzz: Fuzz) -> list[tuple[str, str, str]]:
    bad = f"{len(fuzz.crashes)} / {fuzz.hangs} / {len(fuzz.unintended)}"
    untrue = f"{len(fuzz.believed)} / {len(fuzz.lies)}"
    rate = fuzz.replies / max(fuzz.seconds, 1e-9)
    return [
        (f"fuzz, {fuzz.what}", "mutated replies", f"{fuzz.replies:,} ({rate:,.0f}/s)"),
        ("", "of them let in to be decoded", f"{fuzz.let_in:,}"),
        ("", "operations ended; how pushes and ways back did", _operations(fuzz)),
        ("", "crashes / hangs / unintended SETs", bad),
        ("", "believed unsigned / receipts not true", untrue),
        ("", "most work for one message", f"{fuzz.longest_s:.3f} s"),
    ]


def _operations(fuzz: Fuzz) -> str:
    ended = ", ".join(f"{name} {count:,}" for name, count in fuzz.outcomes.most_common())
    return f"{fuzz.operations:,}; {ended}" if ended else f"{fuzz.operations:,}"


def _push_rows(name: str, pushes: Pushes) -> list[tuple[str, str, str]]:
    return [
        (name, "proven to run / otherwise", f"{len(pushes.proven_s)} / {pushes.others or 0}"),
        ("", "stored, read back, commanded, p50 / p99", _shares(pushes.verified_s)),
        ("", "proven to run, p50 / p99", _shares(pushes.proven_s)),
        ("", "all together", f"{pushes.wall_s:.1f} s"),
        ("", "work of one core, manager / units", _work(pushes)),
        *(("", f"broken on purpose, {told}", str(n)) for told, n in sorted(pushes.broken.items())),
    ]


def _work(pushes: Pushes) -> str:
    units = f"{pushes.units_work_s:.1f} s" if pushes.units_work_s else "in the same"
    return f"{pushes.work_s:.1f} s / {units}"


def _shares(times_s: Sequence[float]) -> str:
    return f"{quantile(times_s, 0.5):.2f} s / {quantile(times_s, 0.99):.2f} s"


def _poll_rows(polling: Polling) -> list[tuple[str, str, str]]:
    return [
        ("poll", f"{polling.units} units for {polling.seconds:.0f} s", f"{polling.rate:,.0f}/s"),
        ("", "latency p50 / p99", f"{polling.p50_s * 1e3:.1f} ms / {polling.p99_s * 1e3:.1f} ms"),
        ("", "turns without an answer", f"{polling.missed} ({polling.loss:.3%})"),
        ("", "cores of the poller", f"{polling.cores:.2f}"),
        ("", "memory growth", f"{polling.growth_mb:.1f} MB"),
    ]


def _table(results: Results) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in _HEADERS:
        table.add_column(header, no_wrap=True)
    for row in rows(results):
        table.add_row(*row)
    return table
