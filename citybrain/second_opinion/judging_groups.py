"""Rules on one group at a time, and on the cycle, by their numbers in ``docs/safety.md``."""

from collections.abc import Iterator

import numpy as np

from citybrain.second_opinion.ground import (
    COLOURS,
    NEVER_MS,
    PERMISSIVE,
    PROTECTED,
    RED,
    RED_AMBER,
    YELLOW,
    YELLOW_MAJOR,
)
from citybrain.second_opinion.seeing import Finding, Seen


def _cycle(seen: Seen) -> Iterator[Finding]:
    shortest_ms, longest_ms = seen.ground.cycle_ms
    if seen.cycle_ms < shortest_ms:
        yield seen.finding(3, (), (0, seen.cycle_ms, shortest_ms))
    if seen.cycle_ms > longest_ms:
        yield seen.finding(3, (), (0, seen.cycle_ms, longest_ms))


def _steps(seen: Seen) -> Iterator[Finding]:
    for row, at_ms, shown_ms in seen.painting.uneven:
        step_ms = seen.ground.plan_step_ms if row < 0 else seen.ground.change_step_ms
        yield seen.finding(4, (row,) if row >= 0 else (), (at_ms, round(shown_ms), step_ms))


def _greens(seen: Seen) -> Iterator[Finding]:
    begins, ends = seen.green_edges
    own = begins.rows[:, None] == ends.rows[None, :]
    lasts_ms = np.where(own, seen.until_ms(begins, ends), NEVER_MS).min(axis=1, initial=NEVER_MS)
    limits_ms = seen.ground.minimum_green_ms
    for place in np.nonzero(lasts_ms < limits_ms[begins.rows])[0]:
        row = begins.rows[place]
        yield seen.finding(10, (row,), (begins.at_ms[place], lasts_ms[place], limits_ms[row]))
    for row in np.nonzero(seen.green.all(axis=1) & (seen.cycle_ms < limits_ms))[0]:
        yield seen.finding(10, (int(row),), (0, seen.cycle_ms, limits_ms[row]))


def _changes(seen: Seen) -> Iterator[Finding]:
    runs, allowed = seen.runs, seen.ground.allowed
    steady = np.nonzero(np.bincount(runs.rows, minlength=len(seen.colours)) == 0)[0]
    for place in np.nonzero(~allowed[runs.rows, runs.before, runs.colour])[0]:
        yield _change(seen, runs.rows[place], runs.at_ms[place], runs.before[place])
    for row in steady:
        colour = seen.colours[row, 0]
        if not allowed[row, colour, colour]:
            yield _change(seen, int(row), 0, colour)


def _change(seen: Seen, row: int, at_ms: int, before: int) -> Finding:
    after = seen.colours[row, at_ms // seen.painting.tick_ms]
    return Finding(
        intersection=seen.ground.name,
        rule=12,
        group=seen.ground.groups[row],
        at_s=int(at_ms) / 1000,
        what=f"'{COLOURS[after]}' after '{COLOURS[before]}'",
    )


def _yellows(seen: Seen) -> Iterator[Finding]:
    runs = seen.runs
    after_green = (runs.before == PROTECTED) | (runs.before == PERMISSIVE)
    is_yellow = (runs.colour == YELLOW) | (runs.colour == YELLOW_MAJOR)
    shown_ms = np.where(is_yellow, runs.length_ms, 0)
    is_asked = after_green & (is_yellow | (runs.colour == RED))
    limits_ms = seen.ground.yellow_ms[runs.rows]
    for place in np.nonzero(is_asked & (shown_ms < limits_ms))[0]:
        times_ms = (runs.at_ms[place], shown_ms[place], limits_ms[place])
        yield seen.finding(13, (runs.rows[place],), times_ms)


def _red_ambers(seen: Seen) -> Iterator[Finding]:
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


def _reds(seen: Seen) -> Iterator[Finding]:
    begins, ends = seen.green_edges
    limits_ms = seen.ground.maximum_red_ms
    own = ends.rows[:, None] == begins.rows[None, :]
    waits_ms = np.where(own, seen.until_ms(ends, begins), NEVER_MS).min(axis=1, initial=NEVER_MS)
    for place in np.nonzero(waits_ms > limits_ms[ends.rows])[0]:
        row = ends.rows[place]
        yield seen.finding(16, (row,), (ends.at_ms[place], waits_ms[place], limits_ms[row]))
    for row in np.nonzero(~seen.green.any(axis=1) & (limits_ms < NEVER_MS))[0]:
        yield seen.finding(16, (int(row),), (0, seen.cycle_ms, limits_ms[row]))


RULES_OF_GROUPS = (_cycle, _steps, _greens, _changes, _yellows, _red_ambers, _reds)
