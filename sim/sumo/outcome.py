"""From SUMO's raw outputs to what a run did to everyone who wanted to travel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from citybrain.errors import InputError, SimulationError
from citybrain.model.network import Network
from citybrain.model.verdict import Outcome
from sim.sumo.routes import SpecialTypes
from sim.sumo.xml_files import iterate_elements

_NONE = SpecialTypes()
_TAKEN_OUT = frozenset({"calibrator", "vaporizer"})
"""Who takes vehicles out because the scenario says so; others do where traffic fails."""


@dataclass(slots=True)
class _Tally:
    """Running sums over the trips of one run; the fields are those of ``Outcome``."""

    vehicle_count: int = 0
    delay_s: float = 0.0
    unfinished_veh: int = 0
    never_inserted_veh: int = 0
    stops: int = 0
    walker_count: int = 0
    walking_delay_s: float = 0.0
    longest_walking_delay_s: float = 0.0
    bicycle_count: int = 0
    bicycle_delay_s: float = 0.0
    bus_count: int = 0
    bus_delay_s: float = 0.0

    def add_vehicle(self, trip: ET.Element, end_s: float, types: SpecialTypes) -> None:
        """Charge one vehicle, under design law 4."""
        delay_s = vehicle_delay_s(trip, end_s)
        self.vehicle_count += 1
        self.delay_s += delay_s
        self.stops += int(trip.attrib["waitingCount"])
        if float(trip.attrib["depart"]) < 0:
            self.never_inserted_veh += 1
        elif not has_arrived(trip):
            self.unfinished_veh += 1
        if trip.get("vType", "") in types.bicycles:
            self.bicycle_count += 1
            self.bicycle_delay_s += delay_s
        elif trip.get("vType", "") in types.buses:
            self.bus_count += 1
            self.bus_delay_s += delay_s

    def add_person(self, person: ET.Element) -> None:
        """Charge one person with the time lost on foot."""
        lost_s = sum(float(walk.get("timeLoss", "0")) for walk in person.findall("walk"))
        self.walker_count += 1
        self.walking_delay_s += lost_s
        self.longest_walking_delay_s = max(self.longest_walking_delay_s, lost_s)


def wanted_to_depart(trip: ET.Element) -> bool:
    """Tell whether someone wanted to depart before the end.

    SUMO loads ahead: with those who were kept waiting it also writes vehicles that want to
    depart at the very end and people who want to later, all without any delay.
    """
    return float(trip.attrib["depart"]) >= 0 or float(trip.get("departDelay", "0")) > 0


def has_arrived(trip: ET.Element) -> bool:
    """Tell whether a vehicle reached its destination, by its own power.

    Where the scenario's own calibrators and vaporizers take one out, that is where it was to go.
    """
    return float(trip.attrib["arrival"]) >= 0 and not _was_lost(trip)


def _was_lost(trip: ET.Element) -> bool:
    reason = trip.get("vaporized")
    return bool(reason) and reason not in _TAKEN_OUT


def vehicle_delay_s(trip: ET.Element, end_s: float) -> float:
    """Return the delay of one vehicle that wanted to travel.

    Parameters
    ----------
    trip
        A ``<tripinfo>``, of an unfinished or undeparted vehicle too.
    end_s
        End of the simulation. [s]

    Returns
    -------
    float
        Time loss and departure delay; SUMO gives the latter as ``end - wanted departure`` for
        a vehicle that never departed.  A vehicle that SUMO took out on its way (removal
        instead of teleport) is charged the time until the end, too. [s]
    """
    delay_s = float(trip.attrib["timeLoss"]) + float(trip.attrib["departDelay"])
    arrival_s = float(trip.attrib["arrival"])
    if arrival_s >= 0 and _was_lost(trip):
        delay_s += end_s - arrival_s
    return delay_s


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """Where one run left its outputs; routes only where they were asked for."""

    trips: Path
    statistics: Path
    routes: Path | None = None


def read_outcome(
    files: RunFiles,
    *,
    seed: int,
    end_s: float,
    network: Network,
    types: SpecialTypes = _NONE,
) -> Outcome:
    """Read the outputs of one run.

    Parameters
    ----------
    files
        Trip, statistic and route outputs.
    seed
        Seed of the run.
    end_s
        End of the simulation. [s]
    network
        Streets; its movements are charged with the delay on the way to their signal.
    types
        Vehicle types that are bicycles or buses.

    Raises
    ------
    SimulationError
        An output is missing, cut off, or does not account for every loaded vehicle.
    """
    tally = _Tally()
    try:
        for element in iterate_elements(files.trips, {"tripinfo", "personinfo"}):
            if not wanted_to_depart(element):
                continue
            if element.tag == "tripinfo":
                tally.add_vehicle(element, end_s, types)
            else:
                tally.add_person(element)
        counts = _read_statistics(files.statistics)
        charged = _charge_movements(files.routes, end_s, network)
    except (InputError, KeyError, ValueError) as error:
        msg = f"the run left no whole output ({error}); free some disk space and run it again"
        raise SimulationError(msg) from None
    _check_complete(tally.vehicle_count, counts)
    fields = {name: getattr(tally, name) for name in _Tally.__slots__}
    return Outcome(
        seed=seed,
        teleports=counts["total"],
        collisions=counts["collisions"],
        movement_delay_s=dict(sorted(charged.delay_s.items())),
        movement_count=dict(sorted(charged.count.items())),
        **fields,
    )


_COUNTS = {
    "vehicles": ("inserted", "waiting"),
    "teleports": ("total",),
    "safety": ("collisions",),
}


def _read_statistics(path: Path) -> Mapping[str, int]:
    """Read the counts that SUMO keeps itself, by their attribute's name."""
    return {
        name: int(element.attrib[name])
        for element in iterate_elements(path, _COUNTS)
        for name in _COUNTS[element.tag]
    }


