"""The phase map of a junction: which signal group shows which phase, in which ring."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from citybrain.errors import InfeasibleError
from citybrain.model.aspects import GREENS, Aspect
from citybrain.units import rounded_s

RingOrder = tuple[tuple[int, ...], ...]
"""Phases of each ring between two barriers, in the order in which they are served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase with the times that the unit is set to.

    Parameters
    ----------
    number
        Number of the phase, from 1.
    minimum_green_s, walk_s, pedestrian_clearance_s
        Whole seconds; walk and clearance are 0 for a phase without walkers. [s]
    yellow_s, red_clearance_s
        Tenths. [s]
    rests_in_walk
        Walk lasts until only its clearance is left of the green, else ``walk_s``.
    """

    number: int
    minimum_green_s: int
    yellow_s: float
    red_clearance_s: float
    walk_s: int = 0
    pedestrian_clearance_s: int = 0
    rests_in_walk: bool = False

    @property
    def clearance_s(self) -> float:
        """Yellow and red clearance together [s]."""
        return rounded_s(self.yellow_s + self.red_clearance_s)

    @property
    def least_green_s(self) -> int:
        """Shortest green that serves vehicles and walkers [s]."""
        return max(self.minimum_green_s, self.walk_s + self.pedestrian_clearance_s)

    @property
    def least_split_s(self) -> int:
        """Shortest whole split that serves the phase [s]."""
        return math.ceil(self.least_green_s + self.clearance_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What one signal group follows.

    Parameters
    ----------
    group
        Name of the signal group.
    phases
        Phase → colour that the group shows during its green, protected or permissive.  Several
        phases make an overlap: green while any of them is green, protected as soon as one
        protects it, and held through the clearance between two of them that follow one another.
    is_walk
        The group shows the walk of its one phase.

    Raises
    ------
    InfeasibleError
        It follows no green, or shows the walk of several phases.
    """

    group: str
    phases: Mapping[int, Aspect] = field(hash=False)
    is_walk: bool = False

    def __post_init__(self) -> None:
        """Refuse an output without a green, and a walk of several phases."""
        if not self.phases or not set(self.phases.values()) <= GREENS:
            msg = f"group {self.group} follows phases with 'G' or 'g', at least one"
            raise InfeasibleError(msg)
        if self.is_walk and len(self.phases) > 1:
            msg = f"group {self.group} shows the walk of {len(self.phases)} phases, not of one"
            raise InfeasibleError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseMap:
    """Phases, rings and barriers of one unit, and the signal groups that they drive.

    Parameters
    ----------
    phases
        All phases of the unit that are used.
    sequences
        Number of a sequence → for each stretch between two barriers, the phases of each ring in
        order.  Every sequence serves every phase once.
    coordinated
        Phases that the offset refers to, at most one of a ring, all between the same barriers.
        Local zero of the unit is the begin of the first coordinated green
        (``patternCoordSyncPoint`` firstGreenBegin).
    outputs
        One for each signal group.

    Raises
    ------
    InfeasibleError
        A sequence does not serve every phase once, phases are coordinated that cannot be green
        together, a group stands twice, or a phase is named that the unit has not.
    """

    phases: tuple[Phase, ...]
    sequences: Mapping[int, tuple[RingOrder, ...]] = field(hash=False)
    coordinated: tuple[int, ...]
    outputs: tuple[Output, ...]

    def __post_init__(self) -> None:
        """Refuse rings that do not serve every phase once, and names of phases that are not."""
        fault = next(_faults(self), "")
        if fault:
            raise InfeasibleError(fault)

    def phase(self, number: int) -> Phase:
        """Return a phase by its number.

        Raises
        ------
        InfeasibleError
            The unit has no such phase.
        """
        for phase in self.phases:
            if phase.number == number:
                return phase
        known = ", ".join(str(phase.number) for phase in self.phases)
        msg = f"the unit has no phase {number}; it has {known}"
        raise InfeasibleError(msg)

    def output(self, group: str) -> Output | None:
        """Return what a group follows; none if no phase drives it."""
        return next((output for output in self.outputs if output.group == group), None)

    def rings(self, sequence: int) -> tuple[tuple[int, ...], ...]:
        """Return the phases of each ring over the whole cycle, in order."""
        stretches = self.sequences[sequence]
        return tuple(
            tuple(number for stretch in stretches for number in stretch[ring])
            for ring in range(len(stretches[0]))
        )

    def are_concurrent(self, first: int, second: int) -> bool:
        """Tell whether two phases may be green together: other rings, same pair of barriers."""
        return all(
            first == second
            or any(
                ring != other and first in stretch[ring] and second in stretch[other]
                for stretch in stretches
                for ring in range(len(stretch))
                for other in range(len(stretch))
            )
            for stretches in self.sequences.values()
        )

    def share_ring(self, first: int, second: int) -> bool:
        """Tell whether two different phases are served one after the other, in one ring."""
        return first != second and any(
            first in ring and second in ring
            for sequence in self.sequences
            for ring in self.rings(sequence)
        )


def _faults(phase_map: PhaseMap) -> Iterator[str]:
    numbers = [phase.number for phase in phase_map.phases]
    for number, times in Counter(numbers).items():
        if times > 1:
            yield f"phase {number} stands {times} times"
    if not phase_map.sequences:
        yield "the phase map has no sequence"
    for sequence, stretches in phase_map.sequences.items():
        yield from _sequence_faults(sequence, stretches, numbers)
    yield from _coordination_faults(phase_map)
    for output in phase_map.outputs:
        for number in set(output.phases) - set(numbers):
            yield f"group {output.group} follows phase {number}, which the unit has not"
    for group, times in Counter(output.group for output in phase_map.outputs).items():
        if times > 1:
            yield f"group {group} stands {times} times"


def _sequence_faults(
    sequence: int, stretches: Sequence[RingOrder], numbers: Sequence[int]
) -> Iterator[str]:
    if len({len(stretch) for stretch in stretches}) != 1:
        yield f"sequence {sequence}: every stretch between barriers names the same rings"
    served = sorted(number for stretch in stretches for ring in stretch for number in ring)
    if served != sorted(numbers):
        yield f"sequence {sequence} serves phases {served}, the unit has {sorted(numbers)}"


def _coordination_faults(phase_map: PhaseMap) -> Iterator[str]:
    chosen = phase_map.coordinated
    if not chosen:
        yield "no phase is coordinated"
    known = {phase.number for phase in phase_map.phases}
    for number in set(chosen) - known:
        yield f"phase {number} is coordinated, but the unit has it not"
    if set(chosen) <= known and not all(
        phase_map.are_concurrent(one, other) for one in chosen for other in chosen
    ):
        yield f"phases {list(chosen)} are coordinated, but cannot be green together"
