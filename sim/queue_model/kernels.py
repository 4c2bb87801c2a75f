"""The compiled core of the queue model: one plan, one day, vehicle by vehicle.

Time runs on a calendar of whole seconds; crossings happen at continuous times inside a second.
A lane is a queue, first in, first out, with at most one pending wake-up in the calendar.  A woken
lane lets vehicles cross until its first one has to wait: for its own arrival, for green, for a
gap, for space behind the junction.  Then the lane sleeps until that is over.
"""

import numpy as np
from numba import njit

from citybrain.ports.tables import PERMISSIVE, PROTECTED, RED, STOP_THEN_GO, YELLOW
from sim.queue_model.arrays import Arrays, Cells, Whole
from sim.queue_model.calendar.kernels import empty_calendar, next_awake, wake
from sim.queue_model.choosing.kernels import chosen, empty_edges, note_entry, note_exit
from sim.queue_model.colours.kernels import (
    LAUNCHED,
    NEVER,
    WAVE_S,
    is_held,
    place_detectors,
    signal_rows,
    stop_lines,
    touches,
)
from sim.queue_model.room.kernels import FAR, queue_by, release

CALLEES = "f12209ae8c871a86"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

(
    START_M,
    FIRST_REACTION,
    FIRST_SHARE,
    STOP_REACTION,
    REACTION,
    HEADWAY,
    SPACE_FACTOR,
    GAP,
    CLEARANCE,
    MERGE_GAP,
    MERGE_CLEARANCE,
    PATIENCE,
    STARTING_SHARE,
) = range(13)
"""Places of the constants in ``Physics.packed``."""
TOTALS = 6
"""How many totals ``simulate`` returns."""
_LOOK_AT = 4
_SAME_QUEUE_S = 2.0
_STOP_S = 2.0
_EASED_S = 3.0
_TINY = 1.0e-6
_ROLLING = 2
_HALF_S = 0.5
_CREEP_MPS = 0.5
_NOSE_M = 2.0
_BESIDE_M = 15.0
_MOVES_S = 3.0


