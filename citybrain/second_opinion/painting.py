"""From the bytes of a plan to the colours that it shows, instant by instant."""

import json
from dataclasses import dataclass
from itertools import zip_longest
from math import gcd, isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.second_opinion.ground import COLOURS, Ground

MOST_INSTANTS = 2_000_000
"""A cycle of more of them is not painted, but refused as too long."""
LONGEST_S = 1e6
"""A time of this length or more is none of a plan. [s]"""
_Window = tuple[int, list[tuple[int, int]], int]
"""Begin [ms], colours with their durations [ms], promised red clearance [ms]."""
_EXACT_MS = 1e-3


class UnreadableError(Exception):
    """The bytes are no plan that this checker understands."""


class NotPaintableError(Exception):
    """What the plan says cannot be shown: rule, group, begin, shown and limit in milliseconds."""

    def __init__(self, rule: int, group: str = "", *, times_ms: tuple[int, int, int]) -> None:
        super().__init__(rule, group, times_ms)
        self.rule = rule
        self.group = group
        self.at_ms, self.shown_ms, self.limit_ms = times_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting:
    """What all groups show during one cycle.

    Parameters
    ----------
    colours
        (groups, instants) number of the colour.
    tick_ms
        Time between two instants: nothing changes in between. [ms]
    offset_ms
        Lag of the first instant behind the master's zero. [ms]
    promises
        Group, instant at which one of its windows ends, promised red clearance [ms].
    uneven
        Group (−1 for the pattern), where, and the number that is no multiple of its step [ms].
    """

    colours: NDArray[np.uint8]
    tick_ms: int
    offset_ms: int
    promises: tuple[tuple[int, int, int], ...]
    uneven: tuple[tuple[int, int, float], ...]


def patterns_of(text: str) -> list[dict[str, Any]]:
    """Return the patterns in the JSON of a plan, as plain tables.

    Raises
    ------
    UnreadableError
        The text is no plan, or says more than this checker understands.
    """
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
        _has(content, {"format", "version", "name", "patterns", "provenance"})
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)) from None
    if content["format"] != "citybrain plan" or content["version"] != 1:
        msg = "no plan of version 1"
        raise UnreadableError(msg)
    patterns = _list(content["patterns"])
    for pattern in patterns:
        _has(
            pattern,
            {"intersection", "program", "cycle_s", "offset_s", "groups"},
            frozenset({"actuation"}),
        )
        if pattern.get("actuation") is not None:
            msg = "an actuated pattern has no fixed colours"
            raise UnreadableError(msg)
        if not isinstance(pattern["intersection"], str):
            msg = "an intersection is no text"
            raise UnreadableError(msg)
    names = [pattern["intersection"] for pattern in patterns]
    if len(set(names)) < len(names):
        msg = "an intersection stands twice"
        raise UnreadableError(msg)
    return patterns


