"""Faults on the way to a unit: each at every step of a push and of a roll-back.

A real gate with a ledger of its own pushes over SNMP and loopback to a virtual unit, in virtual
time (``_virtual_time``).  ``--networks`` names faults, or ``gate-process`` for a gate that is truly
killed; all if none.  With ``long`` among the names every trial is repeated 100 times, at another
second of the cycle and after another message each time; ``repeatN`` repeats N times.  With
``resume`` every trial is kept as it ends, and those of a former run are not played again.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rich.table import Table

from benchmarks._printing import print_whole
from benchmarks._reliability_faults import STEPS, TROUBLES
from benchmarks._reliability_judging import Ended
from benchmarks._reliability_killing import KILLED
from benchmarks._reliability_rounds import Asked, Record, play_all
from citybrain.cli.console import OUTPUT, Stages, print_json
from citybrain.errors import InputError
from citybrain.ports.controllers import Step

OUT = Path("out/bench/reliability")
LONG, REPEAT, RESUME = "long", "repeat", "resume"
MOST_TURNS = 6
WHOLE, QUICK = 100, 1
HEADERS = ("fault", "begins at", "trials", "the street showed", "the gate said", "good after")
_SHORT = {
    Step.READ: "read",
    Step.OPEN: "open",
    Step.WRITE: "set",
    Step.VERIFY: "verify",
    Step.STORE: "store",
    Step.READ_BACK: "read back",
    Step.ACTIVATE: "activate",
    Step.PROVE: "prove",
    Step.ABORT: "roll back",
}
Key = tuple[str, Step]


def run(*, networks: Sequence[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Faults to play; all if none.
    is_check
        Return 1 if anything was seen that must not be, and name the first.
    is_json
        Print JSON.

    Raises
    ------
    InputError
        There is no such fault.
    """
    repeats, names, is_resumed = _asked(networks)
    asked = [(name, step, seed) for seed in range(repeats) for name in names for step in STEPS]
    record = Record(OUT / "trials.jsonl") if is_resumed else None
    with Stages() as stages:
        ended = _played(asked, record, stages)
    trials: dict[Key, list[Ended]] = {(name, step): [] for name in names for step in STEPS}
    for name, step, seed in asked:
        trials[name, step].append(ended[name, step, seed])
    missed = list(misses(trials))
    if is_json:
        rows = [dict(zip(HEADERS, row, strict=True)) for row in rows_of(trials)]
        print_json({"rows": rows, "missed": missed, "trials": _count(trials)})
    else:
        print_whole(_table(trials))
        OUTPUT.print(f"{_count(trials)} trials, {len(missed)} defects")
        for miss in missed:
            OUTPUT.print(f"missed: {miss}")
    return 1 if is_check and missed else 0


def _asked(networks: Sequence[str]) -> tuple[int, list[str], bool]:
    repeats, names = QUICK, []
    for name in networks:
        if name == LONG:
            repeats = WHOLE
        elif name.startswith(REPEAT) and name.removeprefix(REPEAT).isdigit():
            repeats = max(1, int(name.removeprefix(REPEAT)))
        elif name in TROUBLES or name == KILLED:
            names.append(name)
        elif name != RESUME:
            known = ", ".join((*TROUBLES, KILLED, LONG, RESUME))
            where, what = "--networks", f"there is no fault {name}"
            raise InputError(where, what, f"choose of: {known}")
    return repeats, names or [*TROUBLES, KILLED], RESUME in networks


def _played(asked: Sequence[Asked], record: Record | None, stages: Stages) -> dict[Asked, Ended]:
    """Play what is not in the record yet; return all of what is asked."""
    found = record.read() if record else {}
    left = [each for each in asked if each not in found]
    stages.begin("trials", f"{len(left):,} to play")
    for number, (each, ended) in enumerate(play_all(left), 1):
        found[each] = ended
        if record:
            record.add(each, ended)
        stages(number / len(left), f"{number:,} of {len(left):,} played")
    return found


def misses(trials: dict[Key, list[Ended]]) -> Iterator[str]:
    """Yield what must not be, and was: an unsafe colour, a mixture that ran, a false word."""
    for (name, step), ended in trials.items():
        found = [fault for each in ended for fault in each.faults]
        for fault in dict.fromkeys(found):
            yield f"{name} at {_SHORT[step]}: {fault} ({found.count(fault)} of {len(ended)})"


def rows_of(trials: dict[Key, list[Ended]]) -> list[tuple[str, ...]]:
    """Return the table; steps in a row with the same course share a line."""
    rows: list[tuple[str, ...]] = []
    for name, of_fault in groupby(trials.items(), key=lambda item: item[0][0]):
        told = ((_SHORT[step], _course(ended), ended) for (_, step), ended in of_fault)
        for course, steps in groupby(told, key=lambda each: each[1]):
            rows.append(_row(name, course, [(step, ended) for step, _, ended in steps]))
    return rows


def _course(ended: Sequence[Ended]) -> tuple[str, str]:
    """Return what was shown and said in the trials of a step, the commonest first."""
    showed = _shares([_street(each.showed) for each in ended if each.is_reached])
    said = _shares([_words(each) for each in ended if each.is_reached])
    return showed or "not reached", said


def _street(showed: Sequence[str]) -> str:
    """Return what the street showed in turn; turns that repeat are told once."""
    told = list(showed[:MOST_TURNS])
    if len(showed) > MOST_TURNS:
        told += ["…", showed[-1]]
    return " → ".join(told)


def _words(ended: Ended) -> str:
    idle = ", an idle pattern mixed" if ended.idle else ""
    late = f" ({ended.late})" if ended.late else ""
    return ", then ".join(ended.said) + late + idle


def _shares(told: Sequence[str]) -> str:
    distinct = sorted(dict.fromkeys(told), key=lambda each: -told.count(each))
    return "; ".join(distinct)


def _row(
    name: str, course: tuple[str, str], steps: Sequence[tuple[str, Sequence[Ended]]]
) -> tuple[str, ...]:
    ended = [each for _, of_step in steps for each in of_step if each.is_reached]
    first, last = steps[0][0], steps[-1][0]
    where = first if len(steps) == 1 else f"{first} … {last}"
    longest_s = max((each.good_s for each in ended), default=0.0)
    return name, where, str(len(ended)), *course, f"{longest_s:.0f} s" if ended else "–"


def _count(trials: dict[Key, list[Ended]]) -> int:
    return sum(each.is_reached for ended in trials.values() for each in ended)


def _table(trials: dict[Key, list[Ended]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in HEADERS:
        table.add_column(header, no_wrap=True)
    for row in rows_of(trials):
        table.add_row(*row)
    return table
