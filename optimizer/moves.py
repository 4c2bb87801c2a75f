"""Moves: small changes of a candidate that keep every bound."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from citybrain.units import rounded_s, same_time
from optimizer.actuating import Option
from optimizer.candidate import Candidate
from optimizer.timing import Timing
from optimizer.timing_moves import (
    band_moved,
    cycle_weight,
    lengthened,
    one_moved,
    pieces,
    shifted,
    signed_step_s,
    swapped,
)
from optimizer.workshop import Workshop

_TRIES = 12
_SHIFT_SHARE = 0.25
_STRETCHED, _GATHERED = 0.1, 0.1
"""Of the moves, those that change the common cycle, and those that bring others back to it."""

_GATHERED_SHARES = (0.0, 0.25, 1.0)
"""Of the intersections with another cycle, those that are brought back at once; at least one."""


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

    def neighbour(
        self, candidate: Candidate, rng: random.Random, *, share: float, reach_s: float
    ) -> Candidate:
        """Return a candidate near to another: of one common cycle more or less, or perturbed.

        Parameters
        ----------
        candidate
            Where to start from.
        rng
            Dice.
        share
            Probability that an intersection is moved, where not all are. [-]
        reach_s
            Largest step. [s]
        """
        kind = rng.random()
        if kind < _STRETCHED:
            return self.stretched(candidate, rng, reach_s=reach_s)
        if kind < _STRETCHED + _GATHERED:
            gathered = self.gathered(candidate, rng, share=rng.choice(_GATHERED_SHARES))
            if gathered != candidate:
                return gathered
        return self.perturbed(candidate, rng, share=share, reach_s=reach_s)

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

        Each intersection gains or loses the seconds at instants of its own.  Those that follow the
        traffic freely keep step with nobody, and stay as they are, unless all do.

        Parameters
        ----------
        candidate
            Where to start from.
        rng
            Dice.
        reach_s
            Half of the longest step. [s]
        """
        timings = candidate.by_name()
        names = _in_step(candidate) or list(timings)
        common_s = _common_cycle_s([timings[name] for name in names])
        step_s = signed_step_s(rng, 2 * reach_s)
        for name in names:
            if same_time(timings[name].cycle_s, common_s):
                timings[name] = self._stretched(name, timings[name], rng, step_s)
        return Candidate.of(timings)

    def gathered(self, candidate: Candidate, rng: random.Random, *, share: float) -> Candidate:
        """Return a candidate with more intersections at its most common cycle, if that can be.

        Those that follow the traffic freely keep step with nobody, and stay as they are.

        Parameters
        ----------
        candidate
            Where to start from.
        rng
            Dice.
        share
            Probability that an intersection with another cycle takes on the common one; at least
            one of them tries. [-]
        """
        timings = candidate.by_name()
        in_step = _in_step(candidate)
        if not in_step:
            return candidate
        common_s = _common_cycle_s([timings[name] for name in in_step])
        apart = [name for name in in_step if not same_time(timings[name].cycle_s, common_s)]
        if not apart:
            return candidate
        for name in [n for n in apart if rng.random() < share] or [rng.choice(apart)]:
            step_s = round(common_s - timings[name].cycle_s)
            if same_time(timings[name].cycle_s + step_s, common_s):
                timings[name] = self._stretched(name, timings[name], rng, step_s)
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
            return self._moved_in_rings(name, timing, rng, reach_s, is_isolated=is_isolated)
        is_alone = is_isolated or _follows_freely(timing)
        own_cycle = cycle_weight(is_isolated=is_alone)
        kinds: Sequence[Callable[[], Timing]] = (
            lambda: one_moved(timing, rng, reach_s),
            lambda: band_moved(timing, rng, reach_s),
            lambda: lengthened(timing, rng, signed_step_s(rng, reach_s)),
            lambda: swapped(timing, rng),
            lambda: shifted(timing, rng, reach_s),
            lambda: replace(timing, option=rng.choice((None, *self.options))),
        )
        shift = 0 if is_alone else 4
        weights = (4, 4, own_cycle, 1, shift, 4 if self.options else 0)
        for _ in range(_TRIES):
            moved = rng.choices(kinds, weights)[0]()
            if moved != timing and self._is_allowed(name, moved):
                return moved
        return timing

    def _moved_in_rings(
        self, name: str, timing: Timing, rng: random.Random, reach_s: float, *, is_isolated: bool
    ) -> Timing:
        """Move what a unit keeps: splits, cycle, sequence, offset."""
        rings = self.workshop.rings[name]
        shift_share = 0.0 if is_isolated else _SHIFT_SHARE
        own_cycle = cycle_weight(is_isolated=is_isolated)
        for _ in range(_TRIES):
            if rng.random() < shift_share:
                moved = shifted(timing, rng, reach_s)
            else:
                step_s = signed_step_s(rng, reach_s)
                moved = rings.moved(timing, rng, step_s, own_cycle=own_cycle)
            if moved != timing and self._is_allowed(name, moved):
                return moved
        return timing

    def _stretched(self, name: str, timing: Timing, rng: random.Random, step_s: int) -> Timing:
        """Give or take seconds of the cycle, in several pieces where one is not allowed."""
        put_in = lengthened
        if name in self.workshop.rings:
            put_in = self.workshop.rings[name].lengthened
        for _ in range(_TRIES):
            moved = timing
            for piece_s in pieces(step_s, rng.choice((1, 2, 3))):
                moved = put_in(moved, rng, piece_s)
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


def _common_cycle_s(timings: Sequence[Timing]) -> float:
    cycles_s = [timing.cycle_s for timing in timings]
    return max(set(cycles_s), key=lambda cycle_s: (cycles_s.count(cycle_s), cycle_s))


def _in_step(candidate: Candidate) -> list[str]:
    """Return the intersections whose cycle is that of their program."""
    return [name for name, timing in candidate.timings if not _follows_freely(timing)]


def _follows_freely(timing: Timing) -> bool:
    """Tell whether a controller keeps no step with a cycle, so that its offset means nothing."""
    return timing.option is not None and not timing.option.is_coordinated