def paint(pattern: dict[str, Any], ground: Ground) -> Painting:
    """Paint what a pattern shows.

    Parameters
    ----------
    pattern
        As `patterns_of` returned it.
    ground
        The intersection; its groups give the rows.

    Raises
    ------
    UnreadableError
        A part is missing, unknown or of the wrong kind.
    NotPaintableError
        The groups are others, or a window lies outside the cycle or over another one.
    """
    times = _Times(ground)
    cycle_ms = times.of(pattern["cycle_s"], -1, 0)
    offset_ms = times.of(pattern["offset_s"], -1, 0)
    if cycle_ms < 1 or offset_ms >= cycle_ms:
        raise NotPaintableError(4, times_ms=(0, offset_ms, cycle_ms))
    names, shown = _windows(pattern, times)
    if tuple(names) != ground.groups:
        odd = (b or a for a, b in zip_longest(names, ground.groups) if a != b)
        raise NotPaintableError(2, str(next(odd)), times_ms=(0, 0, 0))
    for group, windows in zip(names, shown, strict=True):
        _check_places(group, windows, cycle_ms)
    tick_ms = gcd(cycle_ms, *(t for w in shown for s, p, _ in w for t in (s, *(d for _, d in p))))
    if cycle_ms // tick_ms > MOST_INSTANTS:
        raise NotPaintableError(3, times_ms=(0, cycle_ms, ground.cycle_ms[1]))
    colours, promises = _painted(shown, cycle_ms // tick_ms, tick_ms)
    return Painting(
        colours=colours,
        tick_ms=tick_ms,
        offset_ms=offset_ms,
        promises=promises,
        uneven=tuple(times.uneven),
    )


class _Times:
    """Reads times, and notes those that are no multiples of their step."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.uneven: list[tuple[int, int, float]] = []

    def of(self, value: object, row: int, at_ms: int) -> int:
        """Return a time in milliseconds; row −1 stands for cycle and offset."""
        time_s = _number(value)
        if time_s >= LONGEST_S:
            msg = f"{time_s:g} s is no time of a cycle"
            raise UnreadableError(msg)
        ms = round(time_s * 1000)
        step_ms = self.ground.plan_step_ms if row < 0 else self.ground.change_step_ms
        if ms % step_ms or abs(time_s * 1000 - ms) > _EXACT_MS:
            self.uneven.append((row, at_ms, time_s * 1000))
        return ms


def _windows(pattern: dict[str, Any], times: _Times) -> tuple[list[Any], list[list[_Window]]]:
    """Return the names of the groups, and the windows of each."""
    names, shown = [], []
    for row, timing in enumerate(_list(pattern["groups"])):
        _has(timing, {"group", "windows"})
        names.append(timing["group"])
        shown.append([_window(window, row, times) for window in _list(timing["windows"])])
    return names, shown


def _window(window: dict[str, Any], row: int, times: _Times) -> _Window:
    _has(window, {"start_s", "segments", "red_clearance_s"})
    start_ms = times.of(window["start_s"], row, 0)
    parts = []
    for segment in _list(window["segments"]):
        _has(segment, {"aspect", "duration_s"})
        duration_ms = times.of(segment["duration_s"], row, start_ms)
        parts.append((_colour(segment["aspect"]), duration_ms))
    promise_s = min(_number(window["red_clearance_s"]), LONGEST_S)
    return start_ms, parts, round(promise_s * 1000)


def _painted(
    shown: list[list[_Window]], count: int, tick_ms: int
) -> tuple[NDArray[np.uint8], tuple[tuple[int, int, int], ...]]:
    colours = np.zeros((len(shown), count), dtype=np.uint8)
    promises = []
    for row, windows in enumerate(shown):
        for start_ms, parts, promise_ms in windows:
            at = start_ms // tick_ms
            for colour, duration_ms in parts:
                end = at + duration_ms // tick_ms
                colours[row, at:end] = colour
                if end > count:
                    colours[row, max(at - count, 0) : end - count] = colour
                at = end
            promises.append((row, at % count, promise_ms))
    return colours, tuple(promises)


def _check_places(group: str, windows: list[_Window], cycle_ms: int) -> None:
    """Raise unless the windows begin in the cycle, in order, and leave one another alone."""
    following = [start_ms for start_ms, _, _ in windows[1:]]
    following += [start_ms + cycle_ms for start_ms, _, _ in windows[:1]]
    for (start_ms, parts, _), next_ms in zip(windows, following, strict=True):
        end_ms = start_ms + sum(duration_ms for _, duration_ms in parts)
        if start_ms >= cycle_ms or end_ms > next_ms or not parts:
            raise NotPaintableError(4, group, times_ms=(start_ms, end_ms, next_ms))
        if any(duration_ms < 1 for _, duration_ms in parts):
            raise NotPaintableError(4, group, times_ms=(start_ms, 0, 1))


def _colour(letter: object) -> int:
    if not isinstance(letter, str) or len(letter) != 1 or letter not in COLOURS[1:]:
        msg = f"{letter!r} is no colour of a window"
        raise UnreadableError(msg)
    return COLOURS.index(letter)


def _number(value: object) -> float:
    try:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        number = float(value) if is_number else nan  # type: ignore[arg-type]
    except OverflowError:
        number = nan
    if not (isfinite(number) and number >= 0):
        msg = f"{str(value)[:40]} is no time"
        raise UnreadableError(msg)
    return number


def _has(table: object, wanted: set[str], more: frozenset[str] = frozenset()) -> None:
    if not isinstance(table, dict) or not wanted <= table.keys() <= wanted | more:
        msg = f"a table with {sorted(wanted)} is missing or holds something else"
        raise UnreadableError(msg)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        msg = f"{type(value).__name__} in place of a list"
        raise UnreadableError(msg)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        msg = "a name stands twice"
        raise ValueError(msg)
    return table


def _refuse(name: str) -> None:
    msg = f"{name} is no number"
    raise ValueError(msg)
