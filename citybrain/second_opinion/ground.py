"""Safety data as tables of numbers, one row for each group; times in milliseconds."""

import tomllib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError

COLOURS = "rgGyYusoO"
"""Letters of the colours; their places are the numbers in a painting, red is 0."""
FLASHING = "oO"
"""A group that shows one of these shows nothing else, whatever changes the data allow."""
RED, PERMISSIVE, PROTECTED, YELLOW, YELLOW_MAJOR, RED_AMBER = range(6)
USUAL = ("Gg", "gG", "Gy", "gy", "GY", "gY", "yr", "Yr", "rG", "rg", "ru", "uG", "ug")
NEVER_MS = 2**40
"""Stands for a bound that does not exist."""

Table = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What one intersection asks for.

    Parameters
    ----------
    name, groups
        Intersection, and its groups in order.
    cycle_ms
        Shortest and longest cycle. [ms]
    plan_step_ms, change_step_ms
        Steps of cycle and offset, and of every other time. [ms]
    conflict, yields
        (n, n) symmetric truth tables.
    intergreen_ms, protection_ms, walk_off_ms
        (n, n) shortest time from an end in the row to a begin in the column; 0 for none. [ms]
    overlap_ms
        Pairs (places of two groups, longest time). [ms]
    minimum_green_ms, yellow_ms, red_amber_ms, red_clearance_ms, maximum_red_ms
        (n,) one for each group. [ms]
    allowed
        (n, 9, 9) whether a group may change from one colour to the other.
    controller
        The unit's phases as the file has them; none if it has none.
    """

    name: str
    groups: tuple[str, ...]
    cycle_ms: tuple[int, int]
    plan_step_ms: int
    change_step_ms: int
    conflict: NDArray[np.bool_]
    yields: NDArray[np.bool_]
    intergreen_ms: Table
    protection_ms: Table
    walk_off_ms: Table
    overlap_ms: tuple[tuple[int, int, int], ...]
    minimum_green_ms: Table
    yellow_ms: Table
    red_amber_ms: Table
    red_clearance_ms: Table
    maximum_red_ms: Table
    allowed: NDArray[np.bool_]
    controller: dict[str, Any] | None


def read_grounds(text: str, where: object = "safety data") -> dict[str, Ground]:
    """Return the tables of every intersection of a file of safety data.

    Parameters
    ----------
    text
        TOML.
    where
        File that the text is from, for errors.

    Raises
    ------
    InputError
        The second checker cannot read it.
    """
    try:
        parts = tomllib.loads(text)["intersections"]
        return {name: _ground(name, part) for name, part in parts.items()}
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        what = f"cannot be read by the second checker ({type(error).__name__}: {error})"
        raise InputError(where, what, "mend it by docs/safety.md") from None


def _ground(name: str, part: dict[str, Any]) -> Ground:
    rows: dict[str, dict[str, Any]] = part["groups"]
    place = {group: number for number, group in enumerate(rows)}
    size = len(place)

    def column(word: str, missing: float = 0.0) -> Table:
        return np.array([_ms(row.get(word, missing)) for row in rows.values()], dtype=np.int64)

    def truth(word: str) -> NDArray[np.bool_]:
        table = np.zeros((size, size), dtype=np.bool_)
        for one, other in part.get(word, ()):
            table[place[one], place[other]] = table[place[other], place[one]] = True
        return table

    def timed(word: str) -> Table:
        table = np.zeros((size, size), dtype=np.int64)
        for one, other, time_s in part.get(word, ()):
            table[place[one], place[other]] = _ms(time_s)
        return table

    conflict = truth("conflicts")
    yellow_ms = column("yellow_s")
    return Ground(
        name=name,
        groups=tuple(rows),
        cycle_ms=(_ms(part["cycle_s"][0]), _ms(part["cycle_s"][1])),
        plan_step_ms=_ms(part.get("plan_step_s", 1.0)),
        change_step_ms=_ms(part.get("change_step_s", 0.1)),
        conflict=conflict,
        yields=truth("yielding"),
        intergreen_ms=np.where(conflict, timed("intergreens_s"), 0),
        protection_ms=timed("protections_s"),
        walk_off_ms=np.where(conflict, column("pedestrian_clearance_s")[:, None], 0),
        overlap_ms=tuple(
            (place[one], place[other], _ms(time_s))
            for one, other, time_s in part.get("overlaps_s", ())
        ),
        minimum_green_ms=column("minimum_green_s"),
        yellow_ms=yellow_ms,
        red_amber_ms=column("red_amber_s"),
        red_clearance_ms=column("red_clearance_s"),
        maximum_red_ms=column("maximum_red_s", NEVER_MS / 1000),
        allowed=_allowed(part.get("changes", ()), yellow_ms),
        controller=part.get("controller"),
    )


def _allowed(extra: list[str], yellow_ms: Table) -> NDArray[np.bool_]:
    table = np.zeros((len(yellow_ms), len(COLOURS), len(COLOURS)), dtype=np.bool_)
    for change in (*USUAL, *extra):
        if change[0] != change[1] and {*change} & {*FLASHING}:
            continue
        table[:, COLOURS.index(change[0]), COLOURS.index(change[1])] = True
    table[yellow_ms == 0, PERMISSIVE : PROTECTED + 1, RED] = True
    for colour in (RED, PERMISSIVE, PROTECTED):
        table[:, colour, colour] = True
    return table


def _ms(time_s: float) -> int:
    return round(time_s * 1000)
