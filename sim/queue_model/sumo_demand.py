"""Trips of a SUMO scenario with the routes that SUMO itself gives them.

Where the files give every route in full, nothing is run.  Else SUMO routes a trip when the
vehicle departs, by the mean speeds that the edges had in the last minutes.  Mesoscopic runs
without and with junction control and one full run, which take a few seconds together, show which
routes come into question; the model then chooses among them as SUMO does.  The run without
junction control lets everybody in, so that those whom a queue keeps out have a route, too.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from os import cpu_count

from citybrain.errors import InputError
from sim.queue_model.demand import Trip
from sim.queue_model.kinds import Kinds
from sim.queue_model.routes import Departure
from sim.sumo.driven import LETTING_IN, DrivenTrip, run_routes
from sim.sumo.given import given_trips
from sim.sumo.net_file import OFF_STREET, read_net_file
from sim.sumo.scenario import SumoScenario
from sim.sumo.staging import Staging
from sim.sumo.stops import Stops, planned_stops
from sim.sumo.xml_files import iterate_elements
from sim.uncollected import uncollected

_LATE_S = 1800.0
_CROWDED = ("--mesosim", "true", "--meso-junction-control", "true")

Edges = tuple[str, ...]


@uncollected
def routed_days(
    scenario: SumoScenario, *, seeds: Sequence[int], timeout_s: float
) -> tuple[tuple[Trip, ...], ...]:
    """Return everybody who wants to travel within a scenario's time, with routes.

    Parameters
    ----------
    scenario
        Network, demand and time.
    seeds
        One day for each: speeds, flows and with them some routes change from day to day.
    timeout_s
        Longest time that one run may take. [s]

    Raises
    ------
    InputError
        Nobody wants to travel, or nobody on a street.
    SimulationError
        A run failed.
    """
    kinds = Kinds.read((*scenario.route_files, *scenario.additional_files))
    free = _free_names(scenario)
    stops = planned_stops(scenario)
    given = given_trips(scenario)
    if given:
        shared = tuple(
            _trip(replace(one, depart_s=one.depart_s - scenario.begin_s), kinds, {}, stops)
            for one in given
        )
        return (*_on_streets(scenario, (shared,)),) * len(seeds)
    with Staging(scenario, planned=()) as staging:
        jobs: list[tuple[int, tuple[str, ...]]] = [
            (seed, options) for options in (LETTING_IN, _CROWDED) for seed in seeds
        ]
        if free:
            jobs.insert(0, (seeds[0], ()))
        with ThreadPoolExecutor(max_workers=cpu_count() or 1) as pool:
            done = pool.map(lambda job: _run(staging, job[0], job[1], timeout_s), jobs)
            runs = dict(zip(jobs, done, strict=True))
    days = [runs[seed, LETTING_IN] for seed in seeds]
    others = [run for (_, options), run in runs.items() if options != LETTING_IN]
    if not days[0]:
        what = f"no vehicle departs between {scenario.begin_s:g} s and {scenario.end_s:g} s"
        raise InputError(scenario.config, what, "correct route-files, begin or end")
    known = _known_routes([*days, *others], free, kinds)
    routed = tuple(
        tuple(_trip(one, kinds, known if _is_free(one, free) else {}, stops) for one in day)
        for day in days
    )
    return _on_streets(scenario, routed)


def _on_streets(
    scenario: SumoScenario, days: Sequence[tuple[Trip, ...]]
) -> tuple[tuple[Trip, ...], ...]:
    """Leave out trains, boats and bicycles on ways of their own: they are not simulated."""
    if not any(trip.vclass in OFF_STREET for day in days for trip in day):
        return tuple(days)
    lanes = read_net_file(scenario.net_file).lanes.values()
    streets = {lane.edge for lane in lanes if lane.for_vehicles}
    driven = tuple(
        tuple(t for t in day if t.vclass not in OFF_STREET or streets.issuperset(t.edges))
        for day in days
    )
    if not driven[0]:
        what = "nobody drives on a street: all have ways of their own"
        raise InputError(scenario.config, what, "correct route-files, or the classes of the types")
    return driven


def _run(
    staging: Staging, seed: int, options: Sequence[str], timeout_s: float
) -> tuple[DrivenTrip, ...]:
    """Run SUMO once and return who wanted to depart before the end, with routes as driven."""
    scenario = staging.scenario
    end_s = scenario.end_s + (_LATE_S if options else 0.0)
    name = f"routed-{seed}-{len(options)}"
    told = (*options, "--seed", str(seed), "--end", f"{end_s:g}")
    return tuple(
        replace(one, depart_s=max(0.0, one.depart_s - scenario.begin_s))
        for one in run_routes(staging, name, told, timeout_s=timeout_s)
        if one.depart_s < scenario.end_s
    )


def _free_names(scenario: SumoScenario) -> frozenset[str]:
    """Return the vehicles and flows whose route SUMO chooses when they depart."""
    return frozenset(
        element.get("id", "")
        for path in scenario.route_files
        for element in iterate_elements(path, {"trip", "flow"})
        if "from" in element.attrib and "route" not in element.attrib
    )


def _is_free(one: DrivenTrip, free: Collection[str]) -> bool:
    return one.vehicle in free or one.vehicle.rpartition(".")[0] in free


_ON_BEST = frozenset({"best", "best_prob"})
"""Values of ``departLane`` with which vehicles depart on the lanes that suit their route best.

So they do by default, too, in SUMO 1.28 as it was seen: three lanes are used, and wait, alike.
"""
_ON_ANY = frozenset({"random", "free", "allowed"})
_USUAL = "best"
_Ends = tuple[str, str, str]
"""First edge, last edge and class of a vehicle."""


def _known_routes(
    runs: Sequence[Sequence[DrivenTrip]], free: Collection[str], kinds: Kinds
) -> dict[_Ends, tuple[Edges, ...]]:
    """Return every route that SUMO chose between two edges in some run, by class of vehicle."""
    known: dict[_Ends, dict[Edges, None]] = defaultdict(dict)
    for one in (one for run in runs for one in run if _is_free(one, free)):
        known[_ends(one, kinds)][one.edges] = None
    return {ends: tuple(routes) for ends, routes in known.items() if len(routes) > 1}


def _ends(one: DrivenTrip, kinds: Kinds) -> _Ends:
    return one.edges[0], one.edges[-1], kinds.of(one.kind, one.vehicle).vclass


def _departure(depart_lane: str) -> Departure:
    """Return on which lanes a vehicle departs; those that name one by number wait for the first."""
    if depart_lane in _ON_BEST:
        return Departure.BEST
    return Departure.ANY if depart_lane in _ON_ANY else Departure.FIRST


def _trip(
    one: DrivenTrip,
    kinds: Kinds,
    known: Mapping[_Ends, tuple[Edges, ...]],
    stops: Mapping[str, Stops],
) -> Trip:
    own = stops.get(one.vehicle, stops.get(one.vehicle.rpartition(".")[0], ()))
    return replace(
        kinds.of(one.kind, one.vehicle),
        depart_s=one.depart_s,
        edges=one.edges,
        # who stops on the way keeps to the way of the stops
        choices=known.get(_ends(one, kinds), ()) if known and not own else (),
        departure=_departure(dict(one.attributes).get("departLane", _USUAL)),
        dwell_s=tuple((edge, time_s / max(1, one.edges.count(edge))) for edge, time_s in own),
    )
