"""Whom a vehicle gives way to, and until when."""

from numba import njit

from citybrain.ports.tables import PERMISSIVE, PROTECTED
from sim.queue_model.arrays import Whole
from sim.queue_model.state import Given, State

CALLEES = "97e595cb81459ae5"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_LOOK_AT = 4
"""How many vehicles of a lane are looked at: who comes later comes too late to be in the way."""
_SAME_QUEUE_S = 2.0
"""Least time between two vehicles of a lane, where it is guessed when they will cross. [s]"""


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def is_green(link: Whole, given: Given, state: State) -> bool:
    """Tell whether vehicles on a link are shown green, or no signal."""
    group, signs = given.links[link].group, state.signs
    is_shown = True
    if group >= 0:
        shown = signs.colour[signs.cell[group] + signs.clock[signs.signal[group]]]
        is_shown = shown in (PROTECTED, PERMISSIVE)
    return is_shown


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def held_by(
    foe: Whole, now_s: float, ahead_s: float, behind_s: float, given: Given, state: State
) -> float:
    """Return until when the vehicles of a link keep one that gives way to them; -1 if they do not.

    Parameters
    ----------
    foe
        The link.
    now_s
        When the one that gives way would cross. [s]
    ahead_s
        Who comes no later than this after it goes first. [s]
    behind_s
        Time that it keeps behind who goes first. [s]
    given, state
        The run.
    """
    held_s = -1.0
    if state.links[foe].crossed_s + behind_s > now_s:
        held_s = state.links[foe].crossed_s + behind_s
    else:
        trips, other = state.trips, state.queues[given.links[foe].from_lane]
        u = other.head
        is_coming = u >= 0 and not other.gives_way and other.full < 0
        if is_coming and is_green(foe, given, state):
            crosses_s = max(trips[u].ready_s, other.free_s)
            for _ in range(_LOOK_AT):
                if crosses_s > now_s + ahead_s:
                    break
                if given.options[trips[u].option].link == foe and crosses_s > now_s - behind_s:
                    held_s = crosses_s + behind_s
                    break
                u = trips[u].next
                if u < 0:
                    break
                crosses_s = max(trips[u].ready_s, crosses_s + _SAME_QUEUE_S)
    return held_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def held_until(link: Whole, now_s: float, given: Given, state: State) -> tuple[float, bool]:
    """Return until when a link gives way to any of its foes.

    Parameters
    ----------
    link
        The link.
    now_s
        When somebody would cross. [s]
    given, state
        The run.

    Returns
    -------
    held_s
        Until when; -1 if nobody is in the way. [s]
    merges
        Whether one of them is bound for the same lane.
    """
    physics = given.physics
    held_s = -1.0
    merges = False
    for place in range(given.links[link].first_yield, given.links[link].end_yield):
        merging = given.yield_merges[place]
        until_s = held_by(
            given.yield_link[place],
            now_s,
            given.links[link].gap_s + merging * physics.merge_gap_s,
            given.links[link].clearance_s + merging * physics.merge_clearance_s,
            given,
            state,
        )
        if until_s > now_s:
            held_s = max(held_s, until_s)
            merges = merges or merging > 0
    return held_s, merges
