"""The compiled core of the queue model: one plan, one day, vehicle by vehicle.

Time runs on a calendar of whole seconds; crossings happen at continuous times inside a second.
A lane is a queue, first in, first out, with at most one pending wake-up in the calendar.  A woken
lane lets vehicles cross until its first one has to wait: for its own arrival, for green, for a
gap, for space behind the junction.  Then the lane sleeps until that is over.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from citybrain.ports.tables import PERMISSIVE, PROTECTED, RED, STOP_THEN_GO, YELLOW

Whole = Any
"""A whole number, Python's or NumPy's: kernels mix them."""
Arrays = Any
"""A tuple of arrays, see the classes of the same words."""
Ints = NDArray[np.int32]
Cells = NDArray[np.uint8]
Floats = NDArray[np.float64]

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
) = range(12)
"""Places of the constants in ``Physics.packed``."""
_NEVER = 65535
_FAR = 1.0e9
_LOOK_AT = 4
_SAME_QUEUE_S = 2.0
_STOP_S = 2.0
_EASED_S = 3.0
_TINY = 1.0e-6
_LAUNCHED = 12
_ROLLING = 2
_HALF_S = 0.5
_CREEP_MPS = 0.5
_SLOWEST_MPS = 0.1
_MEMORY_S = 90.0
_NOSE_M = 2.0
_SQUEEZE_S = 20.0
_BUMPER_M = 4.0
_SHORT_BOX_M = 26.0
_LOOK_AGAIN_S = 2.0


@njit(cache=True, nogil=True, error_model="numpy")
def signal_rows(
    colour: Cells, start: Arrays, cycle_s: Ints, offset_s: Ints, shape: Arrays, begin_s: Whole
) -> Arrays:
    """Spread a plan's tables over the signal groups.

    Returns
    -------
    rows
        Per group: first cell, cycle, and master time 0 in local time.
    until_s
        Per cell of the groups, seconds until the next green or permission; 0 where it shows.
    """
    group_count = 0
    cells = 0
    for i in range(len(shape)):
        group_count += shape[i]
        cells += shape[i] * cycle_s[i]
    cell = np.empty(group_count, np.int64)
    place = np.empty(group_count, np.int64)
    cycle = np.empty(group_count, np.int64)
    shift = np.empty(group_count, np.int64)
    until = np.empty(cells, np.uint16)
    at = np.int64(0)
    group = 0
    for i in range(len(shape)):
        c = np.int64(cycle_s[i])
        lag = (begin_s - offset_s[i]) % c
        for row in range(shape[i]):
            first = start[i] + row * c
            cell[group] = first
            place[group] = at
            cycle[group] = c
            shift[group] = lag
            wait = np.int64(_NEVER)
            for sweep in range(2 * c):
                k = c - 1 - sweep % c
                shown = colour[first + k]
                if shown in (PROTECTED, PERMISSIVE, STOP_THEN_GO):
                    wait = np.int64(0)
                elif wait < _NEVER:
                    wait = wait + 1
                until[at + k] = wait
            at += c
            group += 1
    return cell, place, cycle, shift, until


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _wake(  # noqa: PLR0913, PLR0917 - the calendar is four arrays
    lane: Whole,
    tick: Whole,
    horizon: Whole,
    bucket: Ints,
    scheduled: Ints,
    before: Ints,
    after: Ints,
) -> None:
    """Set the lane's wake-up to a second, in place of the one that it has."""
    pending = scheduled[lane]
    if pending == tick:
        return
    if pending >= 0:
        if before[lane] >= 0:
            after[before[lane]] = after[lane]
        else:
            bucket[pending] = after[lane]
        if after[lane] >= 0:
            before[after[lane]] = before[lane]
    if tick >= horizon:
        scheduled[lane] = -1
        return
    scheduled[lane] = tick
    after[lane] = bucket[tick]
    before[lane] = -1
    if bucket[tick] >= 0:
        before[bucket[tick]] = lane
    bucket[tick] = lane


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _release(  # noqa: PLR0913, PLR0917 - a lane's room is six arrays
    lane: Whole,
    now_s: float,
    occupied: Floats,
    ring_start: Ints,
    ring_at: Floats,
    ring_m: Floats,
    ring_first: Ints,
    ring_count: Ints,
) -> None:
    """Give back the room of vehicles that have left, as far as the wave has travelled back."""
    while ring_count[lane] > 0:
        place = ring_start[lane] + ring_first[lane]
        if ring_at[place] > now_s:
            break
        occupied[lane] -= ring_m[place]
        ring_first[lane] += 1
        if ring_first[lane] == ring_start[lane + 1] - ring_start[lane]:
            ring_first[lane] = 0
        ring_count[lane] -= 1


