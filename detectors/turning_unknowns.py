"""The unknowns of a turning estimate: how many vehicles make a turn from a lane."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from citybrain.model.network import Movement, Network
from detectors.pulses import Floats

Cell = tuple[str, str]
"""A movement and a lane from which it is made."""

TURN_WEIGHTS: Mapping[str, float] = {"through": 8.0, "left": 1.0, "right": 1.0, "u_turn": 0.1}
"""Relative turn volumes where nothing is known: a tenth left, a tenth right."""

PART_VPH = 100.0
"""Size of the parts that a turn's prior is thought to be made of [veh/h]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneUse:
    """Which movements each lane serves, and what was measured on it.

    Parameters
    ----------
    movements
        Movements by name.
    served
        Lane → movements that can be made from it.
    measured_vph
        Lane → measured flow, for lanes whose detector stands where the turns are made. [veh/h]
    edge_of
        Lane → its edge.
    """

    movements: Mapping[str, Movement]
    served: Mapping[str, tuple[str, ...]]
    measured_vph: Mapping[str, float]
    edge_of: Mapping[str, str]

    @classmethod
    def of(
        cls, network: Network, measured_vph: Mapping[str, float], elsewhere: Collection[str]
    ) -> "LaneUse":
        """Return the use of the lanes of all movements.

        Parameters
        ----------
        network
            Streets and signals.
        measured_vph
            Lane → measured flow. [veh/h]
        elsewhere
            Lanes measured so far from the stop line that vehicles still change lanes.
        """
        served: dict[str, list[str]] = defaultdict(list)
        for movement in network.movements.values():
            for lane in movement.lanes:
                served[lane].append(movement.name)
        return cls(
            movements=network.movements,
            served={lane: tuple(names) for lane, names in served.items()},
            measured_vph={
                lane: flow_vph
                for lane, flow_vph in measured_vph.items()
                if lane in served and lane not in elsewhere
            },
            edge_of={lane: network.lanes[lane].edge for lane in served},
        )

    def known_vph(self, lane: str) -> float | None:
        """Return the flow of each turn from a lane where the lane's own count tells it [veh/h]."""
        flow_vph = self.measured_vph.get(lane)
        if flow_vph == 0 or len(self.served[lane]) == 1:
            return flow_vph
        return None

    def prior_vph(self) -> dict[Cell, float]:
        """Return what to expect of each (movement, lane) before the rows are solved [veh/h].

        A lane's flow is shared out in proportion to `TURN_WEIGHTS`, where a turn with several
        lanes spreads over them.  A lane without a count is given the flow per weight of the
        counted lanes of its approach, else of the network.
        """
        weight = {
            (name, lane): TURN_WEIGHTS.get(movement.turn, 1.0) / len(movement.lanes)
            for name, movement in self.movements.items()
            for lane in movement.lanes
        }
        lane_weight: dict[str, float] = defaultdict(float)
        for (_, lane), share in weight.items():
            lane_weight[lane] += share
        rate = self._rate_of_lanes(lane_weight)
        return {cell: share * rate[cell[1]] for cell, share in weight.items()}

    def _rate_of_lanes(self, lane_weight: Mapping[str, float]) -> dict[str, float]:
        flow_vph: dict[str, float] = defaultdict(float)
        weight: dict[str, float] = defaultdict(float)
        for lane, lane_vph in self.measured_vph.items():
            for place in (self.edge_of[lane], ""):
                flow_vph[place] += lane_vph
                weight[place] += lane_weight[lane]
        rate = {place: flow_vph[place] / weight[place] for place in weight}
        fallback = rate.get("", 0.0)
        return {
            lane: self.measured_vph[lane] / lane_weight[lane]
            if lane in self.measured_vph
            else rate.get(self.edge_of[lane], fallback)
            for lane in lane_weight
        }


def prior_deviation_vph(prior_vph: Floats) -> Floats:
    """Return how far a turn may lie from its prior, as if each were a sum of equal parts.

    With a deviation that grows as the root, a surplus is shared out in proportion to the prior.

    Parameters
    ----------
    prior_vph
        Prior of each unknown, shape (unknowns,). [veh/h]

    Returns
    -------
    array of shape (unknowns,)
        Deviations, √(prior · `PART_VPH`) with a prior of 1 veh/h at least. [veh/h]
    """
    return np.asarray(np.sqrt(np.maximum(prior_vph, 1.0) * PART_VPH))
