"""Safety data of an intersection: what every plan must keep, kept apart from any plan."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from citybrain.errors import InfeasibleError
from citybrain.model.aspects import UNCONTROLLED
from citybrain.model.intersection import Intersection
from citybrain.model.nema.phases import Output, PhaseMap

USUAL_CHANGES = frozenset(
    {"Gg", "gG", "Gy", "gy", "GY", "gY", "yr", "Yr", "rG", "rg", "ru", "uG", "ug"}
)
"""Changes of colour that every group may show; one without yellow may also go from green to red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the times of a group follow from, as far as it was measured.

    Parameters
    ----------
    speed_mps
        Speed of approach; 0 if not known, and for walkers. [m/s]
    way_m
        From the stop line across the intersection, or the length of the crossing; 0 if not
        known. [m]
    grade
        Slope of the approach, positive uphill. [-]
    """

    speed_mps: float = 0.0
    way_m: float = 0.0
    grade: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyData:
    """All that the rules ask of a pattern at one intersection.

    Parameters
    ----------
    intersection
        Groups with their minimum greens and walks, conflict matrix, intergreens, yellows,
        red-ambers, longest reds and the range of the cycle.
    red_clearances_s
        Group → red before any conflicting group turns green. [s]
    pedestrian_clearances_s
        Group of walkers → time after its green before any conflicting group turns green. [s]
    overlaps_s
        Pairs whose ways meet and that may be protected both → longest uninterrupted time. [s]
    changes
        Changes of colour that are allowed beyond the usual ones, two letters each.
    plan_step_s
        Cycle and offset are multiples of this. [s]
    change_step_s
        Begins and durations are multiples of this. [s]
    phase_map
        What the controller can run; none for one that takes colours as they are.
    bases
        Group → what its times follow from.
    signed_by, signed_on
        Who answers for the data, and since when; empty for a draft.

    Raises
    ------
    InfeasibleError
        The data contradict themselves; says where.
    """

    intersection: Intersection
    red_clearances_s: Mapping[str, float] = field(default_factory=dict, hash=False)
    pedestrian_clearances_s: Mapping[str, float] = field(default_factory=dict, hash=False)
    overlaps_s: Mapping[tuple[str, str], float] = field(default_factory=dict, hash=False)
    changes: frozenset[str] = frozenset()
    plan_step_s: float = 1.0
    change_step_s: float = 0.1
    phase_map: PhaseMap | None = None
    bases: Mapping[str, Basis] = field(default_factory=dict, hash=False)
    signed_by: str = ""
    signed_on: str = ""

    def __post_init__(self) -> None:
        """Refuse data that contradict themselves."""
        fault = next(_faults(self), "")
        if fault:
            msg = f"{self.intersection.name}: {fault}"
            raise InfeasibleError(msg)

    @property
    def is_signed(self) -> bool:
        """A person answers for the data."""
        return bool(self.signed_by.strip() and self.signed_on.strip())


def _faults(safety: SafetyData) -> Iterator[str]:
    intersection = safety.intersection
    names = {group.name for group in intersection.groups}
    if len(names) != len(intersection.groups):
        yield "a group stands twice"
    for name in _named(safety):
        if name not in names:
            yield f"group {name} is named, but does not exist"
    for first, second in sorted(intersection.conflicts):
        for key in ((first, second), (second, first)):
            if key not in intersection.intergreens_s:
                yield f"conflict of {first} and {second}: no intergreen from {key[0]} to {key[1]}"
    for pair in sorted(intersection.conflicts & intersection.yielding):
        yield f"{pair[0]} and {pair[1]} conflict, and may meet: only one can be"
    for pair in sorted(set(safety.overlaps_s) & intersection.conflicts):
        yield f"{pair[0]} and {pair[1]} conflict, and may overlap: only one can be"
    yield from _flashing_faults(safety.changes)
    if safety.phase_map is not None:
        yield from _map_faults(safety, safety.phase_map)


def _flashing_faults(changes: frozenset[str]) -> Iterator[str]:
    for change in sorted(changes):
        if len(set(change)) > 1 and not UNCONTROLLED.isdisjoint(change):
            yield f"change '{change}': a group that flashes or is dark shows nothing else"


def _named(safety: SafetyData) -> Iterator[str]:
    intersection = safety.intersection
    pairs = (
        *intersection.conflicts,
        *intersection.yielding,
        *intersection.intergreens_s,
        *intersection.protections_s,
        *safety.overlaps_s,
    )
    for first, second in pairs:
        yield from (first, second)
    yield from safety.red_clearances_s
    yield from safety.pedestrian_clearances_s


def _map_faults(safety: SafetyData, phase_map: PhaseMap) -> Iterator[str]:
    driven = [output.group for output in phase_map.outputs]
    names = [group.name for group in safety.intersection.groups]
    if driven != names:
        yield f"the phase map drives groups {driven}, the data have {names}, in this order"
        return
    for first, second in sorted(safety.intersection.conflicts):
        yield from _green_together(phase_map, first, second)
    for output in phase_map.outputs:
        yield from _short_times(safety, phase_map, output)


def _green_together(phase_map: PhaseMap, first: str, second: str) -> Iterator[str]:
    one, other = phase_map.output(first), phase_map.output(second)
    for phase in one.phases if one else ():
        for foe in other.phases if other else ():
            if phase_map.are_concurrent(phase, foe):
                yield (
                    f"groups {first} and {second} conflict, but their phases {phase} and {foe} "
                    "may be green together"
                )


def _short_times(safety: SafetyData, phase_map: PhaseMap, output: Output) -> Iterator[str]:
    group = safety.intersection.group(output.group)
    for number in output.phases:
        phase = phase_map.phase(number)
        least_s = phase.walk_s if output.is_walk else phase.minimum_green_s
        if least_s < group.minimum_green_s:
            yield (
                f"phase {number} is set to {least_s} s of green, group {group.name} asks for "
                f"{group.minimum_green_s:g} s"
            )
        yellow_s = safety.intersection.yellows_s.get(group.name, 0.0)
        if not output.is_walk and phase.yellow_s < yellow_s:
            yield (
                f"phase {number} is set to {phase.yellow_s:g} s of yellow, group {group.name} "
                f"asks for {yellow_s:g} s"
            )
