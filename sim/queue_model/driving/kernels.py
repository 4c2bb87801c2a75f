"""The calendar of a run: a woken lane lets vehicles cross until its first one has to wait.

Nothing here owns memory.  Numba would count references to every array that a part of the loop
takes, which takes as long as the model itself; so the parts are compiled in (``inline``), and the
loop is without memory of its own.
"""

from typing import Any

import numpy as np
from numba import njit

from citybrain.ports.tables import PERMISSIVE, PROTECTED, RED, STOP_THEN_GO, YELLOW
from sim.queue_model.arrays import Whole
from sim.queue_model.calendar.kernels import next_awake, wake
from sim.queue_model.choosing.kernels import chosen, note_entry, note_exit
from sim.queue_model.clocks.kernels import NEVER, early_s
from sim.queue_model.crossing.kernels import drive_on, join, leave_lane, note_loss, pass_line
from sim.queue_model.detecting.kernels import LAUNCHED, WAVE_S, is_held, touches
from sim.queue_model.landing.kernels import lane_behind
from sim.queue_model.room.kernels import FAR, queue_by, wait_for, wait_no_longer
from sim.queue_model.state import Given, Signs, State
from sim.queue_model.yielding.kernels import held_until

CALLEES = "24a20a92b35743e4"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_WITHOUT_MEMORY: dict[str, Any] = {"_nrt": False}
"""Numba counts no references, and refuses to compile what would need memory; not one of its public
options, so a new version is to be looked at (``tests/sim/test_loop_without_memory.py``)."""

_STOP_S = 2.0
"""Who loses more than this at a stop line has stopped. [s]"""
_EASED_S = 3.0
"""Who has stood for so long starts from rest; who came later still rolls. [s]"""
_ROLLING = 2
"""Place in a queue of who begins to move while still rolling."""
_HALF_S = 0.5
_TINY_S = 1.0e-6
"""Waiting for less than that would be for ever, where sums are rounded. [s]"""


