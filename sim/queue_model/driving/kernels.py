"""The calendar of a run: a woken lane lets vehicles cross until its first one has to wait.

Nothing here owns memory.  Numba would count references to every array that a part of the loop
takes, which takes as long as the model itself; so the parts are compiled in (``inline``), and the
loop is without memory of its own.
"""

from typing import Any

from numba import njit

from citybrain.ports.tables import PERMISSIVE, PROTECTED, RED, STOP_THEN_GO, YELLOW
from sim.queue_model.arrays import Arrays, Floats, Ints, Whole
from sim.queue_model.calendar.kernels import next_awake, wake
from sim.queue_model.choosing.kernels import chosen, note_entry, note_exit
from sim.queue_model.colours.kernels import LAUNCHED, NEVER, WAVE_S, is_held, touches
from sim.queue_model.crossing.kernels import drive_on, join, leave_lane, note_loss, pass_line
from sim.queue_model.inputs import Constants, DemandArrays, RouteArrays, StreetArrays
from sim.queue_model.landing.kernels import lane_behind
from sim.queue_model.room.kernels import FAR, queue_by, wait_for, wait_no_longer
from sim.queue_model.state import (
    Detectors,
    Queues,
    Ratios,
    Rings,
    Signs,
    Tallies,
    Trips,
    Waiting,
)
from sim.queue_model.yielding.kernels import held_by

CALLEES = "aa7da2ce11b858c0"
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