@njit(cache=True, nogil=True, error_model="numpy")
def _edge_speeds(edge_of: Ints, length_m: Floats, speed_mps: Floats) -> Arrays:
    """Return speed [m/s] and time of the last look [s] of every edge, its length and its limit."""
    count = 0
    for lane in range(len(edge_of)):
        count = max(count, edge_of[lane] + 1)
    long_m = np.zeros(count)
    limit_mps = np.ones(count)
    for lane in range(len(edge_of)):
        if edge_of[lane] >= 0:
            long_m[edge_of[lane]] = length_m[lane]
            limit_mps[edge_of[lane]] = max(limit_mps[edge_of[lane]], speed_mps[lane])
    return limit_mps.copy(), np.zeros(count), long_m, limit_mps


@njit(cache=True, nogil=True, error_model="numpy")
def _note_speed(  # noqa: PLR0913, PLR0917 - an edge is four arrays
    edge: Whole,
    from_s: float,
    to_s: float,
    flow_mps: Floats,
    seen_at: Floats,
    edge_m: Floats,
    edge_mps: Floats,
) -> None:
    """Let the smoothed speed of an edge learn from a vehicle that leaves it.

    Since the last look the edge was empty, and as fast as it may be, until the vehicle came.
    """
    since = seen_at[edge]
    if to_s <= since:
        return
    idle = np.maximum(from_s - since, 0.0)
    flow_mps[edge] += (edge_mps[edge] - flow_mps[edge]) * (idle / (idle + _MEMORY_S))
    busy = to_s - np.maximum(since, from_s)
    speed = min(edge_m[edge] / max(to_s - from_s, 1.0), edge_mps[edge])
    flow_mps[edge] += (speed - flow_mps[edge]) * (busy / (busy + _MEMORY_S))
    seen_at[edge] = to_s


