"""What each signal group does, as turns tied to events whose times are still open."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from citybrain.model.aspects import GREENS, YELLOWS, Aspect
from citybrain.model.pattern import Pattern
from citybrain.model.runs import Run
from citybrain.model.signals import GroupTiming
from citybrain.units import rounded_s


@dataclass(frozen=True, slots=True)
class Turn:
    """A group begins an aspect, ``shift_s`` after an event of the intersection.

    Only yellow, which ends a fixed time after it began, and red-amber, which begins a fixed
    time before the green, have a shift.
    """

    event: int
    shift_s: float
    aspect: Aspect


@dataclass(frozen=True, slots=True)
class Stay:
    """A group keeps one aspect, or one of several, from a turn to a later one.

    Parameters
    ----------
    group
        Signal group.
    begin, end
        Turn that begins the stay and turn that ends it.
    shown_s
        How long the running pattern shows it. [s]
    """

    group: str
    begin: Turn
    end: Turn
    shown_s: float


@dataclass(frozen=True, slots=True)
class Course:
    """All turns of one group in cyclic order; a group that never changes has one.

    Parameters
    ----------
    group
        Signal group.
    turns
        In the order in which the running pattern shows them.
    shown_s
        Duration of each turn's aspect in the running pattern. [s]
    """

    group: str
    turns: tuple[Turn, ...]
    shown_s: tuple[float, ...]

    @property
    def is_constant(self) -> bool:
        """The group shows one aspect all the time."""
        return len(self.turns) == 1

    def stays(self, *aspects: Aspect) -> tuple[Stay, ...]:
        """Return the longest stays in which the group shows nothing but some aspects."""
        count = len(self.turns)
        if self.is_constant:
            return ()
        inside = [turn.aspect in aspects for turn in self.turns]
        stays = []
        for first in range(count):
            if not inside[first] or inside[first - 1]:
                continue
            last = first
            while inside[(last + 1) % count]:
                last += 1
            shown_s = sum(self.shown_s[index % count] for index in range(first, last + 1))
            end = self.turns[(last + 1) % count]
            stays.append(Stay(self.group, self.turns[first], end, rounded_s(shown_s)))
        return tuple(stays)

    def timing(self, times_s: Sequence[float], cycle_s: float) -> GroupTiming:
        """Place the turns in time.

        Parameters
        ----------
        times_s
            Time of each event. [s]
        cycle_s
            Cycle length. [s]
        """
        if self.is_constant:
            runs = [Run(0.0, cycle_s, self.turns[0].aspect)]
        else:
            starts_s = [rounded_s((times_s[t.event] + t.shift_s) % cycle_s) for t in self.turns]
            runs = [
                Run(start_s, rounded_s((end_s - start_s) % cycle_s), turn.aspect)
                for turn, (start_s, end_s) in zip(
                    self.turns, pairwise([*starts_s, starts_s[0]]), strict=True
                )
            ]
        return GroupTiming.from_runs(self.group, runs, cycle_s)


def events_and_courses(pattern: Pattern) -> tuple[tuple[float, ...], tuple[Course, ...]]:
    """Find the events of a pattern and what each group does at them.

    Parameters
    ----------
    pattern
        The pattern to take apart.

    Returns
    -------
    times_s
        Local time of each event, in order, within one cycle. [s]
    courses
        One for each group, in the pattern's order.
    """
    runs = {timing.group: timing.runs(pattern.cycle_s) for timing in pattern.groups}
    ties = {group: _ties(shown) for group, shown in runs.items()}
    own_s = {
        run.start_s
        for shown in ties.values()
        for run, tied, _ in shown
        if tied is run and len(shown) > 1
    }
    times_s = tuple(sorted(own_s))
    index = {time_s: event for event, time_s in enumerate(times_s)}
    courses = []
    for group, shown in ties.items():
        turns = tuple(
            Turn(index.get(tied.start_s, 0), shift_s, run.aspect) for run, tied, shift_s in shown
        )
        courses.append(Course(group, turns, tuple(run.duration_s for run, _, _ in shown)))
    return times_s, tuple(courses)


def _ties(runs: Sequence[Run]) -> list[tuple[Run, Run, float]]:
    """Tie each run to a run that begins with an event, and tell how long after it begins [s].

    A run that follows a yellow begins a fixed time after it, red-amber a fixed time before its
    green; the run that it is tied to may be tied itself.
    """
    return [_tie(runs, index) for index in range(len(runs))]


def _tie(runs: Sequence[Run], index: int) -> tuple[Run, Run, float]:
    at, shift_s = index, 0.0
    for _ in runs:
        before, after = (at - 1) % len(runs), (at + 1) % len(runs)
        if runs[at].aspect is Aspect.RED_AMBER and runs[after].aspect in GREENS:
            shift_s -= runs[at].duration_s
            at = after
        elif runs[before].aspect in YELLOWS and len(runs) > 1:
            shift_s += runs[before].duration_s
            at = before
        else:
            break
    return runs[index], runs[at], rounded_s(shift_s)
