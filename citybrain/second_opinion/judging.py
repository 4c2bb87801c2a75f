"""The rules of ``docs/safety.md``, by their numbers, held against painted colours."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from citybrain.second_opinion.ground import (
    COLOURS,
    NEVER_MS,
    PERMISSIVE,
    PROTECTED,
    RED,
    RED_AMBER,
    YELLOW,
    YELLOW_MAJOR,
    Ground,
    Table,
)
from citybrain.second_opinion.painting import (
    NotPaintableError,
    Painting,
    UnreadableError,
    paint,
    patterns_of,
)

_GROUPS, _CONFLICT = 2, 5
UNREADABLE = 0
"""Stands for a rule: the bytes are no plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule broken at one place.

    Parameters
    ----------
    intersection, group, other
        Where; empty where it is not known.
    rule
        Number of the rule in ``docs/safety.md``; 0 for bytes that are no plan.
    at_s, shown_s, limit_s
        Second of the cycle, what is shown, and what the rule asks for. [s]
    what
        In words, where times do not tell.
    """

    intersection: str
    rule: int
    group: str = ""
    other: str = ""
    at_s: float = 0.0
    shown_s: float = 0.0
    limit_s: float = 0.0
    what: str = ""

    def __str__(self) -> str:
        """Say what, where, and which limit."""
        who = " to ".join(name for name in (self.group, self.other) if name)
        what = self.what or f"{self.shown_s:g} s, limit {self.limit_s:g} s"
        return (
            f"{self.intersection}:{f' group {who}' if who else ''} breaks rule {self.rule} at "
            f"{self.at_s:g} s of the cycle: {what}"
        )


def judge(text: str, grounds: Mapping[str, Ground]) -> tuple[Finding, ...]:
    """Return everything in the JSON of a plan that breaks a rule; nothing if it may run.

    Parameters
    ----------
    text
        The plan's text; anything at all.
    grounds
        Intersection → its tables.
    """
    try:
        patterns = patterns_of(text)
    except UnreadableError as error:
        return (Finding(intersection="", rule=UNREADABLE, what=str(error)),)
    return judge_plan(patterns, grounds)


def judge_plan(
    patterns: list[dict[str, Any]], grounds: Mapping[str, Ground]
) -> tuple[Finding, ...]:
    """Return everything in the patterns of a plan that breaks a rule.

    Parameters
    ----------
    patterns
        Plain tables, as the plan's JSON has them.
    grounds
        Intersection → its tables.
    """
    found: list[Finding] = []
    for pattern in patterns:
        name = pattern["intersection"]
        ground = grounds.get(name)
        if ground is None:
            found.append(Finding(intersection=name, rule=1, what="no safety data"))
            continue
        try:
            painting = paint(pattern, ground)
        except UnreadableError as error:
            found.append(Finding(intersection=name, rule=UNREADABLE, what=str(error)))
        except NotPaintableError as error:
            found.append(
                Finding(
                    intersection=name,
                    rule=error.rule,
                    group=error.group,
                    at_s=error.at_ms / 1000,
                    shown_s=error.shown_ms / 1000,
                    limit_s=error.limit_ms / 1000,
                    what="the groups are others, or in another order"
                    if error.rule == _GROUPS
                    else "",
                )
            )
        else:
            found.extend(_judged(_Seen(painting, ground)))
    return tuple(found)


@dataclass(frozen=True)
class _Seen:
    """A painting with the instants at which something begins; every table is worked out once."""

    painting: Painting
    ground: Ground

    @property
    def colours(self) -> NDArray[np.uint8]:
        return self.painting.colours

    @cached_property
    def cycle_ms(self) -> int:
        return int(self.colours.shape[1]) * self.painting.tick_ms

    @cached_property
    def green(self) -> NDArray[np.bool_]:
        shown: NDArray[np.bool_] = (self.colours == PROTECTED) | (self.colours == PERMISSIVE)
        return shown

    @cached_property
    def protected(self) -> NDArray[np.bool_]:
        shown: NDArray[np.bool_] = self.colours == PROTECTED
        return shown

    def edges(self, shown: NDArray[np.bool_]) -> tuple["_Marks", "_Marks"]:
        """Return where something begins, and where it ends."""
        before = _earlier(shown)
        return self._marks(shown & ~before), self._marks(before & ~shown)

    def _marks(self, where: NDArray[np.bool_]) -> "_Marks":
        rows, instants = np.nonzero(where)
        return _Marks(rows, instants * self.painting.tick_ms)

    @cached_property
    def green_edges(self) -> tuple["_Marks", "_Marks"]:
        return self.edges(self.green)

    @cached_property
    def runs(self) -> "_Runs":
        before = _earlier(self.colours)
        rows, instants = np.nonzero(self.colours != before)
        at_ms = instants * self.painting.tick_ms
        following = np.roll(at_ms, -1)
        first = np.searchsorted(rows, np.arange(len(self.colours)))
        is_last = np.append(rows[1:] != rows[:-1], True) if len(rows) else rows.astype(np.bool_)
        following[is_last] = at_ms[first[rows[is_last]]] + self.cycle_ms
        return _Runs(
            rows, at_ms, following - at_ms, self.colours[rows, instants], before[rows, instants]
        )

    def until_ms(self, ends: "_Marks", begins: "_Marks") -> Table:
        """Return (ends, begins) the time from the one to the next of the other."""
        gaps: Table = (begins.at_ms[None, :] - ends.at_ms[:, None]) % self.cycle_ms
        return gaps

    def finding(self, rule: int, rows: tuple[int, ...], times_ms: tuple[int, int, int]) -> Finding:
        at_ms, shown_ms, limit_ms = (int(time) for time in times_ms)
        names = [self.ground.groups[row] for row in rows]
        return Finding(
            intersection=self.ground.name,
            rule=rule,
            group=names[0] if names else "",
            other=names[1] if len(names) > 1 else "",
            at_s=at_ms / 1000,
            shown_s=shown_ms / 1000,
            limit_s=limit_ms / 1000,
        )


@dataclass(frozen=True, slots=True)
class _Marks:
    rows: Table
    at_ms: Table


@dataclass(frozen=True, slots=True)
class _Runs:
    """Unbroken colours in order of group and begin, with what was shown before each."""

    rows: Table
    at_ms: Table
    length_ms: Table
    colour: NDArray[np.uint8]
    before: NDArray[np.uint8]


Colours = TypeVar("Colours", np.uint8, np.bool_)


def _earlier(shown: NDArray[Colours]) -> NDArray[Colours]:
    """Return what was shown one instant before."""
    before = np.empty_like(shown)
    before[:, 1:], before[:, 0] = shown[:, :-1], shown[:, -1]
    return before


def _judged(seen: _Seen) -> Iterator[Finding]:
    for rule in _RULES:
        yield from rule(seen)


def _cycle(seen: _Seen) -> Iterator[Finding]:
    shortest_ms, longest_ms = seen.ground.cycle_ms
    if seen.cycle_ms < shortest_ms:
        yield seen.finding(3, (), (0, seen.cycle_ms, shortest_ms))
    if seen.cycle_ms > longest_ms:
        yield seen.finding(3, (), (0, seen.cycle_ms, longest_ms))


def _steps(seen: _Seen) -> Iterator[Finding]:
    for row, at_ms, shown_ms in seen.painting.uneven:
        step_ms = seen.ground.plan_step_ms if row < 0 else seen.ground.change_step_ms
        yield seen.finding(4, (row,) if row >= 0 else (), (at_ms, round(shown_ms), step_ms))


def _together(
    seen: _Seen, rule: int, shown: NDArray[np.bool_], pairs: NDArray[np.bool_]
) -> Iterator[Finding]:
    counts = shown.astype(np.float32)
    meet = ((counts @ counts.T) > 0) & pairs
    for one, other in np.argwhere(np.triu(meet, 1)) if meet.any() else ():
        at_ms = int(np.argmax(shown[one] & shown[other])) * seen.painting.tick_ms
        what = "both are green" if rule == _CONFLICT else "both are protected"
        yield replace(seen.finding(rule, (one, other), (at_ms, 0, 0)), what=what)


def _conflicts(seen: _Seen) -> Iterator[Finding]:
    yield from _together(seen, _CONFLICT, seen.green, seen.ground.conflict)


def _yielding(seen: _Seen) -> Iterator[Finding]:
    yield from _together(seen, 7, seen.protected, seen.ground.yields)


def _apart(
    seen: _Seen, rule: int, edges: tuple[_Marks, _Marks], limits_ms: Table
) -> Iterator[Finding]:
    """Check the time from ends in one group to begins in another."""
    begins, ends = edges
    gaps_ms = seen.until_ms(ends, begins)
    asked_ms = limits_ms[ends.rows[:, None], begins.rows[None, :]]
    for end, begin in np.argwhere(gaps_ms < asked_ms):
        rows = (ends.rows[end], begins.rows[begin])
        times_ms = (ends.at_ms[end], gaps_ms[end, begin], asked_ms[end, begin])
        yield seen.finding(rule, rows, times_ms)


def _intergreens(seen: _Seen) -> Iterator[Finding]:
    yield from _apart(seen, 6, seen.green_edges, seen.ground.intergreen_ms)


def _protections(seen: _Seen) -> Iterator[Finding]:
    if seen.ground.protection_ms.any():
        yield from _apart(seen, 8, seen.edges(seen.protected), seen.ground.protection_ms)


def _walks(seen: _Seen) -> Iterator[Finding]:
    if seen.ground.walk_off_ms.any():
        yield from _apart(seen, 11, seen.green_edges, seen.ground.walk_off_ms)


def _overlaps(seen: _Seen) -> Iterator[Finding]:
    for one, other, limit_ms in seen.ground.overlap_ms:
        both = (seen.protected[one] & seen.protected[other])[None, :]
        begins, ends = seen.edges(both)
        if both.all():
            begins = ends = _Marks(np.array([0]), np.array([0]))
        lasts_ms = seen.until_ms(begins, ends).min(axis=1, initial=NEVER_MS)
        lasts_ms[lasts_ms == 0] = seen.cycle_ms
        for at_ms, last_ms in zip(begins.at_ms, lasts_ms, strict=True):
            if last_ms > limit_ms:
                yield seen.finding(9, (one, other), (at_ms, last_ms, limit_ms))


def _greens(seen: _Seen) -> Iterator[Finding]:
    begins, ends = seen.green_edges
    own = begins.rows[:, None] == ends.rows[None, :]
    lasts_ms = np.where(own, seen.until_ms(begins, ends), NEVER_MS).min(axis=1, initial=NEVER_MS)
    limits_ms = seen.ground.minimum_green_ms
    for place in np.nonzero(lasts_ms < limits_ms[begins.rows])[0]:
        row = begins.rows[place]
        yield seen.finding(10, (row,), (begins.at_ms[place], lasts_ms[place], limits_ms[row]))
    for row in np.nonzero(seen.green.all(axis=1) & (seen.cycle_ms < limits_ms))[0]:
        yield seen.finding(10, (int(row),), (0, seen.cycle_ms, limits_ms[row]))


def _changes(seen: _Seen) -> Iterator[Finding]:
    runs, allowed = seen.runs, seen.ground.allowed
    steady = np.nonzero(np.bincount(runs.rows, minlength=len(seen.colours)) == 0)[0]
    for place in np.nonzero(~allowed[runs.rows, runs.before, runs.colour])[0]:
        yield _change(seen, runs.rows[place], runs.at_ms[place], runs.before[place])
    for row in steady:
        colour = seen.colours[row, 0]
        if not allowed[row, colour, colour]:
            yield _change(seen, int(row), 0, colour)


def _change(seen: _Seen, row: int, at_ms: int, before: int) -> Finding:
    after = seen.colours[row, at_ms // seen.painting.tick_ms]
    return Finding(
        intersection=seen.ground.name,
        rule=12,
        group=seen.ground.groups[row],
        at_s=int(at_ms) / 1000,
        what=f"'{COLOURS[after]}' after '{COLOURS[before]}'",
    )


def _yellows(seen: _Seen) -> Iterator[Finding]:
    runs = seen.runs
    after_green = (runs.before == PROTECTED) | (runs.before == PERMISSIVE)
    is_yellow = (runs.colour == YELLOW) | (runs.colour == YELLOW_MAJOR)
    shown_ms = np.where(is_yellow, runs.length_ms, 0)
    is_asked = after_green & (is_yellow | (runs.colour == RED))
    limits_ms = seen.ground.yellow_ms[runs.rows]
    for place in np.nonzero(is_asked & (shown_ms < limits_ms))[0]:
        times_ms = (runs.at_ms[place], shown_ms[place], limits_ms[place])
        yield seen.finding(13, (runs.rows[place],), times_ms)


def _red_ambers(seen: _Seen) -> Iterator[Finding]:
    runs = seen.runs
    is_green = (runs.colour == PROTECTED) | (runs.colour == PERMISSIVE)
    is_amber = runs.before == RED_AMBER
    ended_ms = {
        (row, end_ms % seen.cycle_ms): length_ms
        for row, end_ms, length_ms in zip(
            runs.rows, runs.at_ms + runs.length_ms, runs.length_ms, strict=True
        )
    }
    for place in np.nonzero(is_green & (is_amber | (runs.before == RED)))[0]:
        row, at_ms = runs.rows[place], runs.at_ms[place]
        shown_ms = ended_ms[row, at_ms] if is_amber[place] else 0
        limit_ms = seen.ground.red_amber_ms[row]
        if shown_ms < limit_ms:
            yield seen.finding(14, (row,), (at_ms, shown_ms, limit_ms))


def _red_clearances(seen: _Seen) -> Iterator[Finding]:
    begins, _ = seen.green_edges
    _, reddened = seen.edges(seen.colours != RED)
    limits_ms = seen.ground.red_clearance_ms
    is_asked = seen.ground.conflict & (limits_ms[:, None] > 0)
    lasts_ms = np.full((len(limits_ms), len(begins.rows)), seen.cycle_ms)
    waits_ms = (begins.at_ms[None, :] - reddened.at_ms[:, None] - 1) % seen.cycle_ms + 1
    np.minimum.at(lasts_ms, reddened.rows, waits_ms)
    instants = begins.at_ms // seen.painting.tick_ms - 1
    lasts_ms[seen.colours[:, instants] != RED] = 0
    short = (lasts_ms < limits_ms[:, None]) & is_asked[:, begins.rows]
    for row, begin in np.argwhere(short):
        times_ms = (begins.at_ms[begin], lasts_ms[row, begin], limits_ms[row])
        yield seen.finding(15, (row, begins.rows[begin]), times_ms)
    yield from _promises(seen, begins)


def _promises(seen: _Seen, begins: _Marks) -> Iterator[Finding]:
    for row, instant, promise_ms in seen.painting.promises:
        if promise_ms:
            end_ms = instant * seen.painting.tick_ms
            waits_ms = (begins.at_ms - end_ms) % seen.cycle_ms
            is_short = seen.ground.conflict[row, begins.rows] & (waits_ms < promise_ms)
            for begin in np.nonzero(is_short)[0]:
                times_ms = (end_ms, waits_ms[begin], promise_ms)
                yield seen.finding(15, (row, begins.rows[begin]), times_ms)


def _reds(seen: _Seen) -> Iterator[Finding]:
    begins, ends = seen.green_edges
    limits_ms = seen.ground.maximum_red_ms
    own = ends.rows[:, None] == begins.rows[None, :]
    waits_ms = np.where(own, seen.until_ms(ends, begins), NEVER_MS).min(axis=1, initial=NEVER_MS)
    for place in np.nonzero(waits_ms > limits_ms[ends.rows])[0]:
        row = ends.rows[place]
        yield seen.finding(16, (row,), (ends.at_ms[place], waits_ms[place], limits_ms[row]))
    for row in np.nonzero(~seen.green.any(axis=1) & (limits_ms < NEVER_MS))[0]:
        yield seen.finding(16, (int(row),), (0, seen.cycle_ms, limits_ms[row]))


_RULES: tuple[Callable[[_Seen], Iterator[Finding]], ...] = (
    _cycle,
    _steps,
    _conflicts,
    _intergreens,
    _yielding,
    _protections,
    _overlaps,
    _greens,
    _walks,
    _changes,
    _yellows,
    _red_ambers,
    _red_clearances,
    _reds,
)
