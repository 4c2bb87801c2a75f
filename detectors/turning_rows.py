"""What the counts and the streets say about turns, as rows of a least-squares system."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from citybrain.model.flows import Detector, DetectorKind, FlowSnapshot, Quality
from citybrain.model.network import Network
from citybrain.units import SECONDS_PER_HOUR
from detectors.least_squares import Row
from detectors.streets import find_stretches
from detectors.turning_unknowns import Cell, LaneUse

NORMAL_95 = 1.96
"""Half width of a 95 % interval in standard deviations [-]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurningSettings:
    """How surely each kind of knowledge holds.

    Parameters
    ----------
    doubt
        A doubted lane's deviation is this many times that of a believed one.
    storage_share, storage_vph
        Deviation of the flow between two intersections: vehicles that wait in between, park, or
        turn off unseen; a share of the flow, and at least so much. [-], [veh/h]
    prior_weight
        Weight of the prior beside the measurements; small.
    """

    doubt: float = 3.0
    storage_share: float = 0.05
    storage_vph: float = 20.0
    prior_weight: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The live lanes of a snapshot.

    Parameters
    ----------
    flow_vph
        Lane → mean flow. [veh/h]
    deviation_vph
        Lane → standard deviation: the root of the count, more where it is doubted, and what the
        intervals of filled bins say. [veh/h]
    at_exit
        Lanes that only an exit detector counts.
    """

    flow_vph: Mapping[str, float]
    deviation_vph: Mapping[str, float]
    at_exit: frozenset[str]

    @classmethod
    def of(
        cls, snapshot: FlowSnapshot, detectors: Sequence[Detector], settings: TurningSettings
    ) -> Self:
        """Return what a snapshot says of the lanes that are not dead.

        Parameters
        ----------
        snapshot
            Flows.
        detectors
            Inventory, if known.
        settings
            How much worse a doubted lane is.
        """
        duration_h = snapshot.duration_s / SECONDS_PER_HOUR
        flows_vph = snapshot.mean_flows_vph
        flow_vph, deviation_vph = {}, {}
        for lane, answer in zip(snapshot.lanes, snapshot.quality, strict=True):
            if answer is not Quality.DEAD and not math.isnan(flows_vph[lane]):
                doubt = settings.doubt if answer is Quality.DOUBTED else 1.0
                count_veh = flows_vph[lane] * duration_h
                flow_vph[lane] = flows_vph[lane]
                own_veh = doubt * math.sqrt(max(count_veh, 1.0))
                deviation_vph[lane] = math.hypot(own_veh, _filled_veh(snapshot, lane)) / duration_h
        exits = {d.lane for d in detectors if d.kind is DetectorKind.EXIT}
        others = {d.lane for d in detectors if d.kind is not DetectorKind.EXIT}
        return cls(
            flow_vph=flow_vph, deviation_vph=deviation_vph, at_exit=frozenset(exits - others)
        )

    def of_lanes(self, lanes: Iterable[str]) -> tuple[float, float] | None:
        """Return flow and deviation of lanes together; none if one is not measured [veh/h].

        Parameters
        ----------
        lanes
            Lanes side by side.
        """
        lanes = tuple(lanes)
        if not lanes or any(lane not in self.flow_vph for lane in lanes):
            return None
        deviations_vph = [self.deviation_vph[lane] for lane in lanes]
        return sum(self.flow_vph[lane] for lane in lanes), math.hypot(*deviations_vph)


def _filled_veh(snapshot: FlowSnapshot, lane: str) -> float:
    """Return the standard deviation of what was filled in on a lane [veh].

    Errors of one stretch go the same way, so the half widths of the 95 % intervals add up.
    """
    if snapshot.imputed is None:
        return 0.0
    column = snapshot.lanes.index(lane)
    return sum(
        float(snapshot.high_veh[row, column] - snapshot.low_veh[row, column]) / (2 * NORMAL_95)
        for row in range(snapshot.bin_count)
        if snapshot.imputed[row, column]
    )


@dataclass(frozen=True, slots=True)
class RowWriter:
    """Writes one row for each thing that is known of the unknown turns.

    Parameters
    ----------
    network, use, measured
        Streets, the use of their lanes, and what was measured.
    known
        Turns from a lane whose flow is settled. [veh/h]
    unknown
        The other turns → their position in the system.
    settings
        How surely each kind of knowledge holds.
    """

    network: Network
    use: LaneUse
    measured: Measured
    known: Mapping[Cell, float]
    unknown: Mapping[Cell, int]
    settings: TurningSettings

    def rows(self) -> Iterator[Row]:
        """Return the rows that hold at least one unknown."""
        every = (*self._lane_rows(), *self._edge_rows(), *self._stretch_rows())
        return (row for row in every if row.factors)

    def _lane_rows(self) -> Iterator[Row]:
        """Say that the turns from a lane add up to its count."""
        for lane, flow_vph in self.use.measured_vph.items():
            cells = [(name, lane) for name in self.use.served[lane]]
            yield self._row(cells, (), flow_vph, self.measured.deviation_vph[lane])

    def _edge_rows(self) -> Iterator[Row]:
        """Say that an approach that is counted far back sends out what it takes in."""
        leaving = self._leaving()
        for edge, lanes in self._vehicle_lanes().items():
            total = self.measured.of_lanes(lanes)
            names = leaving.get(edge)
            if names and total and self.measured.at_exit.intersection(lanes):
                yield self._row(self._cells(names), (), *total)

    def _stretch_rows(self) -> Iterator[Row]:
        """Say that what flows onto a stretch passes its counts and flows off it."""
        lanes_of = self._vehicle_lanes()
        for stretch in find_stretches(self.network):
            inflow, outflow = self._cells(stretch.inflow), self._cells(stretch.outflow)
            if outflow:
                yield self._row(inflow, outflow, 0.0, self._storage_vph(inflow, outflow))
            inner = stretch.edges[:-1] if outflow else stretch.edges
            for edge in inner:
                total = self.measured.of_lanes(lanes_of.get(edge, ()))
                if total:
                    yield self._row(inflow, (), *total)

    def _row(
        self, plus: Sequence[Cell], minus: Sequence[Cell], value_vph: float, deviation_vph: float
    ) -> Row:
        """Return plus - minus = value, with what is known moved to the right."""
        factors: dict[int, float] = defaultdict(float)
        for cells, sign in ((plus, 1.0), (minus, -1.0)):
            for cell in cells:
                if cell in self.known:
                    value_vph -= sign * self.known[cell]
                else:
                    factors[self.unknown[cell]] += sign
        return Row(factors=dict(factors), value_vph=value_vph, deviation_vph=deviation_vph)

    def _storage_vph(self, inflow: Sequence[Cell], outflow: Sequence[Cell]) -> float:
        settled_vph = [sum(self.known.get(cell, 0.0) for cell in c) for c in (inflow, outflow)]
        return max(self.settings.storage_share * max(settled_vph), self.settings.storage_vph)

    def _cells(self, names: Iterable[str]) -> list[Cell]:
        return [(name, lane) for name in names for lane in self.network.movements[name].lanes]

    def _leaving(self) -> dict[str, list[str]]:
        leaving: dict[str, list[str]] = defaultdict(list)
        for movement in self.network.movements.values():
            leaving[movement.from_edge].append(movement.name)
        return leaving

    def _vehicle_lanes(self) -> dict[str, list[str]]:
        lanes: dict[str, list[str]] = defaultdict(list)
        for lane in self.network.lanes.values():
            if lane.for_vehicles:
                lanes[lane.edge].append(lane.name)
        return lanes