@njit(cache=True, nogil=True, error_model="numpy", **_WITHOUT_MEMORY)
def run_calendar(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one loop over the calendar
    streets: StreetArrays,
    routes: RouteArrays,
    choices: Arrays,
    demand: DemandArrays,
    physics: Constants,
    ratios: Ratios,
    signs: Signs,
    detectors: Detectors,
    queues: Queues,
    waiting: Waiting,
    rings: Rings,
    trips: Trips,
    edges: Floats,
    crossed_s: Floats,
    calendar: Ints,
    tallies: Tallies,
    horizon: Whole,
    street_lanes: Whole,
) -> None:
    """Let the seconds of a day pass; all that is known is changed in place."""
    for tick in range(horizon):
        if tick > 0:
            _turn_clocks(tick, signs, detectors)
        while True:
            lane = next_awake(tick, horizon, calendar)
            if lane < 0:
                break
            if waiting.full[lane] >= 0:
                # patience ran out, or the wave arrived and it was unlisted
                wait_no_longer(lane, waiting)
            v = queues.head[lane]
            while v >= 0:
                t = trips.ready_s[v]
                if queues.free_s[lane] > t:
                    t = queues.free_s[lane]
                else:
                    queues.launched[lane] = LAUNCHED
                if t >= tick + 1:
                    wake(lane, int(t), horizon, calendar)
                    break
                if t < tick:
                    t = float(tick)
                here = trips.option[v]
                link = routes.link[here]
                group = streets.group[link]
                gives_way = streets.yield_start[link + 1] > streets.yield_start[link]
                has_stopped = False
                if group >= 0:
                    shown = signs.colour[signs.cell[group] + signs.clock[signs.signal[group]]]
                    if shown == PROTECTED:
                        gives_way = False
                    elif shown in (RED, YELLOW):
                        goes = False
                        if shown == YELLOW:
                            goes = _passes_yellow(
                                v, lane, link, t - tick, streets, demand, ratios, signs, queues
                            )
                            one = _shown_before(group, 1, signs)
                            gives_way = gives_way and one == PERMISSIVE
                        if not goes:
                            green = _next_green(group, tick, signs)
                            if green < 0:
                                queues.free_s[lane] = FAR
                                break
                            late_s = min(max(green - trips.ready_s[v], 0.0), _EASED_S) / _EASED_S
                            ease_s = physics.start_m / demand.accel[v] * late_s
                            queues.free_s[lane] = green + ease_s
                            queues.moves_s[lane] = green
                            queues.launched[lane] = 0
                            if not detectors.is_any:
                                # else the green may come later, and the lane look again often
                                length = queue_by(green, v, trips.ready_s, trips.next)
                                tallies.lane_queue[lane] = max(tallies.lane_queue[lane], length)
                            continue
                    elif shown == STOP_THEN_GO:
                        if queues.launched[lane] >= LAUNCHED:
                            queues.free_s[lane] = t + 1.0
                            queues.moves_s[lane] = t + 1.0
                            queues.launched[lane] = 0
                            continue
                        has_stopped = True
                if gives_way:
                    held_s = -1.0
                    merges = False
                    for place in range(streets.yield_start[link], streets.yield_start[link + 1]):
                        merging = streets.yield_merges[place]
                        until_s = held_by(
                            streets.yield_link[place],
                            t,
                            physics.gap_s + merging * physics.merge_gap_s,
                            physics.clearance_s + merging * physics.merge_clearance_s,
                            crossed_s,
                            streets,
                            routes,
                            signs,
                            queues,
                            waiting,
                            trips,
                        )
                        if until_s > t:
                            held_s = max(held_s, until_s)
                            merges = merges or merging > 0
                    if held_s > t:
                        queues.free_s[lane] = held_s
                        queues.moves_s[lane] = held_s
                        queues.gives_way[lane] = True
                        queues.launched[lane] = 0 if merges else _ROLLING
                        continue
                is_source = streets.length_m[lane] == 0.0
                if is_source and demand.choice[v] >= 0:
                    here = chosen(demand.choice[v], choices, edges, t)
                since_s = queues.since_s[lane]
                is_patient = since_s < 0.0 or t < since_s + physics.patience_s
                pair, beside, full, opens_s = lane_behind(
                    here,
                    demand.space_m[v],
                    t,
                    is_patient,
                    street_lanes,
                    streets,
                    routes,
                    signs,
                    queues,
                    waiting,
                    rings,
                    trips,
                )
                if pair < 0:
                    if queues.since_s[lane] < 0.0:
                        queues.since_s[lane] = t
                    queues.launched[lane] = _ROLLING
                    queues.moves_s[lane] = opens_s
                    tallies.lane_blocked[full] += 1.0
                    if opens_s < FAR:
                        queues.free_s[lane] = opens_s
                        continue
                    wait_for(lane, full, waiting)
                    if not is_source:
                        until = int(queues.since_s[lane] + physics.patience_s) + 1
                        wake(lane, max(until, tick + 1), horizon, calendar)
                    break
                if not is_patient:
                    tallies.totals[3] += 1.0
                queues.since_s[lane] = -1.0
                queues.gives_way[lane] = False
                link = routes.pair_link[pair]
                after = routes.pair_option[pair]
                onto = routes.lane[after]
                lost_s = t - trips.ready_s[v]
                launched = queues.launched[lane]
                passing_mps, braked_s = pass_line(
                    v,
                    lane,
                    link,
                    t,
                    gives_way,
                    has_stopped,
                    streets,
                    demand,
                    physics,
                    ratios,
                    queues,
                    trips,
                )
                is_stop = not is_source and lost_s > _STOP_S
                if is_source:
                    passing_mps = streets.speed_mps[onto]
                else:
                    leave_lane(
                        v,
                        lane,
                        t,
                        physics.start_m,
                        horizon,
                        streets,
                        demand,
                        queues,
                        waiting,
                        rings,
                        trips,
                        calendar,
                    )
                crossed_s[link] = t
                if detectors.is_any:
                    if launched == 0:
                        moves_s = queues.moves_s[lane]
                        length = queue_by(moves_s, v, trips.ready_s, trips.next)
                        tallies.lane_queue[lane] = max(tallies.lane_queue[lane], length)
                    _note_passing(v, lane, launched, t, demand, ratios, queues, trips, detectors)
                if queues.is_asked_for[lane]:
                    note_exit(edges[streets.edge[lane]], t)
                inside_s, spent_s, drive_s, more_s = drive_on(
                    v, link, onto, passing_mps, braked_s, streets, demand, ratios
                )
                note_loss(lost_s + more_s, link, demand.is_bus[v], is_stop, tallies)
                arrives_s = t + inside_s + spent_s + drive_s + routes.dwell_s[after]
                behind = trips.next[v]
                queues.head[lane] = behind
                trips.next[v] = -1
                if behind < 0:
                    queues.tail[lane] = -1
                if routes.pair_start[after] == routes.pair_start[after + 1]:
                    tallies.totals[1] += arrives_s <= horizon
                else:
                    trips.option[v] = after
                    home = beside if beside >= 0 else onto
                    trips.stands_on[v] = home
                    rings.occupied_m[home] += demand.space_m[v]
                    if queues.is_asked_for[onto]:
                        note_entry(edges[streets.edge[onto]], t, spent_s + drive_s)
                    join(v, onto, arrives_s, tick, horizon, queues, waiting, trips, calendar)
                v = behind


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _turn_clocks(tick: Whole, signs: Signs, detectors: Detectors) -> None:
    """Let every signal show its next second, or hold the one that it shows."""
    for i in range(len(signs.cycle_s)):
        k = signs.clock[i]
        # asked as seldom as can be: the call takes a lot of arrays
        may_stay = signs.hold[i] >= 0 and signs.colour[signs.hold[i] + k] > signs.held_s[i]
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
def _shown_before(group: Whole, seconds: Whole, signs: Signs) -> Whole:
    """Return what a group was shown some seconds ago."""
    i = signs.signal[group]
    return int(signs.colour[signs.cell[group] + (signs.clock[i] - seconds) % signs.cycle_s[i]])


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _passes_yellow(  # noqa: PLR0913, PLR0917 - who drives how
    v: Whole,
    lane: Whole,
    link: Whole,
    into_s: float,
    streets: StreetArrays,
    demand: DemandArrays,
    ratios: Ratios,
    signs: Signs,
    queues: Queues,
) -> bool:
    """Tell whether a vehicle that comes to a yellow can no longer brake.

    Parameters
    ----------
    v, lane, link
        Vehicle, its lane and the link.
    into_s
        How long after the begin of this second it would pass. [s]
    streets, demand, ratios, signs, queues
        What the words say.
    """
    group = streets.group[link]
    speed_mps = streets.cross_mps[link]
    launched = queues.launched[lane]
    if launched < LAUNCHED:
        speed_mps = min(speed_mps, ratios.root[launched] * demand.accel[v] * demand.launch_s[v])
    limit_s = speed_mps / (2.0 * demand.brake[v]) - _HALF_S
    goes = False
    if _shown_before(group, 1, signs) in (PROTECTED, PERMISSIVE):
        goes = into_s < limit_s
    elif _shown_before(group, 2, signs) in (PROTECTED, PERMISSIVE):
        goes = into_s + 1.0 < limit_s
    return goes


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _next_green(group: Whole, tick: Whole, signs: Signs) -> Whole:
    """Return when a group may go next [s]; -1 if never."""
    wait_s = signs.until_s[signs.place[group] + signs.clock[signs.signal[group]]]
    return -1 if wait_s == NEVER else tick + wait_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _note_passing(  # noqa: PLR0913, PLR0917 - who drives how
    v: Whole,
    lane: Whole,
    launched: Whole,
    now_s: float,
    demand: DemandArrays,
    ratios: Ratios,
    queues: Queues,
    trips: Trips,
    detectors: Detectors,
) -> None:
    """Note when a vehicle that crosses was over its lane's detector."""
    reach_m, pace = detectors.reach_m[lane], ratios.per_speed[lane]
    passed_s = now_s - reach_m * pace
    if now_s - trips.ready_s[v] > 0.0 and launched < LAUNCHED:
        starts_s = queues.moves_s[lane] + launched * WAVE_S + demand.jitter_s[v]
        passed_s = touches(
            launched,
            trips.ready_s[v],
            starts_s,
            reach_m,
            pace,
            demand.space_m[v],
            demand.accel[v],
        )[1]
    detectors.passed_s[lane] = passed_s
