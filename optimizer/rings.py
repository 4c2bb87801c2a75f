"""Timings that the rings of a controller can run: splits that move, between barriers that hold.

Where safety data tell the phases of an intersection's unit, its timing is whatever its splits,
its cycle and its sequence say, and nothing else: a move gives seconds of one split to another,
of all rings between two barriers to another stretch, or takes another sequence.  What comes out
is decoded to the events of the timetable, so that it is priced, judged and proven like any other,
and encodes to exactly the numbers that it was made of.  Another sequence is taken only where
every group shows its colours in the same order under it: a left turn that is permissive before
it is protected, or after, stays as it is.

References
----------
NEMA TS 2 (2003), section 3 (phases, rings, barriers).
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from citybrain.errors import InfeasibleError
from citybrain.model.nema.controller_plan import ControllerPlan
from citybrain.model.nema.decoding import decode
from citybrain.model.nema.encoding import Refusal, encode
from citybrain.model.nema.nearest import shown_by_unit
from citybrain.model.nema.phases import PhaseMap, RingOrder
from citybrain.model.pattern import Pattern
from citybrain.units import same_time
from optimizer.timetable import Timetable
from optimizer.timing import Timing

_MOST_KNOWN = 20_000

SplitTimes = dict[int, int]
"""Phase → its split [s]."""


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Moves of one intersection within what its unit can run.

    Parameters
    ----------
    phase_map
        Phases, rings and barriers of the unit.
    timetable
        Events and bounds, of a pattern that the unit can run.
    """

    phase_map: PhaseMap
    timetable: Timetable
    _known: dict[tuple[tuple[float, ...], float], ControllerPlan] = field(default_factory=dict)

    def forgotten(self) -> "Rings":
        """Return the same without what it has learnt, for another process."""
        return Rings(self.phase_map, self.timetable)

    def snapped(self, pattern: Pattern) -> Timing | None:
        """Return the nearest timing that the unit can run, none if it breaks a bound."""
        try:
            shown = shown_by_unit(pattern, self.phase_map).pattern
        except InfeasibleError:
            return None
        return self._timing(shown, shown.offset_s)

    def moved(self, timing: Timing, rng: random.Random, step_s: int, *, own_cycle: float) -> Timing:
        """Return a timing after a random move of some seconds, itself where that cannot be run.

        Parameters
        ----------
        timing
            One that the unit can run.
        rng
            Dice.
        step_s
            Seconds that change place.
        own_cycle
            Weight of another cycle beside 7 of the other moves. [-]
        """
        kinds: Sequence[Callable[[ControllerPlan, random.Random, int], ControllerPlan | None]] = (
            self._within_a_ring,
            self._between_barriers,
            self._longer,
            self._in_another_sequence,
        )
        kind = rng.choices(kinds, (4, 2, own_cycle, 1))[0]
        return self._shown(kind(self._plan(timing), rng, step_s), timing)

    def lengthened(self, timing: Timing, rng: random.Random, step_s: int) -> Timing:
        """Return a timing whose cycle is some seconds longer, itself where that cannot be run.

        Parameters
        ----------
        timing, rng
            As for ``moved``.
        step_s
            Seconds that the cycle gains; it loses them if negative.
        """
        return self._shown(self._longer(self._plan(timing), rng, step_s), timing)

    def _within_a_ring(
        self, plan: ControllerPlan, rng: random.Random, step_s: int
    ) -> ControllerPlan | None:
        stretches = self.phase_map.sequences[plan.sequence]
        served = [self._served(plan, ring) for stretch in stretches for ring in stretch]
        shared = [numbers for numbers in served if len(numbers) > 1]
        if not shared:
            return None
        gaining, losing = rng.sample(rng.choice(shared), 2)
        splits_s = plan.split_s
        splits_s[gaining] += step_s
        splits_s[losing] -= step_s
        return self._with(plan, splits_s)

    def _between_barriers(
        self, plan: ControllerPlan, rng: random.Random, step_s: int
    ) -> ControllerPlan | None:
        stretches = self.phase_map.sequences[plan.sequence]
        if len(stretches) == 1:
            return None
        gaining, losing = rng.sample(list(stretches), 2)
        splits_s = plan.split_s
        self._grow(splits_s, plan, gaining, step_s, rng)
        self._grow(splits_s, plan, losing, -step_s, rng)
        return self._with(plan, splits_s)

    def _longer(
        self, plan: ControllerPlan, rng: random.Random, step_s: int
    ) -> ControllerPlan | None:
        splits_s = plan.split_s
        stretch = rng.choice(list(self.phase_map.sequences[plan.sequence]))
        self._grow(splits_s, plan, stretch, step_s, rng)
        return self._with(replace(plan, cycle_s=plan.cycle_s + step_s), splits_s)

    def _in_another_sequence(
        self, plan: ControllerPlan, rng: random.Random, _: int
    ) -> ControllerPlan | None:
        return replace(plan, sequence=rng.choice(sorted(self.phase_map.sequences)))

    def _grow(
        self,
        splits_s: SplitTimes,
        plan: ControllerPlan,
        stretch: RingOrder,
        step_s: int,
        rng: random.Random,
    ) -> None:
        """Give some seconds to one phase of every ring between two barriers."""
        for ring in stretch:
            served = self._served(plan, ring)
            if served:
                splits_s[rng.choice(served)] += step_s

    @staticmethod
    def _served(plan: ControllerPlan, ring: Sequence[int]) -> list[int]:
        splits_s = plan.split_s
        return [number for number in ring if splits_s[number]]

    def _with(self, plan: ControllerPlan, splits_s: Mapping[int, int]) -> ControllerPlan | None:
        """Return numbers with other splits, none if one is too short."""
        for number, split_s in splits_s.items():
            if split_s and split_s < self.phase_map.phase(number).least_split_s:
                return None
        splits = tuple(replace(s, split_s=splits_s[s.phase]) for s in plan.splits)
        return replace(plan, splits=splits)

    def _plan(self, timing: Timing) -> ControllerPlan:
        """Return the numbers of a timing; the offset in them means nothing.

        Raises
        ------
        InfeasibleError
            The unit cannot run it.
        """
        key = timing.times_s, timing.cycle_s
        if key not in self._known:
            shown = self.timetable.render(timing.times_s, timing.cycle_s, 0.0, "rings")
            encoded = encode(shown, self.phase_map)
            if isinstance(encoded, Refusal):
                raise InfeasibleError(str(encoded))
            self._know(timing, encoded)
        return self._known[key]

    def _know(self, timing: Timing, plan: ControllerPlan) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        frame = replace(plan.frame, red_clearances_s={})
        self._known[timing.times_s, timing.cycle_s] = replace(plan, frame=frame)

    def _shown(self, plan: ControllerPlan | None, before: Timing) -> Timing:
        """Return the timing that numbers make, at the offset of another; that one if they fail."""
        if plan is None:
            return before
        plan = replace(plan, frame=replace(plan.frame, zero_s=plan.frame.zero_s % plan.cycle_s))
        try:
            shown = decode(replace(plan, offset_s=0), self.phase_map)
        except InfeasibleError:
            return before
        found = self._timing(shown, before.offset_s)
        if found is None:
            return before
        self._know(found, plan)
        return found

    def _timing(self, shown: Pattern, offset_s: float) -> Timing | None:
        times_s = self.timetable.times_of(shown)
        if times_s is None or not self.timetable.is_safe(times_s, shown.cycle_s):
            return None
        found = Timing.of(times_s, shown.cycle_s, offset_s)
        return found if same_time(found.cycle_s, shown.cycle_s) else None
