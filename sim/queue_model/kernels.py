"""The compiled core of the queue model: one plan, one day, vehicle by vehicle.

Time runs on a calendar of whole seconds; crossings happen at continuous times inside a second.
A lane is a queue, first in, first out, with at most one pending wake-up in the calendar.  A woken
lane lets vehicles cross until its first one has to wait: for its own arrival, for green, for a
gap, for space behind the junction.  Then the lane sleeps until that is over.
"""

import numpy as np
from numba import njit

from sim.queue_model.arrays import Arrays, Cells, Flags, Whole
from sim.queue_model.calendar.kernels import empty_calendar, wake
from sim.queue_model.choosing.kernels import empty_edges
from sim.queue_model.colours.kernels import LAUNCHED, place_detectors, signal_rows, stop_lines
from sim.queue_model.driving.kernels import run_calendar
from sim.queue_model.inputs import Constants, DemandArrays, RouteArrays, StreetArrays
from sim.queue_model.room.kernels import FAR
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

CALLEES = "7f8f5e5224b36ff1"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

TOTALS = 6
"""How many totals ``simulate`` returns."""


@njit(cache=True, nogil=True, error_model="numpy")
def simulate(  # noqa: PLR0913, PLR0917 - a plan, a day, and where
    streets: StreetArrays,
    routes: RouteArrays,
    demand: DemandArrays,
    colour: Cells,
    timing: Arrays,
    shape: Arrays,
    physics: Constants,
    times: Arrays,
) -> Arrays:
    """Run one plan over one day.

    Parameters
    ----------
    streets, routes, demand
        What the words say.
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
    begin_s, horizon, street_lanes = times
    lanes, links, vehicles = len(streets.length_m), len(streets.group), len(demand.depart_s)
    choices = routes[7:]
    ratios = Ratios(
        1.0 / streets.cross_mps,
        1.0 / streets.speed_mps,
        0.5 / demand.accel,
        1.0 / demand.factor,
        np.sqrt(np.arange(LAUNCHED + 1)),
    )
    edges = empty_edges(streets.edge, streets.length_m, streets.speed_mps)
    queues = Queues(
        demand.first.copy(),
        demand.last.copy(),
        np.full(lanes, -FAR),
        np.full(lanes, -FAR),
        np.full(lanes, -1.0),
        np.full(lanes, LAUNCHED, np.int32),
        np.zeros(lanes, np.bool_),
        _asked_for(streets, choices[4], len(edges)),
    )
    waiting = Waiting(
        np.full(lanes, -1, np.int32), np.full(lanes, -1, np.int32), np.full(lanes, -1, np.int32)
    )
    places = streets.ring_start[lanes]
    rings = Rings(
        streets.ring_start,
        np.zeros(lanes),
        np.zeros(lanes, np.int32),
        np.zeros(lanes, np.int32),
        np.empty(places),
        np.empty(places),
    )
    trips = Trips(
        demand.option.copy(),
        demand.depart_s.copy(),
        demand.following.copy(),
        np.full(vehicles, -1, np.int32),
    )
    groups, signals, until_s = signal_rows(colour, timing, shape, begin_s)
    cell, place, signal = groups
    cycle_s, clock, _, hold, held_s = signals
    signs = Signs(colour, cell, place, signal, cycle_s, clock, hold, held_s, until_s)
    heads = stop_lines(streets.group, streets.from_lane, street_lanes, signals, signal)
    shown = (colour, cell)
    gap_s, detector_s = timing[3:]
    reach_m = place_detectors(signals, shown, detector_s, heads, streets.speed_mps)
    passed_s = np.full(lanes, -FAR)
    on_lanes = (
        passed_s,
        reach_m,
        ratios.per_speed,
        queues.head,
        trips.next,
        trips.ready_s,
        queues.free_s,
        queues.launched,
        queues.moves_s,
        (demand.space_m, demand.accel, demand.jitter_s),
    )
    is_any = bool(np.any(hold >= 0))
    detectors = Detectors(is_any, passed_s, reach_m, gap_s, signals, shown, heads, on_lanes)
    tallies = Tallies(
        np.zeros(4),
        np.zeros(links),
        np.zeros(links, np.int32),
        np.zeros(links, np.int32),
        np.zeros(lanes, np.int32),
        np.zeros(lanes),
        np.zeros(links),
        np.zeros(links),
    )
    calendar = empty_calendar(horizon, lanes)
    for lane in range(lanes):
        if queues.head[lane] >= 0:
            wake(lane, int(demand.depart_s[queues.head[lane]]), horizon, calendar)
    run_calendar(
        streets,
        routes,
        choices,
        demand,
        physics,
        ratios,
        signs,
        detectors,
        queues,
        waiting,
        rings,
        trips,
        edges,
        np.full(links, -FAR),
        calendar,
        tallies,
        horizon,
        street_lanes,
    )
    never = _count_left(horizon, streets, routes, demand, queues, trips, tallies)
    delay_s, arrived, stops, forced = tallies.totals
    totals = np.array(
        [delay_s, float(vehicles), vehicles - arrived - never, float(never), stops, forced]
    )
    return (
        totals,
        tallies.link_delay_s,
        tallies.link_count,
        tallies.link_stops,
        tallies.lane_queue,
        tallies.lane_blocked,
        tallies.kept_out_s,
        tallies.bus_delay_s,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _asked_for(streets: StreetArrays, chosen: Arrays, count: Whole) -> Flags:
    """Tell of every lane whether somebody chooses a route by the speed of its street."""
    is_edge = np.zeros(count + 1, np.bool_)
    for edge in chosen:
        is_edge[edge] = True
    return is_edge[streets.edge]


@njit(cache=True, nogil=True, error_model="numpy")
def _count_left(  # noqa: PLR0913, PLR0917 - who is where
    horizon: Whole,
    streets: StreetArrays,
    routes: RouteArrays,
    demand: DemandArrays,
    queues: Queues,
    trips: Trips,
    tallies: Tallies,
) -> int:
    """Count what those lose who are left at the end; return how many were never inserted."""
    never = 0
    for lane in range(len(queues.head)):
        is_source = streets.length_m[lane] == 0.0
        v = queues.head[lane]
        while v >= 0:
            if trips.ready_s[v] < horizon:
                lost_s = horizon - trips.ready_s[v]
                link = routes.link[trips.option[v]]
                tallies.totals[0] += lost_s
                tallies.link_delay_s[link] += lost_s
                tallies.link_count[link] += 1
                if is_source:
                    tallies.kept_out_s[link] += lost_s
                if demand.is_bus[v]:
                    tallies.bus_delay_s[link] += lost_s
            never += is_source
            v = trips.next[v]
    return never


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
