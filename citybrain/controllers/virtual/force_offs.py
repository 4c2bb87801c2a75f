"""Force-offs, the yield point and permissive periods: what the local clock means to a phase.

Times since the yield point order the phases of one cycle: those that the pattern shows at the
yield point (the anchored ones) come first, and are forced off when the clock passes their point.
"""

from collections.abc import Iterable

from citybrain.controllers.virtual.coordinator import FULL_SPEED, Coordinator
from citybrain.controllers.virtual.rings import Interval, Ring
from citybrain.controllers.virtual.timing import SignalSettings, bit_of, phases_in

NEVER_DS = 1 << 30
"""Stands for a time that does not come. [0.1 s]"""
SLACK_DS = 20
"""A yield point may be missed by this much and still serve the phase that waits. [0.1 s]"""


def force_after_yield_ds(running: Coordinator, phase: int) -> int:
    """Return when a phase is forced off, counted from the yield point [0.1 s]."""
    layout = running.layout
    return (layout.force_ds.get(phase, 0) - layout.yield_ds) % layout.cycle_ds


def left_until_force_ds(running: Coordinator, phase: int) -> int:
    """Return the real time until a phase is forced off [0.1 s]."""
    layout = running.layout
    left_ds = (layout.force_ds.get(phase, 0) - running.local_ds) % layout.cycle_ds
    return -(-left_ds * FULL_SPEED // running.speed) if running.is_predictable else NEVER_DS


def is_open(running: Coordinator, phase: int, clear_ds: int = 0) -> bool:
    """Tell whether a phase that begins after a clearance comes before its force-off.

    Parameters
    ----------
    running
        The local clock.
    phase
        The phase that would begin.
    clear_ds
        Clearance before it. [0.1 s]
    """
    layout = running.layout
    if layout.anchored & bit_of(phase):
        return True
    begin_ds = (running.since_yield_ds() + clear_ds) % layout.cycle_ds
    return begin_ds < force_after_yield_ds(running, phase) + SLACK_DS


def may_yield(running: Coordinator, settings: SignalSettings, phase: int, demand: int) -> bool:
    """Tell whether a waiting phase can have its minimum if a coordinated green ends now.

    Parameters
    ----------
    running
        The local clock.
    settings
        Phases of the unit.
    phase
        The coordinated phase that is green.
    demand
        Mask of the phases that wait.
    """
    since_ds = running.since_yield_ds()
    clear_ds = settings.timings[phase].clear_ds
    for waiting in phases_in(demand & settings.conflicts[phase]):
        latest_ds = force_after_yield_ds(running, waiting) - settings.timings[waiting].need_ds
        if since_ds <= latest_ds - clear_ds + SLACK_DS:
            return True
    return False


def note_forces(running: Coordinator, rings: Iterable[Ring], before_ds: int) -> None:
    """Mark the greens whose force-off has come.

    Parameters
    ----------
    running
        The local clock, just advanced.
    rings
        All rings.
    before_ds
        Time since the yield point before it was advanced. [0.1 s]
    """
    since_ds = running.since_yield_ds()
    for ring in rings:
        if ring.interval is Interval.GREEN and not ring.is_forced:
            force_ds = force_after_yield_ds(running, ring.phase)
            if not running.layout.anchored & bit_of(ring.phase) or before_ds > since_ds:
                ring.is_forced = since_ds >= force_ds
            else:
                ring.is_forced = before_ds < force_ds <= since_ds
