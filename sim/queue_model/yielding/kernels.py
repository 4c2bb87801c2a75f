"""Whom a vehicle gives way to, and until when."""

from numba import njit

from citybrain.ports.tables import PERMISSIVE, PROTECTED
from sim.queue_model.arrays import Floats, Whole
from sim.queue_model.inputs import RouteArrays, StreetArrays
from sim.queue_model.state import Queues, Signs, Trips, Waiting

CALLEES = "8ff61bc7d4fd5acf"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_LOOK_AT = 4
"""How many vehicles of a lane are looked at: who comes later comes too late to be in the way."""
_SAME_QUEUE_S = 2.0
"""Least time between two vehicles of a lane, where it is guessed when they will cross. [s]"""


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def is_green(link: Whole, streets: StreetArrays, signs: Signs) -> bool:
    """Tell whether vehicles on a link are shown green, or no signal."""
    group = streets.group[link]
    is_shown = True
    if group >= 0:
        shown = signs.colour[signs.cell[group] + signs.clock[signs.signal[group]]]
        is_shown = shown in (PROTECTED, PERMISSIVE)
    return is_shown


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def held_by(  # noqa: PLR0913, PLR0917 - who comes from where
    foe: Whole,
    now_s: float,
    ahead_s: float,
    behind_s: float,
    crossed_s: Floats,
    streets: StreetArrays,
    routes: RouteArrays,
    signs: Signs,
    queues: Queues,
    waiting: Waiting,
    trips: Trips,
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
    crossed_s
        When each link was crossed last. [s]
    streets, routes, signs, queues, waiting, trips
        What the words say.
    """
    held_s = -1.0
    if crossed_s[foe] + behind_s > now_s:
        held_s = crossed_s[foe] + behind_s
    else:
        other = streets.from_lane[foe]
        u = queues.head[other]
        is_coming = u >= 0 and not queues.gives_way[other] and waiting.full[other] < 0
        if is_coming and is_green(foe, streets, signs):
            crosses_s = max(trips.ready_s[u], queues.free_s[other])
            for _ in range(_LOOK_AT):
                if crosses_s > now_s + ahead_s:
                    break
                if routes.link[trips.option[u]] == foe and crosses_s > now_s - behind_s:
                    held_s = crosses_s + behind_s
                    break
                u = trips.next[u]
                if u < 0:
                    break
                crosses_s = max(trips.ready_s[u], crosses_s + _SAME_QUEUE_S)
    return held_s
