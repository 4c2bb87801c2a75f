"""What a unit shows by the numbers that are written to it, held against what was proven.

Rule 17 of ``docs/safety.md``, by colours: the phases of each ring are laid one after another,
tenth by tenth, from the numbers alone, and the groups painted from them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.second_opinion.ground import COLOURS, PERMISSIVE, PROTECTED, RED, YELLOW, Ground
from citybrain.second_opinion.painting import NotPaintableError, UnreadableError, paint
from citybrain.second_opinion.seeing import Finding

TICK_MS = 100
"""Time between two instants of a unit: NTCIP 1202 keeps tenths of a second. [ms]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What a unit holds for one pattern.

    Parameters
    ----------
    cycle_s, offset_s
        Whole seconds; the offset is the lag of the first coordinated green. [s]
    splits_s
        Phase → split; 0 or nothing for a phase that is left out. [s]
    sequence
        Number of the sequence.
    """

    cycle_s: int
    offset_s: int
    splits_s: Mapping[int, int]
    sequence: int


def judge_unit(pattern: dict[str, Any], numbers: Numbers, ground: Ground) -> tuple[Finding, ...]:
    """Return where a unit would show something other than a pattern; nothing if it never does.

    Parameters
    ----------
    pattern
        As the plan's JSON has it.
    numbers
        What is written to the unit.
    ground
        The intersection, with the phases of its unit.
    """
    try:
        painting = paint(pattern, ground)
        shown = unit_colours(numbers, ground)
    except (UnreadableError, NotPaintableError, KeyError, ValueError) as error:
        return (Finding(intersection=ground.name, rule=17, what=f"cannot be painted: {error}"),)
    if painting.tick_ms % TICK_MS:
        what = "changes between two tenths of a second"
        return (Finding(intersection=ground.name, rule=17, what=what),)
    wanted = np.repeat(painting.colours, painting.tick_ms // TICK_MS, axis=1)
    if wanted.shape != shown.shape:
        what = f"the unit's cycle is {numbers.cycle_s} s"
        return (Finding(intersection=ground.name, rule=17, what=what),)
    wanted = np.roll(wanted, painting.offset_ms // TICK_MS, axis=1)
    return tuple(
        Finding(
            intersection=ground.name,
            rule=17,
            group=group,
            at_s=int(at) / 10,
            what=f"'{COLOURS[wanted[row, at]]}' was proven, the unit shows "
            f"'{COLOURS[shown[row, at]]}' (second of the master's clock)",
        )
        for row, group in enumerate(ground.groups)
        for at in np.nonzero(wanted[row] != shown[row])[0][:1]
    )


def unit_colours(numbers: Numbers, ground: Ground) -> NDArray[np.uint8]:
    """Return (groups, tenths) what a unit shows, from the master's zero on.

    Raises
    ------
    ValueError, KeyError
        The numbers do not fill the rings.
    """
    controller = ground.controller
    if controller is None:
        msg = "the safety data know no phases"
        raise ValueError(msg)
    served = {phase.number: phase for phase in _served(numbers, controller)}
    colours = np.zeros((len(ground.groups), _tenths(numbers.cycle_s)), dtype=np.uint8)
    for row, group in enumerate(ground.groups):
        _paint_group(colours[row], controller["groups"][group], served)
    zero = min(served[n].begin for n in controller["coordinated"] if n in served)
    return np.roll(colours, _tenths(numbers.offset_s) - zero, axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    """A phase on its ring, in tenths from the first barrier."""

    number: int
    begin: int
    green: int
    yellow: int
    clearance: int
    walk: int
    follower: int
    follows_at_once: bool


def _lines(numbers: Numbers, controller: dict[str, Any]) -> list[list[tuple[int, int, int]]]:
    """Return for each ring its phases with begin and split, in tenths from the first barrier."""
    lines: dict[int, list[tuple[int, int, int]]] = {}
    barrier = 0
    for stretch in controller["sequences"][str(numbers.sequence)]:
        reached = set()
        for ring, phases in enumerate(stretch):
            at = barrier
            for number in phases:
                split = _tenths(numbers.splits_s.get(number, 0))
                if split:
                    lines.setdefault(ring, []).append((number, at, split))
                    at += split
            if at > barrier:
                reached.add(at)
        if len(reached) > 1:
            msg = f"rings reach a barrier at {sorted(reached)}"
            raise ValueError(msg)
        barrier = max(reached, default=barrier)
    if barrier != _tenths(numbers.cycle_s):
        msg = f"splits add up to {barrier / 10} s"
        raise ValueError(msg)
    return list(lines.values())


def _served(numbers: Numbers, controller: dict[str, Any]) -> Iterator[_Served]:
    for line in _lines(numbers, controller):
        for place, (number, begin, split) in enumerate(line):
            times = controller["phases"][str(number)]
            yellow, red = _tenths(times["yellow_s"]), _tenths(times["red_clearance_s"])
            green, walk = split - yellow - red, _tenths(times.get("walk_s", 0))
            if times.get("rests_in_walk", False):
                walk = green - _tenths(times.get("pedestrian_clearance_s", 0))
            if green < 1:
                msg = f"phase {number} has no green"
                raise ValueError(msg)
            follower, next_begin, _ = line[(place + 1) % len(line)]
            if place == len(line) - 1:
                next_begin += _tenths(numbers.cycle_s)
            yield _Served(
                number=number,
                begin=begin,
                green=green,
                yellow=yellow,
                clearance=yellow + red,
                walk=walk,
                follower=follower,
                follows_at_once=begin + split == next_begin,
            )


def _paint_group(
    row: NDArray[np.uint8], output: dict[str, Any], served: Mapping[int, _Served]
) -> None:
    """Paint yellows first, then greens over them, protected ones last."""
    letters = {int(number): letter for number, letter in output["phases"].items()}
    own = [served[number] for number in letters if number in served]
    layers: list[tuple[int, int, int]] = []
    for phase in own:
        colour = PROTECTED if letters[phase.number] == "G" else PERMISSIVE
        if output.get("is_walk", False):
            layers.append((colour, phase.begin, phase.walk))
        elif phase.follower in letters and phase.follower != phase.number and phase.follows_at_once:
            layers.append((colour, phase.begin, phase.green + phase.clearance))
        else:
            layers.append((colour, phase.begin, phase.green))
            layers.append((YELLOW, phase.begin + phase.green, phase.yellow))
    row[:] = RED
    for wanted in (YELLOW, PERMISSIVE, PROTECTED):
        for colour, begin, length in layers:
            if colour == wanted:
                row[np.arange(begin, begin + length) % len(row)] = colour


def _tenths(time_s: float) -> int:
    return round(time_s * 1000 / TICK_MS)
