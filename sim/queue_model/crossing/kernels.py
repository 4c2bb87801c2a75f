"""What becomes of a vehicle that crosses, and of those behind it."""

from numba import njit

from sim.queue_model.arrays import Whole
from sim.queue_model.calendar.kernels import wake
from sim.queue_model.detecting.kernels import LAUNCHED
from sim.queue_model.room.kernels import leave_room
from sim.queue_model.state import Given, State

CALLEES = "ff3aebbc48b18da5"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_CREEP_MPS = 0.5
"""The slowest that anybody drives. [m/s]"""


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def pass_line(  # noqa: PLR0913, PLR0917 - who comes when
    v: Whole,
    lane: Whole,
    link: Whole,
    now_s: float,
    gives_way: bool,
    has_stopped: bool,
    given: Given,
    state: State,
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
    given, state
        The run.

    Returns
    -------
    passing_mps
        Its speed at the stop line. [m/s]
    braked_s
        Time that it lost by braking for the link. [s]
    """
    driver, way, physics = given.drivers[v], given.links[link], given.physics
    passing_mps = way.cross_mps
    braked_s = way.slowing_s
    behind = state.trips[v].next
    later_s = given.drivers[behind].later_s if behind >= 0 else 0.0
    least_s = physics.headway_s + later_s
    headway_s = least_s + physics.space_factor * driver.space_m * way.per_cross
    if gives_way and passing_mps > driver.careful_mps:
        slower_mps = passing_mps - driver.careful_mps
        braked_s += slower_mps * slower_mps / (2.0 * driver.brake * passing_mps)
        passing_mps = driver.careful_mps
        headway_s = least_s + physics.space_factor * driver.space_m / passing_mps
    place = state.queues[lane].launched
    if place < LAUNCHED:
        state.queues[lane].launched = place + 1
        launch_s = driver.launch_s
        if place > 0:
            start_s = physics.reaction_s + launch_s * (given.root[place + 1] - given.root[place])
        else:
            start_s = physics.first_reaction_s + physics.first_share * launch_s
        if has_stopped:
            start_s = physics.stop_reaction_s + physics.first_share * launch_s
        headway_s = max(headway_s, start_s + driver.jitter_s + physics.starting_share * later_s)
        passing_mps = min(passing_mps, given.root[place] * driver.accel * launch_s)
        braked_s = 0.0
    state.queues[lane].free_s = now_s + headway_s
    return passing_mps, braked_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def leave_lane(v: Whole, lane: Whole, now_s: float, given: Given, state: State) -> None:
    """Leave room behind, which travels back, and wake those who wait for it.

    It may have stood on the lane beside, so that those who wait there are woken, too.
    """
    home = state.trips[v].stands_on
    back_s = now_s + given.lanes[home].wave_s
    leave_room(home, back_s, given.drivers[v].space_m, given, state)
    _wake_waiting(lane, back_s, given, state)
    if home != lane:
        _wake_waiting(home, back_s, given, state)


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _wake_waiting(lane: Whole, back_s: float, given: Given, state: State) -> None:
    """Wake those who wait for room on a lane when the wave has come by, and start from rest."""
    while state.queues[lane].first_waiting >= 0:
        other = state.queues[lane].first_waiting
        queue = state.queues[other]
        state.queues[lane].first_waiting = queue.next_waiting
        queue.full = -1
        start_s = given.physics.start_m / given.drivers[queue.head].accel
        queue.free_s = max(queue.free_s, back_s + start_s)
        queue.moves_s = queue.free_s
        wake(other, int(queue.free_s), given.horizon, state.calendar)


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def drive_on(
    v: Whole, link: Whole, lane: Whole, passing_mps: float, braked_s: float, given: Given
) -> tuple[float, float, float, float]:
    """Return how long a vehicle drives to the next stop line, and what of it is lost.

    Parameters
    ----------
    v, link, lane
        Vehicle, link and the lane behind it.
    passing_mps, braked_s
        Speed at the stop line, and time lost by braking before it. [m/s], [s]
    given
        The run.

    Returns
    -------
    inside_s, spent_s, drive_s
        Time inside the junction, what braking and accelerating take, and the street. [s]
    more_s
        How much longer that is than unhindered. [s]
    """
    driver, way, street = given.drivers[v], given.links[link], given.lanes[lane]
    wanted_mps = street.speed_mps * driver.factor
    cruising_mps = max(wanted_mps - driver.dawdle, _CREEP_MPS)
    slower_mps = max(cruising_mps - passing_mps, 0.0)
    spent_s = slower_mps * slower_mps * driver.half_accel / cruising_mps + braked_s
    ideal_s = street.length_m * street.per_speed + way.inside_m * way.per_cross
    drive_s = street.length_m / cruising_mps
    inside_s = 0.0
    if way.inside_m > 0.0:
        inside_s = way.inside_m / max(way.cross_mps * driver.factor - driver.dawdle, _CREEP_MPS)
    more_s = spent_s + drive_s + inside_s - ideal_s * driver.pace
    return inside_s, spent_s, drive_s, more_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def note_loss(lost_s: float, link: Whole, is_bus: bool, is_stop: bool, state: State) -> None:
    """Count a crossing and what was lost on the way there."""
    tally = state.links[link]
    state.totals[0] += lost_s
    tally.delay_s += lost_s
    tally.count += 1
    if is_bus:
        tally.bus_delay_s += lost_s
    if is_stop:
        state.totals[2] += 1.0
        tally.stops += 1


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def join(v: Whole, lane: Whole, arrives_s: float, tick: Whole, given: Given, state: State) -> None:
    """Become the last one of a lane, which is woken if there is nobody else."""
    state.trips[v].ready_s = arrives_s
    queue = state.queues[lane]
    if queue.head < 0:
        queue.head = v
        queue.tail = v
        if queue.full < 0:
            at_s = arrives_s if arrives_s > queue.free_s else queue.free_s
            wake(lane, max(int(at_s), tick), given.horizon, state.calendar)
    else:
        state.trips[queue.tail].next = v
        queue.tail = v
