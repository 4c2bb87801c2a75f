"""Moves: small changes of a candidate that keep every bound."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from citybrain.units import same_time
from optimizer.candidate import Candidate, Timing, Workshop
from optimizer.greens import scaled_gaps
from optimizer.skeleton import Gaps
from optimizer.starts import rescaled

_STEPS_S = (1, 2, 3, 5, 8, 13)
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Mover:
    """Draws moves for the intersections of one network.

    Parameters
    ----------
    workshop
        Skeletons and ranges of the cycle.
    """

    workshop: Workshop

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
            timings[name] = self._moved(name, timings[name], rng, reach_s, alone=len(names) == 1)
        return Candidate.of(timings)

    def stretched(self, candidate: Candidate, rng: random.Random, *, reach_s: float) -> Candidate:
        """Return a candidate whose most common cycle is longer or shorter everywhere."""
        cycles_s = [timing.cycle_s for _, timing in candidate.timings]
        common_s = max(set(cycles_s), key=lambda cycle_s: (cycles_s.count(cycle_s), cycle_s))
        wanted_s = round(common_s + rng.choice((-1, 1)) * _step_s(rng, 2 * reach_s))
        timings = candidate.by_name()
        for name, timing in candidate.timings:
            if same_time(timing.cycle_s, common_s) and self._in_range(name, wanted_s):
                skeleton = self.workshop.skeletons[name]
                gaps_s = scaled_gaps(skeleton, timing.gaps_s, wanted_s)
                timings[name] = rescaled(timing, gaps_s)
        return Candidate.of(timings)

    def _moved(
        self, name: str, timing: Timing, rng: random.Random, reach_s: float, *, alone: bool
    ) -> Timing:
        kinds: Sequence[Callable[[], Timing]] = (
            lambda: self._with_gaps(name, timing, _transferred(timing.gaps_s, rng, reach_s)),
            lambda: self._with_gaps(name, timing, _lengthened(timing.gaps_s, rng, reach_s)),
            lambda: _shifted(timing, rng, reach_s),
        )
        weights = (3, 1, 0) if alone else (4, 1, 3)
        for _ in range(_TRIES):
            moved = rng.choices(kinds, weights)[0]()
            if moved != timing:
                return moved
        return timing

    def _with_gaps(self, name: str, timing: Timing, gaps_s: Gaps) -> Timing:
        """Return the timing with new gaps if they are allowed, else unchanged."""
        moved = Timing(gaps_s, timing.offset_s % sum(gaps_s)) if min(gaps_s) >= 0 else timing
        is_allowed = self._in_range(name, moved.cycle_s)
        return moved if is_allowed and self._is_safe(name, moved.gaps_s) else timing

    def _is_safe(self, name: str, gaps_s: Gaps) -> bool:
        return self.workshop.skeletons[name].is_safe(gaps_s)

    def _in_range(self, name: str, cycle_s: float) -> bool:
        low_s, high_s = self.workshop.cycle_ranges_s[name]
        return low_s <= cycle_s <= high_s


def _transferred(gaps_s: Gaps, rng: random.Random, reach_s: float) -> Gaps:
    """Take some seconds from one gap and give them to another."""
    giver, taker = rng.sample(range(len(gaps_s)), 2)
    step_s = _step_s(rng, reach_s)
    return _changed(_changed(gaps_s, giver, -step_s), taker, step_s)


def _lengthened(gaps_s: Gaps, rng: random.Random, reach_s: float) -> Gaps:
    """Change one gap, and with it the cycle."""
    step_s = rng.choice((-1, 1)) * _step_s(rng, reach_s)
    return _changed(gaps_s, rng.randrange(len(gaps_s)), step_s)


def _shifted(timing: Timing, rng: random.Random, reach_s: float) -> Timing:
    step_s = rng.choice((-1, 1)) * _step_s(rng, 2 * reach_s)
    return replace(timing, offset_s=(timing.offset_s + step_s) % timing.cycle_s)


def _changed(gaps_s: Gaps, index: int, change_s: float) -> Gaps:
    return (*gaps_s[:index], gaps_s[index] + change_s, *gaps_s[index + 1 :])


def _step_s(rng: random.Random, reach_s: float) -> int:
    return rng.choice([step_s for step_s in _STEPS_S if step_s <= max(reach_s, 1)])
