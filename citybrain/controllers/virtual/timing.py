"""What a signal machine is set to: phases, their times, rings and barriers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property

from citybrain.errors import InfeasibleError

TENTHS_PER_S = 10


class PhaseOption(IntFlag):
    """Bits of ``phaseOptions`` that the machine obeys (NTCIP 1202, ``phaseOptions``)."""

    ENABLED = 1 << 0
    NON_ACTUATED_1 = 1 << 3
    NON_ACTUATED_2 = 1 << 4
    NON_LOCK_MEMORY = 1 << 5
    MINIMUM_RECALL = 1 << 6
    MAXIMUM_RECALL = 1 << 7
    PEDESTRIAN_RECALL = 1 << 8
    DUAL_ENTRY = 1 << 10
    REST_IN_WALK = 1 << 13


def bit_of(phase: int) -> int:
    """Return the mask of one phase; phase 1 is bit 0."""
    return 1 << (phase - 1)


def mask_of(phases: Iterable[int]) -> int:
    """Return the mask of several phases."""
    mask = 0
    for phase in phases:
        mask |= bit_of(phase)
    return mask


def phases_in(mask: int) -> Iterator[int]:
    """Yield the phases of a mask, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length()
        mask ^= lowest


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTiming:
    """Times of one phase.

    Parameters
    ----------
    number
        Phase, from 1.
    minimum_green_ds, maximum_green_ds
        Shortest green; longest green while another phase waits. [0.1 s]
    passage_ds
        Time after the last actuation at which the green may end. [0.1 s]
    yellow_ds, red_clear_ds
        Displayed after the green. [0.1 s]
    walk_ds, pedestrian_clear_ds
        Walk and flashing don't walk; 0 for a phase without pedestrians. [0.1 s]
    options
        Recalls, memory and dual entry.
    """

    number: int
    minimum_green_ds: int
    maximum_green_ds: int
    passage_ds: int
    yellow_ds: int
    red_clear_ds: int
    walk_ds: int = 0
    pedestrian_clear_ds: int = 0
    options: PhaseOption = PhaseOption.ENABLED

    @property
    def clear_ds(self) -> int:
        """Yellow and red clearance together [0.1 s]."""
        return self.yellow_ds + self.red_clear_ds

    @property
    def need_ds(self) -> int:
        """Shortest green that serves vehicles and pedestrians [0.1 s]."""
        return max(self.minimum_green_ds, self.walk_ds + self.pedestrian_clear_ds)


@dataclass(frozen=True, kw_only=True)
class SignalSettings:
    """Phases, and the order in which rings serve them between barriers.

    Parameters
    ----------
    phases
        Enabled phases.
    groups
        ``groups[g][r]`` are the phases that ring r serves between barrier g and the next, in
        order; empty where the ring has none.
    startup_flash_s
        Flash after power comes back. [s]

    Raises
    ------
    InfeasibleError
        A phase stands twice, nowhere, or has no times.
    """

    phases: tuple[PhaseTiming, ...]
    groups: tuple[tuple[tuple[int, ...], ...], ...]
    startup_flash_s: int = 0

    def __post_init__(self) -> None:
        """Refuse rings that do not serve every phase exactly once."""
        placed = [phase for group in self.groups for ring in group for phase in ring]
        known = [timing.number for timing in self.phases]
        if not placed or sorted(placed) != sorted(known):
            msg = f"rings serve phases {sorted(placed)}, the unit has {sorted(known)}"
            raise InfeasibleError(msg)
        if len({len(group) for group in self.groups}) != 1:
            msg = "every group names the same rings"
            raise InfeasibleError(msg)

    @cached_property
    def ring_count(self) -> int:
        """Number of rings."""
        return len(self.groups[0])

    @cached_property
    def timings(self) -> dict[int, PhaseTiming]:
        """Phase → its times."""
        return {timing.number: timing for timing in self.phases}

    @cached_property
    def group_of(self) -> dict[int, int]:
        """Phase → the group between two barriers to which it belongs."""
        return {p: g for g, group in enumerate(self.groups) for ring in group for p in ring}

    @cached_property
    def ring_of(self) -> dict[int, int]:
        """Phase → its ring, from 0."""
        return {p: r for group in self.groups for r, ring in enumerate(group) for p in ring}

    @cached_property
    def group_masks(self) -> tuple[int, ...]:
        """Mask of the phases of every group."""
        return tuple(mask_of(p for ring in group for p in ring) for group in self.groups)

    @cached_property
    def conflicts(self) -> dict[int, int]:
        """Phase → mask of the phases that may not be timed with it."""
        everything = mask_of(self.timings)
        return {
            phase: everything & ~mask_of(self._concurrent(phase)) & ~bit_of(phase)
            for phase in self.timings
        }

    def _concurrent(self, phase: int) -> Iterator[int]:
        for ring, phases in enumerate(self.groups[self.group_of[phase]]):
            if ring != self.ring_of[phase]:
                yield from phases

    def with_option(self, option: PhaseOption) -> int:
        """Return the mask of the phases that have an option."""
        return mask_of(timing.number for timing in self.phases if timing.options & option)


def groups_from(
    sequence: Sequence[Sequence[int]], concurrency: dict[int, frozenset[int]]
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Find the barriers that a sequence and a concurrency table describe.

    Parameters
    ----------
    sequence
        Phases of each ring, in order (``sequenceData``).
    concurrency
        Phase → phases of other rings that may be timed with it (``phaseConcurrency``).

    Returns
    -------
    tuple
        ``groups[g][r]``, see `SignalSettings`.

    Raises
    ------
    InfeasibleError
        The rings do not meet at barriers: names the phase.
    """
    ring_of = {phase: ring for ring, phases in enumerate(sequence) for phase in phases}
    members = [_component(phase, concurrency, ring_of) for phase in ring_of]
    ordered: list[frozenset[int]] = []
    for member in members:
        if member not in ordered:
            ordered.append(member)
    lead = max(range(len(sequence)), key=lambda ring: _groups_met(sequence[ring], ordered))
    order = {phase: at for at, phase in enumerate(sequence[lead])}
    ordered.sort(key=lambda member: min((order[p] for p in member if p in order), default=999))
    groups = tuple(
        tuple(tuple(p for p in phases if p in member) for phases in sequence) for member in ordered
    )
    for ring, phases in enumerate(sequence):
        met = [phase for group in groups for phase in group[ring]]
        if met != list(phases):
            msg = f"ring {ring + 1} serves {list(phases)}, which crosses a barrier and comes back"
            raise InfeasibleError(msg)
    return groups


def _groups_met(phases: Sequence[int], groups: Sequence[frozenset[int]]) -> int:
    return sum(bool(group & set(phases)) for group in groups)


def _component(
    phase: int, concurrency: dict[int, frozenset[int]], ring_of: dict[int, int]
) -> frozenset[int]:
    """Return the phases between the same two barriers as a phase; all pairs must be concurrent."""
    known = ring_of.keys()
    partners = concurrency.get(phase, frozenset()) & known
    beside = {p for partner in partners for p in concurrency.get(partner, frozenset()) & known}
    member = frozenset(partners | beside | {phase})
    for one in member:
        expected = {other for other in member if ring_of[other] != ring_of[one]}
        if concurrency.get(one, frozenset()) & known != expected:
            msg = (
                f"phase {one} may be timed with {sorted(concurrency.get(one, ()))}, its group asks"
            )
            msg += f" for {sorted(expected)}"
            raise InfeasibleError(msg)
    return member