def _check_complete(vehicle_count: int, counts: Mapping[str, int]) -> None:
    """Raise unless everyone who was inserted or kept waiting has been charged.

    SUMO also loads vehicles that want to depart after the end; those owe nothing.
    """
    wanted = counts["inserted"] + counts["waiting"]
    if vehicle_count < wanted:
        msg = (
            f"the run accounts for {vehicle_count} of {wanted} vehicles; "
            "without the others no delay can be stated"
        )
        raise SimulationError(msg)


@dataclass(frozen=True, slots=True)
class _Charged:
    """Delay and vehicles per movement."""

    delay_s: dict[str, float]
    count: dict[str, int]


def _charge_movements(routes: Path | None, end_s: float, network: Network) -> _Charged:
    """Charge every second lost on the way to a signal to the movement made there.

    What is lost on edges without a signal is carried to the next signalised movement of the
    route.  Departure delay is charged to the first one; vehicles that were never inserted have
    no record of their route and appear in the totals only.
    """
    charged = _Charged({}, {})
    if routes is None:
        return charged
    free_s = _free_flow_s(network)
    for vehicle in iterate_elements(routes, {"vehicle"}):
        for movement, lost_s in _lost_before_signals(vehicle, end_s, network, free_s):
            charged.delay_s[movement] = charged.delay_s.get(movement, 0.0) + lost_s
            charged.count[movement] = charged.count.get(movement, 0) + 1
    return charged


def _free_flow_s(network: Network) -> dict[str, float]:
    """Return the shortest travel time of every edge [s]."""
    times_s: dict[str, float] = {}
    for lane in network.lanes.values():
        time_s = lane.length_m / lane.speed_mps
        times_s[lane.edge] = min(time_s, times_s.get(lane.edge, time_s))
    return times_s


def _lost_before_signals(
    vehicle: ET.Element, end_s: float, network: Network, free_s: Mapping[str, float]
) -> Iterator[tuple[str, float]]:
    route = vehicle.find("route")
    if route is None:
        return
    edges = route.attrib["edges"].split()
    exits_s = [float(time) for time in route.get("exitTimes", "").split()]
    entered_s = float(vehicle.attrib["depart"])
    lost_s = 0.0
    for position, exit_s in enumerate(exits_s):
        left_s = exit_s if exit_s >= 0 else end_s
        lost_s += left_s - entered_s - (free_s.get(edges[position], 0.0) if exit_s >= 0 else 0.0)
        following = edges[position + 1] if position + 1 < len(edges) else ""
        movement = f"{edges[position]}->{following}"
        if movement in network.movements:
            yield movement, lost_s
            lost_s = 0.0
        if exit_s < 0:
            return
        entered_s = left_s
