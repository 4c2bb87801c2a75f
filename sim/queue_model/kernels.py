"""The compiled core of the queue model: one plan, one day, vehicle by vehicle.

Time runs on a calendar of whole seconds; crossings happen at continuous times inside a second.
A lane is a queue, first in, first out, with at most one pending wake-up in the calendar.  A woken
lane lets vehicles cross until its first one has to wait: for its own arrival, for green, for a
gap, for space behind the junction.  Then the lane sleeps until that is over.
"""

import numpy as np
from numba import njit

from sim.queue_model.arrays import Arrays, Cells, Whole
from sim.queue_model.calendar.kernels import empty_calendar, wake
from sim.queue_model.choosing.kernels import empty_edges
from sim.queue_model.clocks.kernels import signal_rows
from sim.queue_model.crossing.kernels import note_loss
from sim.queue_model.detecting.kernels import LAUNCHED, place_detectors, stop_lines
from sim.queue_model.driving.kernels import run_calendar
from sim.queue_model.inputs import Constants, DemandArrays, Records, RouteArrays, StreetArrays
from sim.queue_model.room.kernels import FAR
from sim.queue_model.state import (
    QUEUE,
    ROOM,
    TALLY,
    TRIP,
    Detectors,
    Given,
    Signs,
    State,
)

CALLEES = "be86be45c2a0bb78"
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
    lanes, links, drivers = streets.lanes, streets.links, demand.drivers
    choices = routes[2:]
    edges = empty_edges(lanes["edge"], lanes["length_m"], lanes["speed_mps"])
    queues = _queues(lanes, demand, choices[4], len(edges))
    trips = np.empty(len(drivers), TRIP)
    trips["ready_s"][:] = demand.depart_s
    trips["option"][:] = demand.option
    trips["next"][:] = demand.following
    trips["stands_on"][:] = -1
    groups, signals, until_s = signal_rows(colour, timing, shape, begin_s)
    cell, place, signal = groups
    cycle_s, clock, _, hold, held_s, step_s, shift_s = signals
    keeps = (hold, held_s, step_s, shift_s)
    signs = Signs(colour, cell, place, signal, cycle_s, clock, *keeps, until_s)
    heads = stop_lines(links["group"], links["from_lane"], street_lanes, signals, signal)
    gap_s, detector_s = timing[4:]
    reach_m = place_detectors(signals, (colour, cell), detector_s, heads, lanes["speed_mps"])
    passed_s = np.full(len(lanes), -FAR)
    on_lanes = (passed_s, reach_m, lanes, queues, trips, drivers)
    is_any = bool(np.any(hold >= 0))
    detectors = Detectors(
        is_any, passed_s, reach_m, gap_s, signals, (colour, cell), heads, on_lanes
    )
    tallies = np.zeros(len(links), TALLY)
    tallies["crossed_s"][:] = -FAR
    given = Given(
        lanes,
        links,
        streets.yield_link,
        streets.yield_merges,
        routes.options,
        routes.pairs,
        choices,
        drivers,
        physics,
        np.sqrt(np.arange(LAUNCHED + 1)),
        horizon,
        street_lanes,
    )
    state = State(
        queues,
        np.empty(lanes["end_room"][-1], ROOM),
        trips,
        signs,
        detectors,
        edges,
        empty_calendar(horizon, len(lanes)),
        tallies,
        np.zeros(len(lanes), np.int32),
        np.zeros(len(lanes)),
        np.zeros(4),
    )
    for lane in range(len(lanes)):
        if queues[lane].head >= 0:
            wake(lane, int(demand.depart_s[queues[lane].head]), horizon, state.calendar)
    run_calendar(given, state)
    never = _count_left(given, state)
    delay_s, arrived, stops, forced = state.totals
    vehicles = float(len(drivers))
    totals = np.array([delay_s, vehicles, vehicles - arrived - never, never, stops, forced])
    return (
        totals,
        tallies["delay_s"],
        tallies["count"],
        tallies["stops"],
        state.lane_queue,
        state.lane_blocked,
        tallies["kept_out_s"],
        tallies["bus_delay_s"],
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _queues(lanes: Records, demand: DemandArrays, asked: Arrays, edges: Whole) -> Records:
    """Return the queues at the begin: all vehicles wait at their sources.

    Parameters
    ----------
    lanes, demand
        What the words say.
    asked
        Edges by whose speed routes are chosen.
    edges
        How many there are.
    """
    is_asked_for = np.zeros(edges + 1, np.bool_)
    for edge in asked:
        is_asked_for[edge] = True
    queues = np.zeros(len(lanes), QUEUE)
    for lane in range(len(lanes)):
        queue = queues[lane]
        queue.head = demand.first[lane]
        queue.tail = demand.last[lane]
        queue.free_s = -FAR
        queue.moves_s = -FAR
        queue.since_s = -1.0
        queue.launched = LAUNCHED
        queue.full = -1
        queue.first_waiting = -1
        queue.next_waiting = -1
        queue.is_asked_for = is_asked_for[lanes[lane].edge]
    return queues


@njit(cache=True, nogil=True, error_model="numpy")
def _count_left(given: Given, state: State) -> float:
    """Count what those lose who are left at the end; return how many were never inserted."""
    never = 0.0
    for lane in range(len(state.queues)):
        is_source = given.lanes[lane].length_m == 0.0
        v = state.queues[lane].head
        while v >= 0:
            trip = state.trips[v]
            if trip.ready_s < given.horizon:
                lost_s = given.horizon - trip.ready_s
                link = given.options[trip.option].link
                note_loss(lost_s, link, given.drivers[v].is_bus, False, state)
                if is_source:
                    state.links[link].kept_out_s += lost_s
            if is_source:
                never += 1.0
            v = trip.next
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
    start, cycle_s, step_s, offset_s, gap_s, detector_s = timings
    for plan in range(first, end):
        one = simulate(
            streets,
            routes,
            demand,
            colour,
            (
                start[plan],
                cycle_s[plan],
                step_s[plan],
                offset_s[plan],
                gap_s[plan],
                detector_s[plan],
            ),
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
