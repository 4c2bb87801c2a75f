"""What becomes of a vehicle that crosses, and of those behind it."""

from numba import njit

from sim.queue_model.arrays import Ints, Whole
from sim.queue_model.calendar.kernels import wake
from sim.queue_model.colours.kernels import LAUNCHED
from sim.queue_model.inputs import Constants, DemandArrays, StreetArrays
from sim.queue_model.room.kernels import leave_room
from sim.queue_model.state import Queues, Ratios, Rings, Tallies, Trips, Waiting

CALLEES = "976315e5336bdfec"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_CREEP_MPS = 0.5
"""The slowest that anybody drives. [m/s]"""


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def pass_line(  # noqa: PLR0913, PLR0917 - who drives how
    v: Whole,
    lane: Whole,
    link: Whole,
    now_s: float,
    gives_way: bool,
    has_stopped: bool,
    streets: StreetArrays,
    demand: DemandArrays,
    physics: Constants,
    ratios: Ratios,
    queues: Queues,
    trips: Trips,
) -> tuple[float, float]:
    """Pass the stop line, which the next vehicle can do a headway later.

    Parameters
    ----------
    v, lane, link
        Vehicle, its lane and the link.
    now_s
        When it passes. [s]
    gives_way, has_stopped
        Whether it has to approach with care, and whether it had to stop first.
    streets, demand, physics, ratios, queues, trips
        What the words say.

    Returns
    -------
    passing_mps
        Its speed at the stop line. [m/s]
    braked_s
        Time that it lost by braking for the link. [s]
    """
    space_m = demand.space_m[v]
    passing_mps = streets.cross_mps[link]
    braked_s = streets.slowing_s[link]
    behind = trips.next[v]
    later_s = demand.later_s[behind] if behind >= 0 else 0.0
    least_s = physics.headway_s + later_s
    headway_s = least_s + physics.space_factor * space_m * ratios.per_cross[link]
    if gives_way and passing_mps > demand.careful_mps[v]:
        slower_mps = passing_mps - demand.careful_mps[v]
        braked_s += slower_mps * slower_mps / (2.0 * demand.brake[v] * passing_mps)
        passing_mps = demand.careful_mps[v]
        headway_s = least_s + physics.space_factor * space_m / passing_mps
    place = queues.launched[lane]
    if place < LAUNCHED:
        queues.launched[lane] = place + 1
        launch_s = demand.launch_s[v]
        if place > 0:
            start_s = physics.reaction_s + launch_s * (ratios.root[place + 1] - ratios.root[place])
        else:
            start_s = physics.first_reaction_s + physics.first_share * launch_s
        if has_stopped:
            start_s = physics.stop_reaction_s + physics.first_share * launch_s
        headway_s = max(headway_s, start_s + demand.jitter_s[v] + physics.starting_share * later_s)
        passing_mps = min(passing_mps, ratios.root[place] * demand.accel[v] * launch_s)
        braked_s = 0.0
    queues.free_s[lane] = now_s + headway_s
    return passing_mps, braked_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def leave_lane(  # noqa: PLR0913, PLR0917 - who stands where
    v: Whole,
    lane: Whole,
    now_s: float,
    start_m: float,
    horizon: Whole,
    streets: StreetArrays,
    demand: DemandArrays,
    queues: Queues,
    waiting: Waiting,
    rings: Rings,
    trips: Trips,
    calendar: Ints,
) -> None:
    """Leave room behind, which travels back, and wake those who wait for it.

    It may have stood on the lane beside, so that those who wait there are woken, too.
    """
    home = trips.stands_on[v]
    back_s = now_s + streets.wave_s[home]
    leave_room(home, back_s, demand.space_m[v], rings)
    _wake_waiting(lane, back_s, start_m, horizon, demand, queues, waiting, calendar)
    if home != lane:
        _wake_waiting(home, back_s, start_m, horizon, demand, queues, waiting, calendar)


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _wake_waiting(  # noqa: PLR0913, PLR0917 - who stands where
    lane: Whole,
    back_s: float,
    start_m: float,
    horizon: Whole,
    demand: DemandArrays,
    queues: Queues,
    waiting: Waiting,
    calendar: Ints,
) -> None:
    """Wake those who wait for room on a lane when the wave has come by, and start from rest."""
    while waiting.first[lane] >= 0:
        other = waiting.first[lane]
        waiting.first[lane] = waiting.after[other]
        waiting.full[other] = -1
        start_s = start_m / demand.accel[queues.head[other]]
        queues.free_s[other] = max(queues.free_s[other], back_s + start_s)
        queues.moves_s[other] = queues.free_s[other]
        wake(other, int(queues.free_s[other]), horizon, calendar)


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def drive_on(  # noqa: PLR0913, PLR0917 - who drives how
    v: Whole,
    link: Whole,
    lane: Whole,
    passing_mps: float,
    braked_s: float,
    streets: StreetArrays,
    demand: DemandArrays,
    ratios: Ratios,
) -> tuple[float, float, float, float]:
    """Return how long a vehicle drives to the next stop line, and what of it is lost.

    Parameters
    ----------
    v, link, lane
        Vehicle, link and the lane behind it.
    passing_mps, braked_s
        Speed at the stop line, and time lost by braking before it. [m/s], [s]
    streets, demand, ratios
        What the words say.

    Returns
    -------
    inside_s, spent_s, drive_s
        Time inside the junction, what braking and accelerating take, and the street. [s]
    more_s
        How much longer that is than unhindered. [s]
    """
    wanted_mps = streets.speed_mps[lane] * demand.factor[v]
    cruising_mps = max(wanted_mps - demand.dawdle[v], _CREEP_MPS)
    slower_mps = max(cruising_mps - passing_mps, 0.0)
    spent_s = slower_mps * slower_mps * ratios.half_accel[v] / cruising_mps + braked_s
    inside_m = streets.inside_m[link]
    ideal_s = streets.length_m[lane] * ratios.per_speed[lane] + inside_m * ratios.per_cross[link]
    drive_s = streets.length_m[lane] / cruising_mps
    inside_s = 0.0
    if inside_m > 0.0:
        through_mps = streets.cross_mps[link] * demand.factor[v] - demand.dawdle[v]
        inside_s = inside_m / max(through_mps, _CREEP_MPS)
    more_s = spent_s + drive_s + inside_s - ideal_s * ratios.pace[v]
    return inside_s, spent_s, drive_s, more_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def note_loss(lost_s: float, link: Whole, is_bus: bool, is_stop: bool, tallies: Tallies) -> None:
    """Count a crossing and what was lost on the way there."""
    tallies.totals[0] += lost_s
    tallies.link_delay_s[link] += lost_s
    tallies.link_count[link] += 1
    if is_bus:
        tallies.bus_delay_s[link] += lost_s
    if is_stop:
        tallies.totals[2] += 1.0
        tallies.link_stops[link] += 1


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def join(  # noqa: PLR0913, PLR0917 - who stands where
    v: Whole,
    lane: Whole,
    arrives_s: float,
    tick: Whole,
    horizon: Whole,
    queues: Queues,
    waiting: Waiting,
    trips: Trips,
    calendar: Ints,
) -> None:
    """Become the last one of a lane, which is woken if there is nobody else."""
    trips.ready_s[v] = arrives_s
    if queues.head[lane] < 0:
        queues.head[lane] = v
        queues.tail[lane] = v
        if waiting.full[lane] < 0:
            free_s = queues.free_s[lane]
            at_s = arrives_s if arrives_s > free_s else free_s
            wake(lane, max(int(at_s), tick), horizon, calendar)
    else:
        trips.next[queues.tail[lane]] = v
        queues.tail[lane] = v