@njit(cache=True, nogil=True, error_model="numpy", **_WITHOUT_MEMORY)
def run_calendar(given: Given, state: State) -> None:  # noqa: C901, PLR0912, PLR0915 - the loop
    """Let the seconds of a day pass.

    Parameters
    ----------
    given
        What stands.
    state
        Changed in place.
    """
    queues, trips, physics = state.queues, state.trips, given.physics
    horizon, calendar = given.horizon, state.calendar
    follows = state.detectors.is_any
    for tick in range(horizon):
        if tick > 0:
            _turn_clocks(tick, state)
        while True:
            found = next_awake(tick, horizon, calendar)
            if found < 0:
                break
            # unsigned: of signed ones it is asked at every use whether they count from the end
            lane: Whole = np.uint32(found)  # type: ignore[assignment]
            queue = queues[lane]
            if queue.full >= 0:
                # patience ran out, or the wave arrived and it was unlisted
                wait_no_longer(lane, state)
            first = queue.head
            while first >= 0:
                v: Whole = np.uint32(first)  # type: ignore[assignment]
                t = trips[v].ready_s
                if queue.free_s > t:
                    t = queue.free_s
                else:
                    queue.launched = LAUNCHED
                if t >= tick + 1:
                    wake(lane, int(t), horizon, calendar)
                    break
                if t < tick:
                    t = float(tick)
                here = trips[v].option
                link = given.options[here].link
                group = given.links[link].group
                gives_way = given.links[link].end_yield > given.links[link].first_yield
                has_stopped = False
                if group >= 0:
                    shown = _shown_before(group, 0, state.signs)
                    if shown == PROTECTED:
                        gives_way = False
                    elif shown in (RED, YELLOW):
                        goes = False
                        if shown == YELLOW:
                            goes = _passes_yellow(v, lane, link, t - tick, given, state)
                            before = _shown_before(group, 1, state.signs)
                            gives_way = gives_way and before == PERMISSIVE
                        if not goes:
                            green = _next_green(group, tick, state.signs)
                            if green < 0:
                                queue.free_s = FAR
                                break
                            late_s = min(max(green - trips[v].ready_s, 0.0), _EASED_S)
                            rest_m = physics.start_m / given.drivers[v].accel
                            queue.free_s = green + rest_m * (late_s / _EASED_S)
                            queue.moves_s = green
                            queue.launched = 0
                            if not follows:
                                # else the green may come later, and the lane look again often
                                _note_queue(lane, green, v, state)
                            continue
                    elif shown == STOP_THEN_GO:
                        if queue.launched >= LAUNCHED:
                            queue.free_s = t + 1.0
                            queue.moves_s = t + 1.0
                            queue.launched = 0
                            continue
                        has_stopped = True
                if gives_way:
                    until_s, merges = held_until(link, t, given, state)
                    if until_s > t:
                        queue.free_s = until_s
                        queue.moves_s = until_s
                        queue.gives_way = True
                        queue.launched = 0 if merges else _ROLLING
                        continue
                is_source = given.lanes[lane].length_m == 0.0
                if is_source and given.drivers[v].choice >= 0:
                    here = chosen(given.drivers[v].choice, given.choices, state.edges, t)
                is_patient = queue.since_s < 0.0 or t < queue.since_s + physics.patience_s
                pair, beside, full, opens_s = lane_behind(
                    here, given.drivers[v].space_m, t, is_patient, given, state
                )
                if pair < 0:
                    if queue.since_s < 0.0:
                        queue.since_s = t
                    queue.launched = _ROLLING
                    queue.moves_s = opens_s
                    state.lane_blocked[full] += 1.0
                    if opens_s < FAR:
                        queue.free_s = opens_s
                        continue
                    wait_for(lane, full, state)
                    if not is_source:
                        until = int(queue.since_s + physics.patience_s) + 1
                        wake(lane, max(until, tick + 1), horizon, calendar)
                    break
                late_s = 0.0
                if not gives_way and given.links[given.pairs[pair].link].zips_with >= 0:
                    late_s = _late_s(given.pairs[pair].link, t, given, state)
                    if late_s > physics.zip_s + _TINY_S:
                        queue.free_s = t + late_s - physics.zip_s
                        queue.moves_s = queue.free_s
                        queue.launched = _ROLLING
                        continue
                if not is_patient:
                    state.totals[3] += 1.0
                queue.since_s = -1.0
                queue.gives_way = False
                link = given.pairs[pair].link
                after = given.pairs[pair].option
                onto = given.options[after].lane
                lost_s = t - trips[v].ready_s
                launched = queue.launched
                passing_mps, braked_s = pass_line(
                    v, lane, link, t, gives_way, has_stopped, given, state
                )
                is_stop = not is_source and lost_s > _STOP_S
                if is_source:
                    passing_mps = given.lanes[onto].speed_mps
                    queue.free_s = t + (queue.free_s - t) * given.drivers[v].abreast
                else:
                    leave_lane(v, lane, t, given, state)
                    queue.free_s += late_s
                state.links[link].crossed_s = t + late_s
                if follows:
                    if launched == 0:
                        _note_queue(lane, queue.moves_s, v, state)
                    _note_passing(v, lane, launched, t, given, state)
                if queue.is_asked_for:
                    note_exit(state.edges[given.lanes[lane].edge], t)
                inside_s, spent_s, drive_s, more_s = drive_on(
                    v, link, onto, passing_mps, braked_s, given
                )
                note_loss(lost_s + more_s + late_s, link, given.drivers[v].is_bus, is_stop, state)
                arrives_s = t + late_s + inside_s + spent_s + drive_s + given.options[after].dwell_s
                behind = trips[v].next
                queue.head = behind
                trips[v].next = -1
                if behind < 0:
                    queue.tail = -1
                if given.options[after].first_pair == given.options[after].end_pair:
                    state.totals[1] += arrives_s <= horizon
                else:
                    trips[v].option = after
                    home = beside if beside >= 0 else onto
                    trips[v].stands_on = home
                    queues[home].occupied_m += given.drivers[v].space_m
                    if queues[onto].is_asked_for:
                        note_entry(state.edges[given.lanes[onto].edge], t, spent_s + drive_s)
                    join(v, onto, arrives_s, tick, given, state)
                first = behind


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _turn_clocks(tick: Whole, state: State) -> None:
    """Let every signal show its next second, or hold the one that it shows."""
    signs, detectors = state.signs, state.detectors
    for i in range(len(signs.cycle_s)):
        k = signs.clock[i]
        may_stay = signs.hold[i] >= 0 and signs.colour[signs.hold[i] + k] > signs.held_s[i]
        if may_stay and signs.step_s[i] > 0:
            early = _too_early_s(i, k, tick, signs)
            may_stay = early >= 0
            if early > 0:
                signs.held_s[i] += 1
                continue
        # asked as seldom as can be: the call takes a lot of arrays
        if may_stay and is_held(
            i,
            detectors.signals,
            detectors.shown,
            detectors.gap_s[i],
            detectors.heads,
            detectors.lanes,
            tick,
        ):
            signs.held_s[i] += 1
            continue
        signs.held_s[i] = 0
        signs.clock[i] = k + 1 if k + 1 < signs.cycle_s[i] else 0


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _too_early_s(i: Whole, k: Whole, tick: Whole, signs: Signs) -> int:
    """Tell whether a signal in step with a cycle may leave its second; see ``early_s``."""
    late = signs.hold[i] + signs.cycle_s[i] + k
    step_s = signs.step_s[i]
    now = (signs.shift_s[i] + tick) % step_s
    end = k + 1 + signs.colour[late]
    return int(early_s(now, end, signs.colour[late + signs.cycle_s[i]], step_s))


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _shown_before(group: Whole, seconds: Whole, signs: Signs) -> int:
    """Return what a group was shown some seconds ago."""
    i = signs.signal[group]
    k = signs.clock[i] - seconds
    if k < 0:
        k %= signs.cycle_s[i]
    return int(signs.colour[signs.cell[group] + k])


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _passes_yellow(
    v: Whole, lane: Whole, link: Whole, into_s: float, given: Given, state: State
) -> bool:
    """Tell whether a vehicle that comes to a yellow can no longer brake.

    Parameters
    ----------
    v, lane, link
        Vehicle, its lane and the link.
    into_s
        How long after the begin of this second it would pass. [s]
    given, state
        The run.
    """
    driver, group = given.drivers[v], given.links[link].group
    speed_mps = given.links[link].cross_mps
    launched = state.queues[lane].launched
    if launched < LAUNCHED:
        speed_mps = min(speed_mps, given.root[launched] * driver.accel * driver.launch_s)
    limit_s = speed_mps / (2.0 * driver.brake) - _HALF_S
    goes = False
    if _shown_before(group, 1, state.signs) in (PROTECTED, PERMISSIVE):
        goes = into_s < limit_s
    elif _shown_before(group, 2, state.signs) in (PROTECTED, PERMISSIVE):
        goes = into_s + 1.0 < limit_s
    return goes


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _next_green(group: Whole, tick: Whole, signs: Signs) -> int:
    """Return when a group may go next [s]; -1 if never."""
    wait_s = signs.until_s[signs.place[group] + signs.clock[signs.signal[group]]]
    return -1 if wait_s == NEVER else tick + wait_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _late_s(link: Whole, now_s: float, given: Given, state: State) -> float:
    """Return for how long one waits inside a junction to zip with those from other lanes."""
    links = given.links
    free_s = now_s
    other = links[link].zips_with
    while other != link:
        if links[other].from_lane != links[link].from_lane:
            free_s = max(free_s, state.links[other].crossed_s + given.physics.zip_s)
        other = links[other].zips_with
    return free_s - now_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _note_queue(lane: Whole, instant_s: float, v: Whole, state: State) -> None:
    """Note how long a lane's queue is by an instant, from a vehicle on."""
    length = queue_by(instant_s, v, state)
    state.lane_queue[lane] = max(state.lane_queue[lane], length)


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _note_passing(
    v: Whole, lane: Whole, launched: Whole, now_s: float, given: Given, state: State
) -> None:
    """Note when a vehicle that crosses was over its lane's detector."""
    driver, trip, detectors = given.drivers[v], state.trips[v], state.detectors
    reach_m, pace = detectors.reach_m[lane], given.lanes[lane].per_speed
    passed_s = now_s - reach_m * pace
    if now_s - trip.ready_s > 0.0 and launched < LAUNCHED:
        starts_s = state.queues[lane].moves_s + launched * WAVE_S + driver.jitter_s
        passed_s = touches(
            launched, trip.ready_s, starts_s, reach_m, pace, driver.space_m, driver.accel
        )[1]
    detectors.passed_s[lane] = passed_s
