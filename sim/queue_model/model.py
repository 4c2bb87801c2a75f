"""The queue model as a ``PlanEvaluator``, and as arrays for a search."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from os import cpu_count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from citybrain.ports.blocks import Block, stacked
from citybrain.ports.evaluation import Evaluation
from citybrain.ports.tables import SignalTables
from sim.queue_model import kernels
from sim.queue_model.arrays import Floats
from sim.queue_model.demand import Trip, compile_demand
from sim.queue_model.ground import Ground, read_ground
from sim.queue_model.inputs import DemandArrays
from sim.queue_model.physics import Physics
from sim.queue_model.routes import Routes, compile_routes
from sim.queue_model.runs import Counts, Runs
from sim.queue_model.side_by_side import Piece, run_pieces
from sim.queue_model.street_compiler import compile_streets
from sim.queue_model.streets import Streets
from sim.sumo.scenario import SumoScenario
from sim.uncollected import uncollected

_ROUTING_TIMEOUT_S = 600.0


class _Found(NamedTuple):
    """What the kernel writes, (days, plans, things): see ``kernels.simulate`` and ``Runs``.

    Kernels that Numba has kept name this class and its module: moved or renamed, it keeps them
    from being loaded.
    """

    totals: Floats
    link_delay_s: Floats
    link_count: Counts
    link_stops: Counts
    queue_veh: Counts
    blocked: Floats
    kept_out_s: Floats
    bus_delay_s: Floats

    @classmethod
    def empty(cls, runs: tuple[int, int], lanes: int, links: int) -> "_Found":
        """Return room for a number of runs."""
        return cls(
            np.empty((*runs, kernels.TOTALS)),
            np.empty((*runs, links)),
            np.empty((*runs, links), np.int32),
            np.empty((*runs, links), np.int32),
            np.empty((*runs, lanes), np.int32),
            np.empty((*runs, lanes)),
            np.empty((*runs, links)),
            np.empty((*runs, links)),
        )

    def runs(self) -> Runs:
        """Return what was written, by plan and day."""
        found = _Found._make(array.swapaxes(0, 1) for array in self)
        counts = found.totals.astype(np.int32)
        return Runs(
            delay_s=found.totals[..., 0],
            unfinished_veh=counts[..., 2],
            never_inserted_veh=counts[..., 3],
            stops=counts[..., 4],
            teleports=counts[..., 5],
            link_delay_s=found.link_delay_s,
            link_count=found.link_count,
            link_stops=found.link_stops,
            queue_veh=found.queue_veh,
            blocked=found.blocked,
            kept_out_s=found.kept_out_s,
            bus_delay_s=found.bus_delay_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QueueModel:
    """A network and its demand, compiled once, on which any number of plans is priced.

    Build it with ``QueueModel.build``.

    Parameters
    ----------
    intersections
        Names of the signals in the order of the tables: those that plans retime, then those that
        always run the same program.
    groups
        For each of them its signal groups, in the order of the rows of its table.
    fixed
        Tables of the signals that plans do not retime, in order.
    streets, routes, days, seeds, vehicle_count
        The compiled network and demand; one day and seed each.
    begin_s, horizon_s
        Begin in the simulation's time, and duration. [s]
    physics
        Constants of motion.
    link_movement
        Link → position of the movement it belongs to, or -1. int64, (links,)
    movements
        Names of the movements.
    threads
        Runs side by side.
    """

    intersections: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    fixed: tuple[Block, ...]
    streets: Streets = field(repr=False)
    routes: Routes = field(repr=False)
    days: tuple[DemandArrays, ...] = field(repr=False)
    seeds: tuple[int, ...]
    begin_s: int
    horizon_s: int
    physics: Physics
    movements: tuple[str, ...] = field(repr=False)
    link_movement: NDArray[np.int64] = field(repr=False)
    threads: int = 1

    @classmethod
    def build(
        cls,
        scenario: SumoScenario,
        network: Network,
        *,
        seeds: Sequence[int] = (1,),
        trips: Sequence[Sequence[Trip]] | None = None,
        physics: Physics | None = None,
        threads: int | None = None,
    ) -> "QueueModel":
        """Compile a scenario.

        Parameters
        ----------
        scenario, network
            Files, and streets with the signals that plans retime.
        seeds
            One day for each: speeds of drivers, and routes where they depend on them.
        trips
            Demand of each day; SUMO's own routes of the scenario's demand if none.
        physics
            Constants; those of SUMO's standard car, with the scenario's patience, if none.
        threads
            Runs side by side; as many as there are cores if none.

        Raises
        ------
        InputError
            The scenario's files are broken, nobody wants to travel, or a route has a gap.
        SimulationError
            SUMO could not route the trips.
        """
        days = trips or _routed(scenario, seeds)
        ground = read_ground(scenario, network)
        return cls.compiled(ground, days, seeds=seeds, physics=physics, threads=threads)

    @classmethod
    @uncollected
    def compiled(
        cls,
        ground: Ground,
        days: Sequence[Sequence[Trip]],
        *,
        seeds: Sequence[int],
        physics: Physics | None = None,
        threads: int | None = None,
    ) -> "QueueModel":
        """Compile what was read of a scenario, or a part of it.

        Parameters
        ----------
        ground
            Streets and signals.
        days, seeds
            Demand of each day, and a seed for the drivers' speeds.
        physics, threads
            As for ``build``.

        Raises
        ------
        InputError
            A route uses an unknown edge, or has a gap.
        """
        physics = physics or Physics(patience_s=ground.patience_s)
        signals = ground.signals
        streets = compile_streets(ground.net, ground.right_of_way, signals.rows, physics)
        everybody = [trip for day in days for trip in day]
        choices = tuple(dict.fromkeys(trip.choice for trip in everybody if trip.choice))
        own = (trip.route for trip in everybody)
        chosen = chain.from_iterable(choice.each() for choice in choices)
        distinct = dict.fromkeys(chain(own, chosen))
        routes = compile_routes(streets, tuple(distinct), choices, physics.look_ahead_m)
        numbers = {name: number for number, name in enumerate(ground.movements)}
        return cls(
            intersections=signals.names,
            groups=signals.groups,
            fixed=signals.fixed,
            streets=streets,
            routes=routes,
            days=tuple(
                compile_demand(day, routes, streets, seed, physics)
                for day, seed in zip(days, seeds, strict=True)
            ),
            seeds=tuple(seeds),
            begin_s=ground.begin_s,
            horizon_s=ground.horizon_s,
            physics=physics,
            movements=ground.movements,
            link_movement=np.array(
                [numbers.get(f"{a}->{b}", -1) for a, b in streets.link_ends], dtype=np.int64
            ),
            threads=threads or cpu_count() or 1,
        )

    def tables(self, plans: Sequence[Plan]) -> SignalTables:
        """Tabulate plans; a search may go on from here with tables of its own.

        Parameters
        ----------
        plans
            Each with a pattern for every intersection that is retimed.
        """
        return stacked([(*self.blocks(plan), *self.fixed) for plan in plans])

    def blocks(self, plan: Plan) -> tuple[Block, ...]:
        """Return the tables of a plan, one for each intersection that is retimed."""
        planned = len(self.intersections) - len(self.fixed)
        return tuple(
            Block.of(plan.pattern(name), groups)
            for name, groups in zip(
                self.intersections[:planned], self.groups[:planned], strict=True
            )
        )

    def delays(self, tables: SignalTables) -> Floats:
        """Return the mean delay of every plan on every day.

        Parameters
        ----------
        tables
            See ``SignalTables``.

        Returns
        -------
        numpy.ndarray
            float64, shape (plans, days). [s/veh]
        """
        counts = np.array([len(day.depart_s) for day in self.days])
        mean_s: Floats = self.runs(tables).delay_s / np.maximum(counts, 1)
        return mean_s

    def runs(self, tables: SignalTables) -> Runs:
        """Run every plan on every day, on all threads.

        The same tables give the same bytes, however many threads there are.
        """
        shape = np.array([len(groups) for groups in self.groups], dtype=np.int64)
        physics = self.physics.packed()
        times = (self.begin_s, self.horizon_s, len(self.streets.lane_numbers))
        plans, days = len(tables.start), len(self.days)
        lanes, links = len(self.streets.arrays.lanes), len(self.streets.arrays.links)
        found = _Found.empty((days, plans), lanes, links)

        def work(piece: Piece) -> None:
            kernels.simulate_each(
                piece.first,
                piece.end,
                self.streets.arrays,
                self.routes.arrays,
                self.days[piece.day],
                tables.colour,
                tuple(tables[1:]),
                shape,
                physics,
                times,
                _Found._make(array[piece.day] for array in found),
            )

        run_pieces(work, plans, days, self.threads)
        return found.runs()

    def movement_totals(
        self, runs: Runs, plan: int, day: int
    ) -> tuple[dict[str, float], dict[str, int]]:
        """Return delay [s] and vehicles [veh] of every movement in one run."""
        used = self.link_movement >= 0
        size = len(self.movements)
        places = self.link_movement[used]
        delay_s = np.bincount(places, runs.link_delay_s[plan, day][used], size)
        is_last = used & self._lasts()
        count = np.bincount(self.link_movement[is_last], runs.link_count[plan, day][is_last], size)
        return (
            dict(zip(self.movements, delay_s.tolist(), strict=True)),
            dict(zip(self.movements, count.astype(int).tolist(), strict=True)),
        )

    def _lasts(self) -> NDArray[np.bool_]:
        """Return the links that start at a stop line, not at a waiting place inside a junction."""
        return np.asarray(self.streets.arrays.links["from_lane"] < len(self.streets.lane_numbers))

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        """Price plans; see ``PlanEvaluator``.

        A seed stands for a day of the model; one without a day of its own takes one of them.
        """
        plans = {id(evaluation.plan): evaluation.plan for evaluation in evaluations}
        if not plans:
            return []
        runs = self.runs(self.tables(list(plans.values())))
        rows = {key: row for row, key in enumerate(plans)}
        return [
            outcome_of(self, runs, rows[id(e.plan)], self._day(e.seed), e.seed) for e in evaluations
        ]

    def _day(self, seed: int) -> int:
        return self.seeds.index(seed) if seed in self.seeds else seed % len(self.seeds)


def _routed(scenario: SumoScenario, seeds: Sequence[int]) -> tuple[tuple[Trip, ...], ...]:
    from sim.queue_model.sumo_demand import routed_days  # noqa: PLC0415 - needs SUMO installed

    return routed_days(scenario, seeds=seeds, timeout_s=_ROUTING_TIMEOUT_S)


def outcome_of(model: QueueModel, runs: Runs, plan: int, day: int, seed: int) -> Outcome:
    """Return one run in the words of the domain."""
    delay_s, count = model.movement_totals(runs, plan, day)
    return Outcome(
        seed=seed,
        vehicle_count=len(model.days[day].depart_s),
        delay_s=float(runs.delay_s[plan, day]),
        unfinished_veh=int(runs.unfinished_veh[plan, day]),
        never_inserted_veh=int(runs.never_inserted_veh[plan, day]),
        teleports=int(runs.teleports[plan, day]),
        collisions=0,
        stops=int(runs.stops[plan, day]),
        movement_delay_s=delay_s,
        movement_count=count,
        bus_count=int(model.days[day].drivers["is_bus"].sum()),
        bus_delay_s=float(runs.bus_delay_s[plan, day].sum()),
    )
