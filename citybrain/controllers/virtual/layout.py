"""A pattern laid out on the cycle: when each phase starts, and when it is forced off."""

from collections.abc import Mapping
from dataclasses import dataclass

from citybrain.controllers.ntcip.states import Free, SplitMode
from citybrain.controllers.virtual.coord_pattern import CoordPattern, Split, SyncPoint
from citybrain.controllers.virtual.timing import (
    TENTHS_PER_S,
    PhaseTiming,
    SignalSettings,
    mask_of,
    phases_in,
)
from citybrain.errors import CitybrainError

MOST_SPEED = 120
"""Fastest local clock while a transition shortens cycles. [% of the master clock]"""
SLOW_SPEED = 80
"""Local clock while a transition lengthens cycles. [% of the master clock]"""


class CannotRunError(CitybrainError):
    """A pattern that the unit cannot run.

    Parameters
    ----------
    reason
        What the unit reports in ``localFreeStatus``.
    what
        Why, in words.
    """

    def __init__(self, reason: Free, what: str) -> None:
        super().__init__(f"{reason.name.lower()}: {what}")
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A pattern that the unit can run, in local cycle time.

    Parameters
    ----------
    number
        Pattern.
    cycle_ds, offset_ds
        Cycle and offset. [0.1 s]
    coordinated
        Mask of the coordinated phases.
    anchored
        Mask of the phases that the pattern shows at the yield point; the coordinated among them.
    start_ds, force_ds
        Phase → begin of its split; end of its green, yellow and red clearance left. [0.1 s]
    yield_ds
        First instant at which a coordinated green may end. [0.1 s]
    dwell_ds
        Where the clock stands while it dwells: all coordinated phases green, and the last tenth
        before any phase is forced off. [0.1 s]
    maximum_recall, minimum_recall, pedestrian_recall, omitted
        Masks that the split modes add.
    fastest
        Fastest local clock at which every phase still gets its minimum. [% of the master clock]
    """

    number: int
    cycle_ds: int
    offset_ds: int
    coordinated: int
    anchored: int
    start_ds: Mapping[int, int]
    force_ds: Mapping[int, int]
    yield_ds: int
    dwell_ds: int
    maximum_recall: int = 0
    minimum_recall: int = 0
    pedestrian_recall: int = 0
    omitted: int = 0
    fastest: int = MOST_SPEED


def lay_out(settings: SignalSettings, pattern: CoordPattern) -> Layout:
    """Lay a pattern out on the rings of a unit.

    Raises
    ------
    CannotRunError
        The unit would run Free instead; tells the reason that it reports.
    """
    _check_cycle(settings, pattern)
    splits = {n: pattern.splits.get(n, Split(time_s=0)) for n in settings.timings}
    omitted = mask_of(n for n, split in splits.items() if split.mode is SplitMode.PHASE_OMITTED)
    _check_splits(settings, splits, omitted)
    starts_ds = _starts_ds(settings, pattern, splits, omitted)
    coordinated = _coordinated(settings, splits, omitted)
    forces_ds = {
        n: starts_ds[n] + splits[n].time_s * TENTHS_PER_S - settings.timings[n].clear_ds
        for n in starts_ds
    }
    zero_ds = _zero_ds(settings, pattern.sync_point, coordinated, (starts_ds, forces_ds))
    cycle_ds = pattern.cycle_s * TENTHS_PER_S
    _check_overlap(coordinated, starts_ds, forces_ds)
    first_force_ds = min(forces_ds[n] for n in phases_in(coordinated))
    return Layout(
        number=pattern.number,
        cycle_ds=cycle_ds,
        offset_ds=pattern.offset_s * TENTHS_PER_S,
        coordinated=coordinated,
        anchored=mask_of(n for n in starts_ds if starts_ds[n] < first_force_ds <= forces_ds[n]),
        start_ds={n: (at - zero_ds) % cycle_ds for n, at in starts_ds.items()},
        force_ds={n: (at - zero_ds) % cycle_ds for n, at in forces_ds.items()},
        yield_ds=(first_force_ds - zero_ds) % cycle_ds,
        dwell_ds=(_dwell_ds(coordinated, starts_ds, forces_ds, cycle_ds) - zero_ds) % cycle_ds,
        maximum_recall=_with_mode(splits, _MAXIMUM),
        minimum_recall=_with_mode(splits, frozenset({SplitMode.MINIMUM_VEHICLE_RECALL})),
        pedestrian_recall=_with_mode(splits, _PEDESTRIAN),
        omitted=omitted,
        fastest=_fastest(settings, splits, omitted),
    )


_MAXIMUM = frozenset(
    {
        SplitMode.MAXIMUM_VEHICLE_RECALL,
        SplitMode.MAXIMUM_VEHICLE_AND_PEDESTRIAN_RECALL,
        SplitMode.NON_ACTUATED,
    }
)
_PEDESTRIAN = frozenset(
    {
        SplitMode.PEDESTRIAN_RECALL,
        SplitMode.MAXIMUM_VEHICLE_AND_PEDESTRIAN_RECALL,
        SplitMode.NON_ACTUATED,
    }
)


def _with_mode(splits: Mapping[int, Split], modes: frozenset[SplitMode]) -> int:
    return mask_of(phase for phase, split in splits.items() if split.mode in modes)


def _check_cycle(settings: SignalSettings, pattern: CoordPattern) -> None:
    if pattern.cycle_s == 0:
        what = f"pattern {pattern.number} has no cycle: it asks for Free"
        raise CannotRunError(Free.COORD_FREE, what)
    least_ds = sum(
        max((_sum_ds(settings, ring) for ring in group), default=0) for group in settings.groups
    )
    if pattern.cycle_s * TENTHS_PER_S < least_ds:
        what = f"cycle {pattern.cycle_s} s is below the minimums, {least_ds / TENTHS_PER_S:g} s"
        if not any(split.mode is SplitMode.PHASE_OMITTED for split in pattern.splits.values()):
            raise CannotRunError(Free.BAD_CYCLE_TIME, what)
    if pattern.offset_s >= pattern.cycle_s:
        what = f"offset {pattern.offset_s} s is not below the cycle, {pattern.cycle_s} s"
        raise CannotRunError(Free.INVALID_OFFSET, what)


def _sum_ds(settings: SignalSettings, ring: tuple[int, ...]) -> int:
    return sum(settings.timings[n].minimum_green_ds + settings.timings[n].clear_ds for n in ring)


def _check_splits(settings: SignalSettings, splits: Mapping[int, Split], omitted: int) -> None:
    for number, timing in settings.timings.items():
        least_ds = timing.need_ds + timing.clear_ds
        if splits[number].time_s * TENTHS_PER_S < least_ds and not omitted & mask_of([number]):
            what = f"split of phase {number} is {splits[number].time_s} s, its minimums take "
            what += f"{least_ds / TENTHS_PER_S:g} s"
            raise CannotRunError(Free.SPLIT_OVERRUN, what)


def _starts_ds(
    settings: SignalSettings, pattern: CoordPattern, splits: Mapping[int, Split], omitted: int
) -> dict[int, int]:
    """Return when each split begins, counted from the first barrier [0.1 s]."""
    starts_ds: dict[int, int] = {}
    barrier_ds = 0
    for group in settings.groups:
        lengths_ds: set[int] = set()
        for ring in group:
            served = [n for n in ring if not omitted & mask_of([n])]
            at_ds = barrier_ds
            for phase in served:
                starts_ds[phase] = at_ds
                at_ds += splits[phase].time_s * TENTHS_PER_S
            if served:
                lengths_ds.add(at_ds - barrier_ds)
        if len(lengths_ds) > 1:
            what = f"rings reach a barrier after {sorted(n // TENTHS_PER_S for n in lengths_ds)} s"
            raise CannotRunError(Free.BAD_PLAN, what)
        barrier_ds += max(lengths_ds, default=0)
    if barrier_ds != pattern.cycle_s * TENTHS_PER_S:
        reason = Free.BAD_PLAN
        if barrier_ds > pattern.cycle_s * TENTHS_PER_S:
            reason = Free.SPLIT_OVERRUN
        what = f"splits add up to {barrier_ds // TENTHS_PER_S} s, the cycle is {pattern.cycle_s} s"
        raise CannotRunError(reason, what)
    return starts_ds


def _coordinated(settings: SignalSettings, splits: Mapping[int, Split], omitted: int) -> int:
    chosen = [n for n, split in splits.items() if split.is_coordinated]
    if not chosen:
        raise CannotRunError(Free.BAD_PLAN, "no phase is coordinated")
    rings = {settings.ring_of[n] for n in chosen}
    groups = {settings.group_of[n] for n in chosen}
    if len(rings) != len(chosen) or len(groups) != 1 or mask_of(chosen) & omitted:
        what = f"phases {chosen} cannot be coordinated together"
        raise CannotRunError(Free.BAD_PLAN, what)
    return mask_of(chosen)


def _check_overlap(
    coordinated: int, starts_ds: Mapping[int, int], forces_ds: Mapping[int, int]
) -> None:
    """Refuse coordinated greens that are never on together: no transition could begin."""
    latest_ds = max(starts_ds[n] for n in phases_in(coordinated))
    if latest_ds >= min(forces_ds[n] for n in phases_in(coordinated)):
        raise CannotRunError(Free.BAD_PLAN, "coordinated greens do not overlap")


def _dwell_ds(
    coordinated: int, starts_ds: Mapping[int, int], forces_ds: Mapping[int, int], cycle_ds: int
) -> int:
    latest_ds = max(starts_ds[n] for n in phases_in(coordinated))
    return latest_ds - 1 + min((at - latest_ds - 1) % cycle_ds + 1 for at in forces_ds.values())


def _zero_ds(
    settings: SignalSettings,
    sync_point: SyncPoint,
    coordinated: int,
    times: tuple[Mapping[int, int], Mapping[int, int]],
) -> int:
    """Return the instant of local zero, counted from the first barrier [0.1 s]."""
    starts_ds, forces_ds = times
    ends_ds = [forces_ds[n] for n in phases_in(coordinated)]
    yellow_ends_ds = [forces_ds[n] + settings.timings[n].yellow_ds for n in phases_in(coordinated)]
    begins_ds = [starts_ds[n] for n in phases_in(coordinated)]
    return {
        SyncPoint.LAST_GREEN_BEGIN: max(begins_ds),
        SyncPoint.FIRST_GREEN_END: min(ends_ds),
        SyncPoint.LAST_GREEN_END: max(ends_ds),
        SyncPoint.FIRST_YELLOW_END: min(yellow_ends_ds),
        SyncPoint.LAST_YELLOW_END: max(yellow_ends_ds),
    }.get(sync_point, min(begins_ds))


def _fastest(settings: SignalSettings, splits: Mapping[int, Split], omitted: int) -> int:
    """Return the fastest local clock that cuts no minimum [% of the master clock].

    A phase p that follows q has, at speed v, (split_p - clear_p + clear_q - v clear_q) / v of
    green: clearances keep their real length.
    """
    fastest = MOST_SPEED
    for ring in range(settings.ring_count):
        served = [
            settings.timings[n]
            for group in settings.groups
            for n in group[ring]
            if not omitted & mask_of([n])
        ]
        for at, timing in enumerate(served):
            split_ds = splits[timing.number].time_s * TENTHS_PER_S
            fastest = min(fastest, _fastest_after(served[at - 1], timing, split_ds))
    return max(fastest, 100)


def _fastest_after(before: PhaseTiming, timing: PhaseTiming, split_ds: int) -> int:
    needed_ds = timing.need_ds + before.clear_ds
    if needed_ds == 0:
        return MOST_SPEED
    return 100 * (split_ds - timing.clear_ds + before.clear_ds) // needed_ds
