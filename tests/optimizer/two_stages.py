"""Two-stage intersections and a formula in SUMO's place, so that the best plan is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from citybrain.model.flows import DemandSource, MovementDemand, TurningDemand
from citybrain.model.intersection import Intersection
from citybrain.model.network import Lane, Movement, Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation
from citybrain.ports.tables import PROTECTED, Prices, SignalTables
from optimizer.retime import Task
from tests.model.crossroads import Crossroads

MINIMUM_GREEN_S = 8
CYCLES_S = (40.0, 120.0)
SATURATION_VPH = 1800.0
INTERGREEN_S = 6.0
PLAIN_SEED = 1


def intersection(name: str) -> Intersection:
    """Return a crossroads that leaves greens and cycle open."""
    base = Crossroads().intersection()
    groups = tuple(replace(group, minimum_green_s=MINIMUM_GREEN_S) for group in base.groups)
    low_s, high_s = CYCLES_S
    return replace(
        base,
        name=name,
        groups=groups,
        maximum_reds_s={},
        minimum_cycle_s=low_s,
        maximum_cycle_s=high_s,
    )


def pattern(name: str, green_s: float, other_green_s: float) -> Pattern:
    junction = Crossroads(green_s=green_s, other_green_s=other_green_s)
    return replace(junction.pattern(), intersection=name)


def task(greens_s: dict[str, tuple[float, float]], flows_vph: dict[str, float]) -> Task:
    """Return what is to be retimed: greens now, and the flow of ``"<intersection><group>"``."""
    patterns = tuple(pattern(name, *greens) for name, greens in sorted(greens_s.items()))
    movements, lanes = {}, {}
    for name in flows_vph:
        movements[name] = Movement(
            name=name,
            intersection=name[:-1],
            from_edge=f"{name}_in",
            to_edge=f"{name}_out",
            turn="through",
            lanes=(f"{name}_in_0",),
            groups=(name[-1],),
        )
        lanes[f"{name}_in_0"] = Lane(
            name=f"{name}_in_0",
            edge=f"{name}_in",
            length_m=200.0,
            speed_mps=13.9,
            shape=((0.0, 0.0), (200.0, 0.0)),
            for_vehicles=True,
        )
    network = Network(
        name="n",
        lanes=lanes,
        turns={},
        movements=movements,
        intersections={name: intersection(name) for name in greens_s},
    )
    demand = TurningDemand(
        movements={
            name: MovementDemand(
                movement=name, flow_vph=flow_vph, source=DemandSource.EXCLUSIVE_LANES
            )
            for name, flow_vph in flows_vph.items()
        }
    )
    running = Plan(name="running", patterns=patterns)
    return Task(network=network, running=running, demand=demand)


def uniform_delay_s(flow_vph: float, green_s: float, cycle_s: float) -> float:
    """Return an hour's delay of one movement, with a steep charge where demand is not met [s]."""
    share = green_s / cycle_s
    ratio = flow_vph / SATURATION_VPH
    uniform_s = 0.5 * cycle_s * (1 - share) ** 2 / (1 - min(ratio, share))
    return flow_vph * (uniform_s + 100.0 * max(0.0, ratio - 0.9 * share))


@dataclass
class Formula:
    """Prices plans by uniform delay; each seed but one brings a little more or less flow.

    Parameters
    ----------
    flows_vph
        Movement → flow. [veh/h]
    """

    flows_vph: dict[str, float]
    asked: list[Evaluation] = field(default_factory=list)

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        self.asked += evaluations
        return [self.outcome(evaluation.plan, evaluation.seed) for evaluation in evaluations]

    def outcome(self, plan: Plan, seed: int) -> Outcome:
        delays_s = {
            name: uniform_delay_s(
                flow_vph * (1 + (seed - PLAIN_SEED) % 5 / 200), *greens_and_cycle(plan, name)
            )
            for name, flow_vph in self.flows_vph.items()
        }
        return Outcome(
            seed=seed,
            vehicle_count=round(sum(self.flows_vph.values())),
            delay_s=sum(delays_s.values()),
            unfinished_veh=10,
            never_inserted_veh=0,
            teleports=0,
            collisions=0,
            stops=0,
            movement_delay_s=delays_s,
        )


@dataclass
class TableFormula:
    """Prices tables by the same formula, each intersection's delay off by a factor.

    Parameters
    ----------
    flows_vph
        Movement → flow. [veh/h]
    factors
        Intersection → what its delay is multiplied by.
    """

    flows_vph: dict[str, float]
    factors: dict[str, float] = field(default_factory=dict)
    priced: int = 0

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        return dict.fromkeys(sorted({name[:-1] for name in self.flows_vph}), ("1", "2"))

    @property
    def vehicles(self) -> float:
        return sum(self.flows_vph.values())

    @property
    def neighbours(self) -> tuple[tuple[str, str], ...]:
        names = tuple(self.groups)
        return tuple(pairwise(names))

    def price(self, tables: SignalTables) -> Prices:
        self.priced += len(tables.start)
        local_s = np.array(
            [
                [self._local_s(tables, plan, place) for place in range(len(self.groups))]
                for plan in range(len(tables.start))
            ]
        )
        return Prices(local_s.sum(axis=1) / self.vehicles, local_s, local_s, np.zeros(len(local_s)))

    def _local_s(self, tables: SignalTables, plan: int, place: int) -> float:
        name = sorted(self.groups)[place]
        first, cycle_s = tables.start[plan, place], int(tables.cycle_s[plan, place])
        rows = tables.colour[first : first + 2 * cycle_s].reshape(2, cycle_s)
        greens_s = (rows == PROTECTED).sum(axis=1)
        return self.factors.get(name, 1.0) * sum(
            uniform_delay_s(self.flows_vph[f"{name}{row + 1}"], float(greens_s[row]), cycle_s)
            for row in range(2)
        )


def greens_and_cycle(plan: Plan, movement: str) -> tuple[float, float]:
    shown = plan.pattern(movement[:-1])
    greens = shown.timing(movement[-1]).greens(shown.cycle_s)
    return sum(green.duration_s for green in greens), shown.cycle_s


def least_delay_s(flow_vph: float, other_vph: float) -> float:
    """Return the least delay that whole greens of one intersection can reach, by trying all."""
    low_s, high_s = map(int, CYCLES_S)
    return min(
        uniform_delay_s(flow_vph, green_s, cycle_s)
        + uniform_delay_s(other_vph, cycle_s - 2 * INTERGREEN_S - green_s, cycle_s)
        for cycle_s in range(low_s, high_s + 1)
        for green_s in range(MINIMUM_GREEN_S, cycle_s - 2 * int(INTERGREEN_S) - MINIMUM_GREEN_S + 1)
    )
