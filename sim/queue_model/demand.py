"""Who wants to travel: trips with routes, laid out as arrays, for one or several days."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.queue_model.inputs import DRIVER, DemandArrays, table
from sim.queue_model.physics import Physics
from sim.queue_model.routes import Choice, Departure, Route, Routes
from sim.queue_model.streets import Streets
from sim.sumo.routes import BUSES

USUAL_TAU_S = 1.0
"""SUMO's default headway; the constants of ``Physics`` are those of drivers who keep it. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One vehicle that wants to travel.

    Parameters
    ----------
    depart_s
        Wanted departure after the start of the simulation. [s]
    edges
        Route.
    space_m
        Length with the gap to the vehicle in front, in a standing queue. [m]
    speed_factor, speed_deviation
        Mean and standard deviation of the wanted speed over the limit. [-]
    top_mps
        Highest speed. [m/s]
    acceleration_mps2, imperfection
        Highest acceleration [m/s²], and how far its driver falls short of it [0-1]; on average
        by half of that share, both while accelerating and when cruising.
    deceleration_mps2
        Braking that its driver is ready for; decides who still passes a yellow. [m/s²]
    tau_s
        Headway that its driver keeps at least, as SUMO's ``tau``. [s]
    choices
        Routes between the same ends that its driver chooses from at departure; none for one that
        keeps to its own.
    dwell_s
        Stops on the way, at bus stops say: edge → time at each visit. [s]
    vclass
        SUMO's class of the vehicle: cars keep off bus lanes.
    departure
        Lanes that it may depart on: beside others on as many as these are, though on ``ANY`` its
        route may go on from some of them only.
    """

    depart_s: float
    edges: tuple[str, ...]
    space_m: float = 7.5
    speed_factor: float = 1.0
    speed_deviation: float = 0.1
    top_mps: float = math.inf
    acceleration_mps2: float = 2.6
    imperfection: float = 0.5
    deceleration_mps2: float = 4.5
    tau_s: float = USUAL_TAU_S
    choices: tuple[tuple[str, ...], ...] = ()
    dwell_s: tuple[tuple[str, float], ...] = ()
    vclass: str = "passenger"
    departure: Departure = Departure.BEST

    @property
    def route(self) -> Route:
        """Edges, each with the time of the stops there [s]."""
        stops = dict(self.dwell_s)
        on_way = tuple((edge, stops.get(edge, 0.0)) for edge in self.edges)
        return Route(on_way, self.vclass, self.departure)

    @property
    def choice(self) -> Choice | None:
        """What its driver chooses from at departure, if anything."""
        return Choice(self.choices, self.vclass, self.departure) if self.choices else None


def scaled(trips: Sequence[Trip], factor: float, seed: int) -> tuple[Trip, ...]:
    """Return the trips of a day with more or fewer travellers.

    Parameters
    ----------
    trips
        The day as it is.
    factor
        Travellers for each one; what is beyond a whole number is drawn. [-]
    seed
        Dice.
    """
    whole, share = divmod(factor, 1.0)
    rng = np.random.default_rng(seed)
    copies = int(whole) + (rng.random(len(trips)) < share)
    return tuple(trip for trip, count in zip(trips, copies, strict=True) for _ in range(count))


def compile_demand(
    trips: Sequence[Trip],
    routes: Routes,
    streets: Streets,
    seed: int,
    physics: Physics | None = None,
) -> DemandArrays:
    """Lay out the trips of one day and draw how fast their drivers like to go.

    Parameters
    ----------
    trips
        In any order.
    routes
        Options of their routes.
    streets
        Their lanes, and how fast one may drive there.
    seed
        Dice of the drivers' speeds: normal, kept within 0.2 and 2 as SUMO does; and of their
        reactions.
    physics
        Deviation of these, and what care costs at links that give way; the usual ones if none.
    """
    physics = physics or Physics()
    ordered = sorted(trips, key=lambda trip: (trip.depart_s, trip.edges))
    rng = np.random.default_rng(seed)
    deviation = np.array([trip.speed_deviation for trip in ordered])
    wanted = np.array([trip.speed_factor for trip in ordered])
    drawn = np.clip(wanted + deviation * rng.standard_normal(len(ordered)), 0.2, 2.0)
    fastest_mps = float(streets.arrays.lanes["speed_mps"][: len(streets.lane_numbers)].max())
    most = [_most(t, streets) if t.top_mps < fastest_mps else math.inf for t in ordered]
    factor = np.minimum(drawn, most)
    brake = np.array([trip.deceleration_mps2 for trip in ordered], dtype=np.float64)
    space_m = np.array([trip.space_m for trip in ordered], dtype=np.float64)
    highest = np.array([trip.acceleration_mps2 for trip in ordered], dtype=np.float64)
    dawdle = 0.5 * highest * np.array([trip.imperfection for trip in ordered])
    accel = highest - dawdle
    later_s = np.array([trip.tau_s for trip in ordered], dtype=np.float64) - USUAL_TAU_S
    driven = [trip.route for trip in ordered]
    option = np.array([routes.sources[route] for route in driven], dtype=np.int32)
    following = np.full(len(ordered), -1, dtype=np.int32)
    first = np.full(len(streets.lanes), -1, dtype=np.int32)
    last = np.full(len(streets.lanes), -1, dtype=np.int32)
    for vehicle, lane in enumerate(routes.arrays.options["lane"][option]):
        if last[lane] >= 0:
            following[last[lane]] = vehicle
        else:
            first[lane] = vehicle
        last[lane] = vehicle
    return DemandArrays(
        drivers=table(
            DRIVER,
            space_m=space_m,
            factor=factor,
            pace=1.0 / factor,
            accel=accel,
            half_accel=0.5 / accel,
            brake=brake,
            dawdle=dawdle,
            launch_s=np.sqrt(2.0 * space_m / accel),
            jitter_s=physics.reaction_deviation_s * rng.standard_normal(len(ordered)),
            careful_mps=physics.careful_mps(brake),
            later_s=later_s,
            abreast=1.0 / np.array([routes.abreast[route] for route in driven]),
            choice=[routes.choices[trip.choice] if trip.choice else -1 for trip in ordered],
            is_bus=[trip.vclass in BUSES for trip in ordered],
        ),
        depart_s=np.array([trip.depart_s for trip in ordered], dtype=np.float64),
        option=option,
        following=following,
        first=first,
        last=last,
    )


def _most(trip: Trip, streets: Streets) -> float:
    """Return the largest share of the limits that a vehicle can drive on its route [-]."""
    lanes = [streets.lane_numbers[streets.edge_lanes[edge][0]] for edge in trip.edges]
    used = streets.arrays.lanes[lanes]
    return trip.top_mps / float(np.average(used["speed_mps"], weights=used["length_m"]))
