"""What one signal group shows during a cycle: aspects, windows and their timing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Self

from citybrain.errors import InfeasibleError
from citybrain.model.aspects import GREENS, YELLOWS, Aspect
from citybrain.model.runs import Run, cyclic_runs, with_red_between, within_cycle
from citybrain.units import RESOLUTION_S, rounded_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A time during which a group shows one aspect [s].

    Raises
    ------
    InfeasibleError
        It is shorter than the resolution of times.
    """

    aspect: Aspect
    duration_s: float

    def __post_init__(self) -> None:
        """Refuse an empty segment."""
        if self.duration_s < RESOLUTION_S:
            msg = f"segment {self.aspect.value} lasts {self.duration_s} s, must be longer than 0 s"
            raise InfeasibleError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One uninterrupted showing of anything other than red.

    Most windows read: red-amber, then green (protected, permissive or one after the other),
    then yellow.  A window that lasts the whole cycle belongs to a group that never shows red.

    Parameters
    ----------
    start_s
        Local cycle time at which red ends, in [0, cycle). [s]
    segments
        What is shown, in order; the window may run past the end of the cycle.
    red_clearance_s
        Red after the window before any conflicting group may start. [s]

    Raises
    ------
    InfeasibleError
        It shows nothing, or red.
    """

    start_s: float
    segments: tuple[Segment, ...]
    red_clearance_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a window that shows nothing, or red."""
        if not self.segments:
            msg = "a window shows at least one segment"
            raise InfeasibleError(msg)
        if any(segment.aspect is Aspect.RED for segment in self.segments):
            msg = f"window at {self.start_s} s holds red; red is what lies between windows"
            raise InfeasibleError(msg)

    @property
    def duration_s(self) -> float:
        """Time from the end of red to the return of red [s]."""
        return rounded_s(sum(segment.duration_s for segment in self.segments))

    @property
    def end_s(self) -> float:
        """Local time at which red returns; past the cycle's end if the window wraps [s]."""
        return rounded_s(self.start_s + self.duration_s)

    @property
    def red_amber_s(self) -> float:
        """Red-amber before the first other aspect [s]."""
        first = self.segments[0]
        return first.duration_s if first.aspect is Aspect.RED_AMBER else 0.0

    @property
    def yellow_s(self) -> float:
        """Yellow at the end of the window [s]."""
        last = self.segments[-1]
        return last.duration_s if last.aspect in YELLOWS else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Green:
    """An uninterrupted green of one group, in local cycle time.

    Parameters
    ----------
    start_s, end_s
        Begin in [0, cycle) and end, which lies past the cycle's end where the green wraps. [s]
    yellow_s
        Yellow that follows at once. [s]
    red_amber_s
        Red-amber that comes just before. [s]
    segments
        The protected and permissive parts, in order.
    before, after
        What is shown just before and just after; none for a green that never ends.
    """

    start_s: float
    end_s: float
    yellow_s: float
    red_amber_s: float
    segments: tuple[Segment, ...]
    before: Aspect | None = None
    after: Aspect | None = None

    @property
    def duration_s(self) -> float:
        """Length of the green [s]."""
        return rounded_s(self.end_s - self.start_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTiming:
    """The windows of one signal group in one cycle; red lies between them."""

    group: str
    windows: tuple[Window, ...]

    def check_fits(self, cycle_s: float) -> None:
        """Raise unless the windows lie in order within one cycle and leave each other alone.

        Parameters
        ----------
        cycle_s
            Cycle length. [s]

        Raises
        ------
        InfeasibleError
            A window starts outside the cycle, or reaches into the next one.
        """
        for window, following in self._followed(cycle_s):
            if not 0 <= window.start_s < cycle_s:
                msg = f"group {self.group}: window at {window.start_s} s is outside the cycle"
                raise InfeasibleError(msg)
            if window.end_s > following + RESOLUTION_S / 2:
                msg = (
                    f"group {self.group}: window {window.start_s}-{window.end_s} s reaches into "
                    f"the window at {following} s"
                )
                raise InfeasibleError(msg)

    def _followed(self, cycle_s: float) -> Iterator[tuple[Window, float]]:
        starts_s = [window.start_s for window in self.windows[1:]]
        if self.windows:
            starts_s.append(self.windows[0].start_s + cycle_s)
        yield from zip(self.windows, starts_s, strict=True)

    def timeline(self, cycle_s: float) -> tuple[tuple[float, Aspect], ...]:
        """Return what the group shows from local time 0 to the cycle's end.

        Parameters
        ----------
        cycle_s
            Cycle length. [s]

        Returns
        -------
        tuple of (start_s, aspect)
            Changes in order; the first starts at 0.  Neighbours differ.
        """
        marks: list[tuple[float, float, Aspect]] = []
        for window in self.windows:
            at_s = window.start_s
            for segment in window.segments:
                end_s = rounded_s(at_s + segment.duration_s)
                marks.extend(within_cycle(at_s, end_s, segment.aspect, cycle_s))
                at_s = end_s
        return tuple(with_red_between(sorted(marks), cycle_s))

    def runs(self, cycle_s: float) -> tuple[Run, ...]:
        """Return the uninterrupted aspects of a cycle, joined over the cycle's end.

        Parameters
        ----------
        cycle_s
            Cycle length. [s]

        Returns
        -------
        tuple of Run
            In order of their start in [0, cycle); cyclic neighbours differ.
        """
        return _runs(self, cycle_s)

    def greens(self, cycle_s: float) -> tuple[Green, ...]:
        """Return every uninterrupted green, in order of its start.

        Parameters
        ----------
        cycle_s
            Cycle length. [s]

        Returns
        -------
        tuple of Green
            A group that is green all the time has one green, one cycle long.
        """
        runs = self.runs(cycle_s)
        first = next((i for i, run in enumerate(runs) if run.aspect not in GREENS), None)
        if first is None:
            return (_green(runs, None, None),)
        ordered = runs[first:] + runs[:first]
        greens = []
        for is_green, part in groupby(enumerate(ordered), lambda item: item[1].aspect in GREENS):
            if is_green:
                indices = [index for index, _ in part]
                before = ordered[indices[0] - 1]
                after = ordered[(indices[-1] + 1) % len(ordered)]
                greens.append(_green(tuple(ordered[i] for i in indices), before, after))
        return tuple(sorted(greens, key=lambda green: green.start_s))

    @classmethod
    def from_runs(cls, group: str, runs: Sequence[Run], cycle_s: float) -> Self:
        """Build the windows of a group from all that it shows in one cycle.

        Parameters
        ----------
        group
            Name of the signal group.
        runs
            Aspects in order of time, red included, that fill the cycle from the first's start.
        cycle_s
            Cycle length. [s]

        Returns
        -------
        GroupTiming
            Windows between the reds; red clearance is left at 0.
        """
        first = next((i for i, run in enumerate(runs) if run.aspect is Aspect.RED), 0)
        ordered = [*runs[first:], *runs[:first]]
        windows = []
        for is_red, part in groupby(ordered, lambda run: run.aspect is Aspect.RED):
            if not is_red:
                shown = list(part)
                segments = (Segment(aspect=r.aspect, duration_s=r.duration_s) for r in shown)
                start_s = rounded_s(shown[0].start_s % cycle_s)
                windows.append(Window(start_s=start_s, segments=tuple(segments)))
        return cls(group=group, windows=tuple(sorted(windows, key=lambda w: w.start_s)))


@lru_cache(maxsize=1024)
def _runs(timing: GroupTiming, cycle_s: float) -> tuple[Run, ...]:
    """Return the runs of a timing; every rule asks for them, so they are kept."""
    return cyclic_runs(timing.timeline(cycle_s), cycle_s)


def _green(runs: Sequence[Run], before: Run | None, after: Run | None) -> Green:
    start_s = runs[0].start_s
    is_yellow = after is not None and after.aspect in YELLOWS
    is_red_amber = before is not None and before.aspect is Aspect.RED_AMBER
    return Green(
        start_s=start_s,
        end_s=rounded_s(start_s + sum(run.duration_s for run in runs)),
        yellow_s=after.duration_s if after is not None and is_yellow else 0.0,
        red_amber_s=before.duration_s if before is not None and is_red_amber else 0.0,
        segments=tuple(Segment(aspect=r.aspect, duration_s=r.duration_s) for r in runs),
        before=before.aspect if before is not None else None,
        after=after.aspect if after is not None else None,
    )