@njit(cache=True, nogil=True, error_model="numpy")
def _chosen(  # noqa: PLR0913, PLR0917 - an edge is four arrays
    choice: Whole,
    choices: Arrays,
    flow_mps: Floats,
    seen_at: Floats,
    edge_m: Floats,
    edge_mps: Floats,
    now_s: float,
) -> Whole:
    """Return the option, at its source, of the route that is the fastest by present speeds."""
    first, option, fixed_s, edge_first, edges = choices
    best = option[first[choice]]
    least_s = _FAR
    for route in range(first[choice], first[choice + 1]):
        time_s = fixed_s[route]
        for place in range(edge_first[route], edge_first[route + 1]):
            edge = edges[place]
            speed = flow_mps[edge]
            time_s += edge_m[edge] / min(max(speed, _SLOWEST_MPS), edge_mps[edge])
        if time_s < least_s:
            least_s = time_s
            best = option[route]
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def simulate(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one loop over the calendar
    streets: Arrays,
    routes: Arrays,
    demand: Arrays,
    colour: Cells,
    start: Arrays,
    cycle_s: Ints,
    offset_s: Ints,
    shape: Arrays,
    physics: Arrays,
    times: Arrays,
) -> Arrays:
    """Run one plan over one day.

    Parameters
    ----------
    streets, routes, demand
        ``StreetArrays``, ``RouteArrays``, ``DemandArrays``.
    colour, start, cycle_s, offset_s
        One row of ``SignalTables``.
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
    lane_queue, lane_blocked_s
        Per lane: longest queue [veh], time that vehicles were kept out of it [s].
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
    launched = _LAUNCHED
    root = np.sqrt(np.arange(_LAUNCHED + 1))

    length_m, speed_mps, store_m, wave_s, ring_start, edge_of = streets[:6]
    group_of, from_lane, inside_m, cross, slowing, ys, yl, ym, bs, bl = streets[6:]
    option_lane, option_link, pair_start, pair_link, pair_option, pair_cost, dwell = routes[:7]
    choices = routes[7:]
    depart, first_option, choice, space, factor, accel, brake, dawdle, launch = demand[:9]
    jitter, careful = demand[9:11]
    following, first, last = demand[11:]
    cell, place, cycle, shift, until = signal_rows(colour, start, cycle_s, offset_s, shape, begin_s)

    lanes = len(length_m)
    links = len(group_of)
    vehicles = len(depart)
    head = first.copy()
    tail = last.copy()
    nxt = following.copy()
    option = first_option.copy()
    ready = depart.copy()
    entered = np.zeros(vehicles)
    flow_mps, seen_at, edge_m, edge_mps = _edge_speeds(edge_of, length_m, speed_mps)
    occupied = np.zeros(lanes)
    per_cross = 1.0 / cross
    per_speed = 1.0 / speed_mps
    half_accel = 0.5 / accel
    pace = 1.0 / factor
    matters = np.zeros(lanes, np.bool_)
    is_chosen_by = np.zeros(len(edge_m) + 1, np.bool_)
    for edge in choices[4]:
        is_chosen_by[edge] = True
    for lane in range(lanes):
        matters[lane] = is_chosen_by[edge_of[lane]]
    free_at = np.full(lanes, -_FAR)
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
    crossed_at = np.full(links, -_FAR)
    bucket = np.full(horizon, -1, np.int32)
    scheduled = np.full(lanes, -1, np.int32)
    before = np.full(lanes, -1, np.int32)
    after = np.full(lanes, -1, np.int32)

    link_delay = np.zeros(links)
    link_count = np.zeros(links, np.int32)
    link_stops = np.zeros(links, np.int32)
    lane_queue = np.zeros(lanes, np.int32)
    lane_blocked = np.zeros(lanes)
    delay = 0.0
    finished = 0
    stops = 0
    forced = 0

    for lane in range(lanes):
        if head[lane] >= 0:
            _wake(lane, int(depart[head[lane]]), horizon, bucket, scheduled, before, after)

    for tick in range(horizon):
        while bucket[tick] >= 0:
            lane = bucket[tick]
            bucket[tick] = after[lane]
            if after[lane] >= 0:
                before[after[lane]] = -1
            scheduled[lane] = -1
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
                    _wake(lane, int(t), horizon, bucket, scheduled, before, after)
                    break
                if t < tick:
                    t = float(tick)
                here = option[v]
                link = option_link[here]
                group = group_of[link]
                must_yield = ys[link + 1] > ys[link]
                must_stop = False
                if group >= 0:
                    k = (tick + shift[group]) % cycle[group]
                    shown = colour[cell[group] + k]
                    if shown == PROTECTED:
                        must_yield = False
                    elif shown in (RED, YELLOW):
                        goes = False
                        if shown == YELLOW:
                            c = cycle[group]
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
                            if wait == _NEVER:
                                free_at[lane] = _FAR
                                break
                            green = tick + wait
                            late = green - ready[v]
                            ease = start_m / accel[v] * min(max(late, 0.0) / _EASED_S, 1.0)
                            free_at[lane] = green + ease
                            queued[lane] = 0
                            q = 0
                            u = v
                            while u >= 0 and ready[u] <= green:
                                q += 1
                                u = nxt[u]
                            lane_queue[lane] = max(lane_queue[lane], q)
                            continue
                    elif shown == STOP_THEN_GO:
                        if queued[lane] >= launched:
                            free_at[lane] = t + 1.0
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
                            shows = colour[cell[g] + (tick + shift[g]) % cycle[g]]
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
                        yielding[lane] = True
                        queued[lane] = 0 if merges else _ROLLING
                        continue
                if must_yield and (since[lane] < 0.0 or t < since[lane] + _SQUEEZE_S):
                    stuck = False
                    for b in range(bs[link], bs[link + 1]):
                        box = bl[b]
                        most = length_m[box] + _BUMPER_M
                        if length_m[box] < _SHORT_BOX_M:
                            most = max(most, store_m[box] - space[v])
                        if occupied[box] > most:
                            _release(
                                box,
                                t,
                                occupied,
                                ring_start,
                                ring_at,
                                ring_m,
                                ring_first,
                                ring_count,
                            )
                            stuck = stuck or occupied[box] > most
                    if stuck:
                        if since[lane] < 0.0:
                            since[lane] = t
                        free_at[lane] = t + _LOOK_AGAIN_S
                        queued[lane] = _ROLLING
                        continue
                is_source = length_m[lane] == 0.0
                if is_source and choice[v] >= 0:
                    here = _chosen(choice[v], choices, flow_mps, seen_at, edge_m, edge_mps, t)
                # space behind the junction
                best = -1
                best_score = _FAR
                soonest = _FAR
                full = -1
                need = space[v]
                patient = since[lane] < 0.0 or t < since[lane] + patience
                for p in range(pair_start[here], pair_start[here + 1]):
                    target = option_lane[pair_option[p]]
                    if pair_start[pair_option[p]] == pair_start[pair_option[p] + 1]:
                        best = p
                        break
                    _release(
                        target, t, occupied, ring_start, ring_at, ring_m, ring_first, ring_count
                    )
                    room = store_m[target] - occupied[target]
                    score = occupied[target] + pair_cost[p]
                    asked = min(need, store_m[target]) - _TINY
                    if target >= street_lanes:
                        asked = _NOSE_M
                    flows = (
                        target >= street_lanes and not yielding[target] and waits_for[target] < 0
                    )
                    if room >= asked or flows or not patient:
                        if score < best_score:
                            best_score = score
                            best = p
                    else:
                        opens = _FAR
                        r = ring_first[target]
                        cap = ring_start[target + 1] - ring_start[target]
                        for j in range(ring_count[target]):
                            i = r + j
                            if i >= cap:
                                i -= cap
                            room += ring_m[ring_start[target] + i]
                            if room >= asked:
                                opens = ring_at[ring_start[target] + i]
                                break
                        if opens < soonest or full < 0:
                            soonest = opens
                            full = target
                if best < 0:
                    if since[lane] < 0.0:
                        since[lane] = t
                    queued[lane] = _ROLLING
                    lane_blocked[full] += 1.0
                    if soonest < _FAR:
                        free_at[lane] = soonest
                        continue
                    waits_for[lane] = full
                    next_waiter[lane] = waiter[full]
                    waiter[full] = lane
                    if not is_source:
                        limit = int(since[lane] + patience) + 1
                        if limit <= tick:
                            limit = tick + 1
                        _wake(lane, limit, horizon, bucket, scheduled, before, after)
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
                headway = least_headway + space_factor * need * per_cross[link]
                if must_yield and passing > careful[v]:
                    slower = passing - careful[v]
                    extra += slower * slower / (2.0 * brake[v] * passing)
                    passing = careful[v]
                    headway = least_headway + space_factor * need / passing
                if n < launched:
                    queued[lane] = n + 1
                    if n > 0:
                        starting = reaction + launch[v] * (root[n + 1] - root[n])
                    else:
                        starting = first_reaction + first_share * launch[v]
                    if must_stop:
                        starting = stop_reaction + first_share * launch[v]
                    headway = max(headway, starting + jitter[v])
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
                    back = t + wave_s[lane]
                    cap = ring_start[lane + 1] - ring_start[lane]
                    if ring_count[lane] == cap:
                        occupied[lane] -= ring_m[ring_start[lane] + ring_first[lane]]
                        ring_first[lane] += 1
                        if ring_first[lane] == cap:
                            ring_first[lane] = 0
                        ring_count[lane] -= 1
                    i = ring_first[lane] + ring_count[lane]
                    if i >= cap:
                        i -= cap
                    ring_at[ring_start[lane] + i] = back
                    ring_m[ring_start[lane] + i] = need
                    ring_count[lane] += 1
                    while waiter[lane] >= 0:
                        w = waiter[lane]
                        waiter[lane] = next_waiter[w]
                        waits_for[w] = -1
                        free_at[w] = max(free_at[w], back + start_m / accel[head[w]])
                        _wake(w, int(free_at[w]), horizon, bucket, scheduled, before, after)
                crossed_at[link] = t
                if matters[lane]:
                    _note_speed(edge_of[lane], entered[v], t, flow_mps, seen_at, edge_m, edge_mps)
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
                arrives = t + inside + spent + drive + dwell[target_option]
                entered[v] = t + inside
                following_vehicle = nxt[v]
                head[lane] = following_vehicle
                nxt[v] = -1
                if following_vehicle < 0:
                    tail[lane] = -1
                if pair_start[target_option] == pair_start[target_option + 1]:
                    finished += arrives <= horizon
                else:
                    option[v] = target_option
                    ready[v] = arrives
                    occupied[target] += need
                    if head[target] < 0:
                        head[target] = v
                        tail[target] = v
                        if waits_for[target] < 0:
                            at = arrives if arrives > free_at[target] else free_at[target]
                            _wake(
                                target,
                                max(int(at), tick),
                                horizon,
                                bucket,
                                scheduled,
                                before,
                                after,
                            )
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
    return totals, link_delay, link_count, link_stops, lane_queue, lane_blocked
