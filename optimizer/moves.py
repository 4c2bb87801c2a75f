"""Moves: small changes of a candidate that keep every bound."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from citybrain.units import rounded_s, same_time
from optimizer.actuating import Option
from optimizer.candidate import Candidate
from optimizer.timing import Timing
from optimizer.workshop import Workshop

_STEPS_S = (1, 2, 3, 5, 8, 13)
_TRIES = 12
_SHIFT_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Mover:
    """Draws moves for the intersections of one network.

    Parameters
    ----------
    workshop
        Timetables and ranges of the cycle.
    is_isolated
        No other intersection is near any of these, so that offsets mean nothing; by itself true
        for one alone.
    options
        Ways of following the traffic that an intersection may take on; none for fixed times.
    """

    workshop: Workshop
    options: tuple[Option, ...] = ()
    is_isolated: bool | None = None

    def perturbed(
        self, candidate: Candidate, rng: random.Random, *, share: float, reach_s: float
    ) -> Candidate:
        """Return a candidate with a random move at a share of its intersections.

        Parameters
        ----------
        candidate
            Where to start from.
        rng
            Dice.
        share
            Probability that an intersection is moved; at least one is. [-]
        reach_s
            Largest step. [s]
        """
        names = [name for name, _ in candidate.timings]
        chosen = {name for name in names if rng.random() < share} or {rng.choice(names)}
        timings = candidate.by_name()
        for name in sorted(chosen):
            timings[name] = self.moved(name, timings[name], rng, reach_s)
        return Candidate.of(timings)

    def stretched(self, candidate: Candidate, rng: random.Random, *, reach_s: float) -> Candidate:
        """Return a candidate whose most common cycle is longer or shorter everywhere.

        Each intersection gains or loses the seconds at instants of its own.

        Parameters
        ----------
        candidate
            Where to start from.
        rng
            Dice.
        reach_s
            Half of the longest step. [s]
        """
        cycles_s = [timing.cycle_s for _, timing in candidate.timings]
        common_s = max(set(cycles_s), key=lambda cycle_s: (cycles_s.count(cycle_s), cycle_s))
        step_s = rng.choice((-1, 1)) * _step_s(rng, 2 * reach_s)
        timings = candidate.by_name()
        for name, timing in candidate.timings:
            if same_time(timing.cycle_s, common_s):
                timings[name] = self._stretched(name, timing, rng, step_s)
        return Candidate.of(timings)

    def moved(self, name: str, timing: Timing, rng: random.Random, reach_s: float) -> Timing:
        """Return a timing of one intersection after a random move, itself if none was found.

        Parameters
        ----------
        name
            Intersection.
        timing
            Where to start from.
        rng
            Dice.
        reach_s
            Largest step. [s]
        """
        is_isolated = self.is_isolated
        if is_isolated is None:
            is_isolated = len(self.workshop.timetables) == 1
        if name in self.workshop.rings:
            shift_share = 0.0 if is_isolated else _SHIFT_SHARE
            return self._moved_in_rings(name, timing, rng, reach_s, shift_share)
        kinds: Sequence[Callable[[], Timing]] = (
            lambda: _one_moved(timing, rng, reach_s),
            lambda: _band_moved(timing, rng, reach_s),
            lambda: _lengthened(timing, rng, rng.choice((-1, 1)) * _step_s(rng, reach_s)),
            lambda: _swapped(timing, rng),
            lambda: _shifted(timing, rng, reach_s),
            lambda: replace(timing, option=rng.choice((None, *self.options))),
        )
        weights = [4, 4, 2, 1, 0, 0] if is_isolated else [4, 4, 1, 1, 4, 0]
        if _follows_freely(timing):
            weights[-2] = 0
        weights[-1] = 4 if self.options else 0
        for _ in range(_TRIES):
            moved = rng.choices(kinds, weights)[0]()
            if moved != timing and self._is_allowed(name, moved):
                return moved
        return timing

    def _moved_in_rings(
        self, name: str, timing: Timing, rng: random.Random, reach_s: float, shift_share: float
    ) -> Timing:
        """Move what a unit keeps: splits, cycle, sequence, offset."""
        rings = self.workshop.rings[name]
        for _ in range(_TRIES):
            if rng.random() < shift_share:
                moved = _shifted(timing, rng, reach_s)
            else:
                moved = rings.moved(timing, rng, rng.choice((-1, 1)) * _step_s(rng, reach_s))
            if moved != timing and self._is_allowed(name, moved):
                return moved
        return timing

    def _stretched(self, name: str, timing: Timing, rng: random.Random, step_s: int) -> Timing:
        """Give or take seconds of the cycle, in several pieces where one is not allowed."""
        lengthened = _lengthened
        if name in self.workshop.rings:
            lengthened = self.workshop.rings[name].lengthened
        for _ in range(_TRIES):
            moved = timing
            for piece_s in _pieces(step_s, rng.choice((1, 2, 3))):
                moved = lengthened(moved, rng, piece_s)
            longer_s = timing.offset_s * (moved.cycle_s / timing.cycle_s - 1.0)
            offset_s = (timing.offset_s + round(longer_s)) % moved.cycle_s
            moved = replace(moved, offset_s=rounded_s(offset_s) % moved.cycle_s)
            is_whole = same_time(moved.cycle_s, timing.cycle_s + step_s)
            if is_whole and self._is_allowed(name, moved):
                return moved
        return timing

    def _is_allowed(self, name: str, timing: Timing) -> bool:
        low_s, high_s = self.workshop.cycle_ranges_s[name]
        is_in_range = low_s <= timing.cycle_s <= high_s
        timetable = self.workshop.timetables[name]
        return is_in_range and timetable.is_safe(timing.times_s, timing.cycle_s)


def _follows_freely(timing: Timing) -> bool:
    """Tell whether a controller keeps no step with a cycle, so that its offset means nothing."""
    return timing.option is not None and not timing.option.is_coordinated


def _one_moved(timing: Timing, rng: random.Random, reach_s: float) -> Timing:
    """Move one event: a group gives up or takes some green on its own."""
    times_s = list(timing.times_s)
    times_s[rng.randrange(len(times_s))] += rng.choice((-1, 1)) * _step_s(rng, reach_s)
    return Timing.of(times_s, timing.cycle_s, timing.offset_s, timing.option)


def _band_moved(timing: Timing, rng: random.Random, reach_s: float) -> Timing:
    """Move all events between two instants: seconds go from one stage to another."""
    first_s, last_s = rng.choice(timing.times_s), rng.choice(timing.times_s)
    step_s = rng.choice((-1, 1)) * _step_s(rng, reach_s)
    width_s = (last_s - first_s) % timing.cycle_s
    times_s = [
        time_s + step_s if (time_s - first_s) % timing.cycle_s <= width_s else time_s
        for time_s in timing.times_s
    ]
    return Timing.of(times_s, timing.cycle_s, timing.offset_s, timing.option)


def _lengthened(timing: Timing, rng: random.Random, step_s: int) -> Timing:
    """Put some seconds into the cycle at one instant, or take them out."""
    if timing.cycle_s + step_s < 1:
        return timing
    at_s = rng.choice(timing.times_s)
    times_s = [time_s + step_s if time_s >= at_s else time_s for time_s in timing.times_s]
    return Timing.of(times_s, timing.cycle_s + step_s, timing.offset_s, timing.option)


def _swapped(timing: Timing, rng: random.Random) -> Timing:
    """Exchange two neighbouring parts of the cycle: another sequence."""
    first_s, middle_s, last_s = sorted(rng.choices(timing.times_s, k=3))
    times_s = [
        _swapped_time_s(time_s, first_s, middle_s, last_s) if first_s <= time_s < last_s else time_s
        for time_s in timing.times_s
    ]
    return Timing.of(times_s, timing.cycle_s, timing.offset_s, timing.option)


def _swapped_time_s(time_s: float, first_s: float, middle_s: float, last_s: float) -> float:
    return time_s + (last_s - middle_s if time_s < middle_s else first_s - middle_s)


def _shifted(timing: Timing, rng: random.Random, reach_s: float) -> Timing:
    step_s = rng.choice((-1, 1)) * _step_s(rng, 2 * reach_s)
    return replace(timing, offset_s=(timing.offset_s + step_s) % timing.cycle_s)


def _pieces(step_s: int, count: int) -> Sequence[int]:
    """Split some seconds into a number of pieces."""
    whole, rest = divmod(abs(step_s), count)
    sign = 1 if step_s > 0 else -1
    return [sign * (whole + (index < rest)) for index in range(count)]


def _step_s(rng: random.Random, reach_s: float) -> int:
    return rng.choice([step_s for step_s in _STEPS_S if step_s <= max(reach_s, 1)])
