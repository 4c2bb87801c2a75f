"""Demand that no plan can serve: where, which movements, by how much, and what helps most.

Groups that conflict pairwise are green one after another whatever the sequence, so their flow
ratios and the intergreens between them must fit into the cycle: Y + L / C ≤ 1.  Where the
heaviest such clique does not fit into the longest cycle, no plan serves the demand (the clique
bound of G. Improta and G. E. Cantarella, Transportation Research B 18, 1984).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from citybrain.model.flows import TurningDemand
from citybrain.model.intersection import Intersection
from citybrain.model.network import Network
from optimizer.demand_ratios import Critical, GroupRatios, critical_groups, group_ratios


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """An intersection whose demand no plan can serve.

    Parameters
    ----------
    intersection
        Where.
    flows_vph
        Movement → demand, of the movements that are in each other's way. [veh/h]
    degree
        What they ask for over what the longest cycle can give them. [-]
    helped_by
        The movement for which one more lane helps most.
    helped_degree
        The degree with that lane. [-]
    """

    intersection: str
    flows_vph: dict[str, float]
    degree: float
    helped_by: str
    helped_degree: float

    def __str__(self) -> str:
        """Say where, by how much, and what helps most."""
        asking = ", ".join(f"{name} ({flow:.0f} veh/h)" for name, flow in self.flows_vph.items())
        helps = (
            f"one more lane for {self.helped_by} would bring it to {self.helped_degree:.0%}"
            if self.helped_by
            else "no single lane helps"
        )
        return (
            f"{self.intersection}: no plan can serve the demand: {asking} exclude each other and "
            f"ask for {self.degree:.0%} of the longest cycle; {helps}"
        )


def overloads(network: Network, demand: TurningDemand) -> tuple[Overload, ...]:
    """Return the intersections whose demand no plan can serve, the worst first.

    Parameters
    ----------
    network
        Streets and signals.
    demand
        Demand per movement. [veh/h]
    """
    found = (
        _overload(intersection, network, demand) for intersection in network.intersections.values()
    )
    return tuple(sorted((o for o in found if o is not None), key=lambda o: -o.degree))


def _overload(
    intersection: Intersection, network: Network, demand: TurningDemand
) -> Overload | None:
    ratios = group_ratios(network, intersection, demand)
    best = {name: _easiest(ratios, name) for name in ratios.protected}
    critical = critical_groups(intersection, best)
    degree = _degree(critical, intersection)
    if degree <= 1.0:
        return None
    movements = network.movements_at(intersection.name)
    flows_vph = {
        movement.name: demand.flow_vph(movement.name)
        for movement in movements
        if set(movement.groups) & set(critical.groups) and demand.flow_vph(movement.name) > 0
    }
    helped = min(
        (
            (
                _degree(
                    critical_groups(intersection, _with_lane(best, m.groups, len(m.lanes))),
                    intersection,
                ),
                m.name,
            )
            for m in movements
            if m.name in flows_vph
        ),
        default=(degree, ""),
    )
    return Overload(
        intersection=intersection.name,
        flows_vph=flows_vph,
        degree=degree,
        helped_by=helped[1] if helped[0] < degree else "",
        helped_degree=helped[0],
    )


def _easiest(ratios: GroupRatios, group: str) -> float:
    """Return the flow ratio under the green that discharges most, so that the bound is safe."""
    return min(ratios.protected[group], ratios.permissive.get(group) or ratios.protected[group])


def _degree(critical: Critical, intersection: Intersection) -> float:
    available = 1.0 - critical.lost_time_s / intersection.maximum_cycle_s
    return critical.flow_ratio / available if available > 0 else float("inf")


def _with_lane(
    ratios: Mapping[str, float], groups: tuple[str, ...], lanes: int
) -> dict[str, float]:
    """Spread the flow of some groups over one more lane."""
    share = lanes / (lanes + 1)
    return {name: ratio * (share if name in groups else 1.0) for name, ratio in ratios.items()}