@njit(cache=True, nogil=True, error_model="numpy")
def simulate(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one loop over the calendar
    streets: Arrays,
    routes: Arrays,
    demand: Arrays,
    colour: Cells,
    timing: Arrays,
    shape: Arrays,
    physics: Arrays,
    times: Arrays,
) -> Arrays:
    """Run one plan over one day.

    Parameters
    ----------
    streets, routes, demand
        ``StreetArrays``, ``RouteArrays``, ``DemandArrays``.
    colour, timing
        One row of ``SignalTables``: the pool, and the rest.
    shape
        Groups of each intersection. int64
    physics
        ``Physics.packed()``.
    times
        Begin and horizon [s], and how many lanes belong to streets.

    Returns
    -------
    totals
        Delay [s], vehicles, unfinished, never inserted, stops, taken on by impatience.
    link_delay_s, link_count, link_stops
        Per link: time lost before it [s], vehicles that passed or wait, stops.
    lane_queue, lane_blocked
        Per lane: longest queue [veh], how often a vehicle was kept out of it.
    kept_out, bus_delay
        Per link: the parts of its time lost that belong to vehicles never inserted, and to buses
        [s].
    """
    begin_s = times[0]
    horizon = times[1]
    street_lanes = times[2]
    start_m = physics[START_M]
    first_reaction = physics[FIRST_REACTION]
    first_share = physics[FIRST_SHARE]
    stop_reaction = physics[STOP_REACTION]
    reaction = physics[REACTION]
    least_headway = physics[HEADWAY]
    space_factor = physics[SPACE_FACTOR]
    gap_s = physics[GAP]
    clearance = physics[CLEARANCE]
    merge_gap = physics[MERGE_GAP]
    merge_clearance = physics[MERGE_CLEARANCE]
    patience = physics[PATIENCE]
    starting_share = physics[STARTING_SHARE]
    launched = LAUNCHED
    root = np.sqrt(np.arange(LAUNCHED + 1))

    length_m, speed_mps, store_m, wave_s, ring_start, edge_of = streets[:6]
    group_of, from_lane, inside_m, cross, slowing, onto = streets[6:12]
    ys, yl, ym, keeps_clear = streets[12:]
    option_lane, option_link, pair_start, pair_link, pair_option, pair_cost, dwell = routes[:7]
    choices = routes[7:]
    depart, first_option, choice, space, factor, accel, brake, dawdle, launch = demand[:9]
    jitter, careful, later, is_bus = demand[9:13]
    following, first, last = demand[13:]
    groups, signals, until = signal_rows(colour, timing, shape, begin_s)
    cell, place, signal = groups
    cycle, clock, _, hold, paused = signals
    gap, detector = timing[3:]

    lanes = len(length_m)
    links = len(group_of)
    vehicles = len(depart)
    head = first.copy()
    tail = last.copy()
    nxt = following.copy()
    option = first_option.copy()
    ready = depart.copy()
    stands_on = np.full(vehicles, -1, np.int32)
    edges = empty_edges(edge_of, length_m, speed_mps)
    occupied = np.zeros(lanes)
    per_cross = 1.0 / cross
    per_speed = 1.0 / speed_mps
    half_accel = 0.5 / accel
    pace = 1.0 / factor
    matters = np.zeros(lanes, np.bool_)
    is_chosen_by = np.zeros(len(edges) + 1, np.bool_)
    for edge in choices[4]:
        is_chosen_by[edge] = True
    for lane in range(lanes):
        matters[lane] = is_chosen_by[edge_of[lane]]
    free_at = np.full(lanes, -FAR)
    since = np.full(lanes, -1.0)
    queued = np.full(lanes, launched, np.int32)
    waits_for = np.full(lanes, -1, np.int32)
    yielding = np.zeros(lanes, np.bool_)
    waiter = np.full(lanes, -1, np.int32)
    next_waiter = np.full(lanes, -1, np.int32)
    ring_at = np.empty(ring_start[lanes])
    ring_m = np.empty(ring_start[lanes])
    ring_first = np.zeros(lanes, np.int32)
    ring_count = np.zeros(lanes, np.int32)
    crossed_at = np.full(links, -FAR)
    calendar = empty_calendar(horizon, lanes)

    link_delay = np.zeros(links)
    link_count = np.zeros(links, np.int32)
    link_stops = np.zeros(links, np.int32)
    lane_queue = np.zeros(lanes, np.int32)
    lane_blocked = np.zeros(lanes)
    kept_out = np.zeros(links)
    bus_delay = np.zeros(links)
    delay = 0.0
    finished = 0
    stops = 0
    forced = 0

    for lane in range(lanes):
        if head[lane] >= 0:
            wake(lane, int(depart[head[lane]]), horizon, calendar)

    follows = np.any(signals[3] >= 0)
    passed_at = np.full(lanes, -FAR)
    moves_at = np.full(lanes, -FAR)
    heads = stop_lines(group_of, from_lane, street_lanes, signals, signal)
    reach_m = place_detectors(signals, (colour, cell), detector, heads, speed_mps)
    on_lanes = (
        passed_at,
        reach_m,
        per_speed,
        head,
        nxt,
        ready,
        free_at,
        queued,
        moves_at,
        (space, accel, jitter),
    )

    for tick in range(horizon):
        for i in range(len(cycle) if tick > 0 else 0):
            k = clock[i]
            # asked as seldom as can be: a call with so many arrays counts references to them all
            may_stay = hold[i] >= 0 and colour[hold[i] + k] > paused[i]
            if may_stay and is_held(i, signals, (colour, cell), gap[i], heads, on_lanes, tick):
                paused[i] += 1
                continue
            paused[i] = 0
            clock[i] = k + 1 if k + 1 < cycle[i] else 0
        while True:
            lane = next_awake(tick, horizon, calendar)
            if lane < 0:
                break
            if waits_for[lane] >= 0:
                # still listed as waiting: patience ran out, or the wave arrived and it was unlisted
                full = waits_for[lane]
                w = waiter[full]
                if w == lane:
                    waiter[full] = next_waiter[lane]
                else:
                    while next_waiter[w] != lane:
                        w = next_waiter[w]
                    next_waiter[w] = next_waiter[lane]
                waits_for[lane] = -1
            v = head[lane]
            while v >= 0:
                t = ready[v]
                if free_at[lane] > t:
                    t = free_at[lane]
                else:
                    queued[lane] = launched
                if t >= tick + 1:
                    wake(lane, int(t), horizon, calendar)
                    break
                if t < tick:
                    t = float(tick)
                here = option[v]
                link = option_link[here]
                group = group_of[link]
                must_yield = ys[link + 1] > ys[link]
                must_stop = False
                if group >= 0:
                    k = clock[signal[group]]
                    shown = colour[cell[group] + k]
                    if shown == PROTECTED:
                        must_yield = False
                    elif shown in (RED, YELLOW):
                        goes = False
                        if shown == YELLOW:
                            c = cycle[signal[group]]
                            speed = cross[link]
                            if queued[lane] < launched:
                                speed = min(speed, root[queued[lane]] * accel[v] * launch[v])
                            limit = speed / (2.0 * brake[v]) - _HALF_S
                            one = colour[cell[group] + (k - 1) % c]
                            two = colour[cell[group] + (k - 2) % c]
                            if one in (PROTECTED, PERMISSIVE):
                                goes = t - tick < limit
                            elif two in (PROTECTED, PERMISSIVE):
                                goes = t - tick + 1.0 < limit
                            must_yield = must_yield and one == PERMISSIVE
                        if not goes:
                            wait = until[place[group] + k]
                            if wait == NEVER:
                                free_at[lane] = FAR
                                break
                            green = tick + wait
                            late = green - ready[v]
                            ease = start_m / accel[v] * min(max(late, 0.0) / _EASED_S, 1.0)
                            free_at[lane] = green + ease
                            moves_at[lane] = green
                            queued[lane] = 0
                            if not follows:
                                # else the green may come later, and the lane look again often
                                waiting = queue_by(green, v, ready, nxt)
                                lane_queue[lane] = max(lane_queue[lane], waiting)
                            continue
                    elif shown == STOP_THEN_GO:
                        if queued[lane] >= launched:
                            free_at[lane] = t + 1.0
                            moves_at[lane] = t + 1.0
                            queued[lane] = 0
                            continue
                        must_stop = True
                if must_yield:
                    held = -1.0
                    merges = False
                    for y in range(ys[link], ys[link + 1]):
                        foe = yl[y]
                        ahead = gap_s + ym[y] * merge_gap
                        behind = clearance + ym[y] * merge_clearance
                        if crossed_at[foe] + behind > t:
                            held = max(held, crossed_at[foe] + behind)
                            merges = merges or ym[y] > 0
                            continue
                        other = from_lane[foe]
                        u = head[other]
                        if u < 0 or yielding[other] or waits_for[other] >= 0:
                            continue
                        e = ready[u]
                        e = max(e, free_at[other])
                        g = group_of[foe]
                        if g >= 0:
                            shows = colour[cell[g] + clock[signal[g]]]
                            if shows not in (PROTECTED, PERMISSIVE):
                                continue
                        for _ in range(_LOOK_AT):
                            if e > t + ahead:
                                break
                            if option_link[option[u]] == foe and e > t - behind:
                                held = max(held, e + behind)
                                merges = merges or ym[y] > 0
                                break
                            u = nxt[u]
                            if u < 0:
                                break
                            e = max(ready[u], e + _SAME_QUEUE_S)
                    if held > t:
                        free_at[lane] = held
                        moves_at[lane] = held
                        yielding[lane] = True
                        queued[lane] = 0 if merges else _ROLLING
                        continue
                is_source = length_m[lane] == 0.0
                if is_source and choice[v] >= 0:
                    here = chosen(choice[v], choices, edges, t)
                # space behind the junction
                best = -1
                best_score = FAR
                soonest = FAR
                full = -1
                beside = -1
                need = space[v]
                patient = since[lane] < 0.0 or t < since[lane] + patience
                for p in range(pair_start[here], pair_start[here + 1]):
                    target = option_lane[pair_option[p]]
                    if pair_start[pair_option[p]] == pair_start[pair_option[p] + 1]:
                        best = p
                        break
                    release(
                        target, t, occupied, ring_start, ring_at, ring_m, ring_first, ring_count
                    )
                    room = store_m[target] - occupied[target]
                    score = occupied[target] + pair_cost[p]
                    asked = min(need, store_m[target]) - _TINY
                    inner = target >= street_lanes
                    if inner:
                        asked = _NOSE_M
                    fits = room >= asked or not patient
                    if not fits and (inner or keeps_clear[pair_link[p]]):
                        # junctions are kept clear of those who would stand, not of who moves on
                        first_there = head[target]
                        fits = (
                            not yielding[target] and waits_for[target] < 0 and since[target] < 0.0
                        )
                        if fits and not inner and first_there >= 0:
                            fits = ready[first_there] >= t or (
                                length_m[target] < 2.0 * need and free_at[target] < t + _MOVES_S
                            )
                            g = group_of[option_link[option[first_there]]]
                            if fits and g >= 0:
                                shows = colour[cell[g] + clock[signal[g]]]
                                fits = shows in (PROTECTED, PERMISSIVE)
                    if fits:
                        if score < best_score:
                            best_score = score
                            best = p
                            beside = -1
                    else:
                        landing = onto[pair_link[p]]
                        if landing >= 0 and landing != target:
                            release(
                                landing,
                                t,
                                occupied,
                                ring_start,
                                ring_at,
                                ring_m,
                                ring_first,
                                ring_count,
                            )
                            if (
                                store_m[landing] - occupied[landing]
                                >= min(need, store_m[landing]) - _TINY
                                and score + _BESIDE_M < best_score
                            ):
                                best_score = score + _BESIDE_M
                                best = p
                                beside = landing
                                continue
                        # room comes free in the order of the ring: not before what is ahead
                        opens = FAR
                        freed = t
                        r = ring_first[target]
                        cap = ring_start[target + 1] - ring_start[target]
                        for j in range(ring_count[target]):
                            i = r + j
                            if i >= cap:
                                i -= cap
                            freed = max(freed, ring_at[ring_start[target] + i])
                            room += ring_m[ring_start[target] + i]
                            if room >= asked:
                                opens = freed
                                break
                        if opens < soonest or full < 0:
                            soonest = opens
                            full = target
                if best < 0:
                    if since[lane] < 0.0:
                        since[lane] = t
                    queued[lane] = _ROLLING
                    moves_at[lane] = soonest
                    lane_blocked[full] += 1.0
                    if soonest < FAR:
                        free_at[lane] = soonest
                        continue
                    waits_for[lane] = full
                    next_waiter[lane] = waiter[full]
                    waiter[full] = lane
                    if not is_source:
                        limit = int(since[lane] + patience) + 1
                        if limit <= tick:
                            limit = tick + 1
                        wake(lane, limit, horizon, calendar)
                    break
                if not patient:
                    forced += 1
                since[lane] = -1.0
                yielding[lane] = False
                # cross
                link = pair_link[best]
                target_option = pair_option[best]
                target = option_lane[target_option]
                lost = t - ready[v]
                n = queued[lane]
                passing = cross[link]
                extra = slowing[link]
                following_vehicle = nxt[v]
                more = later[following_vehicle] if following_vehicle >= 0 else 0.0
                least = least_headway + more
                headway = least + space_factor * need * per_cross[link]
                if must_yield and passing > careful[v]:
                    slower = passing - careful[v]
                    extra += slower * slower / (2.0 * brake[v] * passing)
                    passing = careful[v]
                    headway = least + space_factor * need / passing
                if n < launched:
                    queued[lane] = n + 1
                    if n > 0:
                        starting = reaction + launch[v] * (root[n + 1] - root[n])
                    else:
                        starting = first_reaction + first_share * launch[v]
                    if must_stop:
                        starting = stop_reaction + first_share * launch[v]
                    headway = max(headway, starting + jitter[v] + starting_share * more)
                    passing = min(passing, root[n] * accel[v] * launch[v])
                    extra = 0.0
                free_at[lane] = t + headway
                if is_source:
                    passing = speed_mps[target]
                else:
                    if lost > _STOP_S:
                        stops += 1
                        link_stops[link] += 1
                    # the space it leaves travels back
                    home = stands_on[v]
                    back = t + wave_s[home]
                    cap = ring_start[home + 1] - ring_start[home]
                    if ring_count[home] == cap:
                        occupied[home] -= ring_m[ring_start[home] + ring_first[home]]
                        ring_first[home] += 1
                        if ring_first[home] == cap:
                            ring_first[home] = 0
                        ring_count[home] -= 1
                    i = ring_first[home] + ring_count[home]
                    if i >= cap:
                        i -= cap
                    ring_at[ring_start[home] + i] = back
                    ring_m[ring_start[home] + i] = need
                    ring_count[home] += 1
                    while waiter[lane] >= 0:
                        w = waiter[lane]
                        waiter[lane] = next_waiter[w]
                        waits_for[w] = -1
                        free_at[w] = max(free_at[w], back + start_m / accel[head[w]])
                        moves_at[w] = free_at[w]
                        wake(w, int(free_at[w]), horizon, calendar)
                    if home != lane:
                        while waiter[home] >= 0:
                            w = waiter[home]
                            waiter[home] = next_waiter[w]
                            waits_for[w] = -1
                            free_at[w] = max(free_at[w], back + start_m / accel[head[w]])
                            moves_at[w] = free_at[w]
                            wake(w, int(free_at[w]), horizon, calendar)
                crossed_at[link] = t
                if follows:
                    if n == 0:
                        waiting = queue_by(moves_at[lane], v, ready, nxt)
                        lane_queue[lane] = max(lane_queue[lane], waiting)
                    passed_at[lane] = t - reach_m[lane] * per_speed[lane]
                    if lost > 0.0 and n < launched:
                        passed_at[lane] = touches(
                            n,
                            ready[v],
                            moves_at[lane] + n * WAVE_S + jitter[v],
                            reach_m[lane],
                            per_speed[lane],
                            space[v],
                            accel[v],
                        )[1]
                if matters[lane]:
                    note_exit(edges[edge_of[lane]], t)
                wanted = speed_mps[target] * factor[v]
                cruising = max(wanted - dawdle[v], _CREEP_MPS)
                slower = max(cruising - passing, 0.0)
                spent = slower * slower * half_accel[v] / cruising + extra
                ideal = length_m[target] * per_speed[target] + inside_m[link] * per_cross[link]
                drive = length_m[target] / cruising
                inside = 0.0
                if inside_m[link] > 0.0:
                    inside = inside_m[link] / max(cross[link] * factor[v] - dawdle[v], _CREEP_MPS)
                lost += spent + drive + inside - ideal * pace[v]
                delay += lost
                link_delay[link] += lost
                link_count[link] += 1
                if is_bus[v]:
                    bus_delay[link] += lost
                arrives = t + inside + spent + drive + dwell[target_option]
                head[lane] = following_vehicle
                nxt[v] = -1
                if following_vehicle < 0:
                    tail[lane] = -1
                if pair_start[target_option] == pair_start[target_option + 1]:
                    finished += arrives <= horizon
                else:
                    option[v] = target_option
                    ready[v] = arrives
                    stands_on[v] = beside if beside >= 0 else target
                    occupied[stands_on[v]] += need
                    if matters[target]:
                        note_entry(edges[edge_of[target]], t, spent + drive)
                    if head[target] < 0:
                        head[target] = v
                        tail[target] = v
                        if waits_for[target] < 0:
                            at = arrives if arrives > free_at[target] else free_at[target]
                            wake(target, max(int(at), tick), horizon, calendar)
                    else:
                        nxt[tail[target]] = v
                        tail[target] = v
                v = following_vehicle

    never = 0
    for lane in range(lanes):
        u = head[lane]
        while u >= 0:
            if ready[u] < horizon:
                lost = horizon - ready[u]
                delay += lost
                link = option_link[option[u]]
                link_delay[link] += lost
                link_count[link] += 1
                if length_m[lane] == 0.0:
                    kept_out[link] += lost
                if is_bus[u]:
                    bus_delay[link] += lost
            if length_m[lane] == 0.0:
                never += 1
            u = nxt[u]
    totals = np.array(
        [
            delay,
            float(vehicles),
            float(vehicles - finished - never),
            float(never),
            float(stops),
            float(forced),
        ]
    )
    return (
        totals,
        link_delay,
        link_count,
        link_stops,
        lane_queue,
        lane_blocked,
        kept_out,
        bus_delay,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def simulate_each(  # noqa: PLR0913, PLR0917 - what one run takes, for several
    first: Whole,
    end: Whole,
    streets: Arrays,
    routes: Arrays,
    demand: Arrays,
    colour: Cells,
    timings: Arrays,
    shape: Arrays,
    physics: Arrays,
    times: Arrays,
    found: Arrays,
) -> None:
    """Run some plans over one day, without a word of Python between them.

    Parameters
    ----------
    first, end
        Rows of the plans: from the first to before the end.
    streets, routes, demand, colour, shape, physics, times
        As for ``simulate``.
    timings
        All of ``SignalTables`` but the pool.
    found
        Written: what ``simulate`` returns, one row for each plan.
    """
    totals, link_delay, link_count, link_stops, lane_queue, lane_blocked = found[:6]
    kept_out, bus_delay = found[6:]
    start, cycle_s, offset_s, gap_s, detector_s = timings
    for plan in range(first, end):
        one = simulate(
            streets,
            routes,
            demand,
            colour,
            (start[plan], cycle_s[plan], offset_s[plan], gap_s[plan], detector_s[plan]),
            shape,
            physics,
            times,
        )
        totals[plan] = one[0]
        link_delay[plan] = one[1]
        link_count[plan] = one[2]
        link_stops[plan] = one[3]
        lane_queue[plan] = one[4]
        lane_blocked[plan] = one[5]
        kept_out[plan] = one[6]
        bus_delay[plan] = one[7]
