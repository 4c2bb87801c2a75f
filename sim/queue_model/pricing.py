"""The queue model behind the port of a search: tables in, prices out."""

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from citybrain.config import PAYING_WEIGHT, Objective
from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.ports.blocks import stacked
from citybrain.ports.tables import Prices, SignalTables
from sim.queue_model.arrays import Floats
from sim.queue_model.model import QueueModel
from sim.queue_model.runs import Runs
from sim.queue_model.walking.charges import WalkingCharges

_STANDARD = Objective()

_Number = TypeVar("_Number", bound=np.generic)


class TablePricer:
    """Prices plans that are given as tables of the signals that can be retimed.

    Parameters
    ----------
    model
        The queue model; every day that it was built with counts alike.
    network
        Tells where a movement belongs.
    objective
        What counts for how much.  The model knows stops, buses and the waits of movements.
    running
        The plan that runs today; a movement that waits beyond the bound under it is bound to
        that wait, and what buses lose beyond what they lose under it is charged as
        ``optimizer.objective`` does, for they are not to pay for cars.
    with_walkers
        Whether people on foot are under way, who are not to wait longer than under the running
        plan either.
    """

    def __init__(
        self,
        model: QueueModel,
        network: Network,
        objective: Objective = _STANDARD,
        running: Plan | None = None,
        *,
        with_walkers: bool = False,
    ) -> None:
        self._model = model
        self._objective = objective
        self._count = len(model.intersections) - len(model.fixed)
        names = model.intersections[: self._count]
        self.groups: dict[str, tuple[str, ...]] = dict(
            zip(names, model.groups[: self._count], strict=True)
        )
        places = {name: place for place, name in enumerate(names)}
        of_movement = [
            places.get(network.movements[name].intersection, -1) for name in model.movements
        ]
        self._place_of_movement = np.array(of_movement, dtype=np.int64)
        known = np.append(self._place_of_movement, -1)
        own, ends = known[model.link_movement], model.streets.link_ends
        met = nearest_signals(ends, own)
        beyond = np.array([met.get(onward, -1) for _, onward in ends], dtype=np.int64)
        # What vehicles wait for on streets without signals, or before they are inserted, is
        # mostly the queue at the next signal.
        self._place_of_link = np.where(own >= 0, own, beyond)
        self.neighbours = frozenset(
            (names[one], names[other])
            for one, other in zip(own.tolist(), beyond.tolist(), strict=True)
            if one >= 0 and other >= 0 and one != other
        )
        self._wanted = np.array([len(day.depart_s) for day in model.days], dtype=np.float64)
        self.vehicles = float(self._wanted.mean())
        self._has_buses = any(bool(day.drivers["is_bus"].any()) for day in model.days)
        asks_today = self._has_buses or objective.worst_movement_s is not None
        today = model.runs(model.tables([running])) if running and asks_today else None
        self._bounds_s = self._bounds(today)
        self._bus_s = float(today.bus_delay_s.sum()) if today else np.inf
        self._walking = None
        if with_walkers and running is not None:
            self._walking = WalkingCharges.of(network, self.groups, model.tables([running]))

    def price(self, tables: SignalTables) -> Prices:
        """Return what each plan costs; see ``TableEvaluator``."""
        runs = self._model.runs(with_fixed(self._model, tables))
        stop_s = self._objective.stop_s
        mean_s = ((runs.delay_s + stop_s * runs.stops) / np.maximum(self._wanted, 1.0)).mean(axis=1)
        lost_s, kept_out_s = runs.link_delay_s.mean(axis=1), runs.kept_out_s.mean(axis=1)
        delay_s = _summed(lost_s - kept_out_s, self._place_of_link, self._count)
        local_s = _summed(lost_s, self._place_of_link, self._count)
        if stop_s:
            stops = runs.link_stops.mean(axis=1)
            local_s += stop_s * _summed(stops, self._place_of_link, self._count)
        bus_s = self._bus_charge_s(runs)
        if bus_s is not None:
            local_s += _summed(bus_s, self._place_of_link, self._count)
            mean_s = mean_s + bus_s.sum(axis=1) / max(self.vehicles, 1.0)
        if self._walking is not None:
            walking_s = self._walking.charge_s(tables, self.vehicles)
            local_s += walking_s
            mean_s = mean_s + walking_s.sum(axis=1) / max(self.vehicles, 1.0)
        if self._bounds_s is not None:
            wait_s, count = self._waits(runs)
            charge_s = PAYING_WEIGHT * np.maximum(0.0, wait_s - self._bounds_s * count)
            local_s += _summed(charge_s, self._place_of_movement, self._count)
            mean_s = mean_s + charge_s.sum(axis=1) / max(self.vehicles, 1.0)
        stranded_veh = (runs.unfinished_veh + runs.never_inserted_veh).mean(axis=1)
        return Prices(mean_s, local_s, delay_s, stranded_veh)

    def _bus_charge_s(self, runs: Runs) -> Floats | None:
        """Return what buses cost beyond their delay, (plans, links) [s]; none where none go.

        Their weight, and what they lose beyond today spread over where they lose it.
        """
        if not self._has_buses:
            return None
        lost_s = runs.bus_delay_s.mean(axis=1)
        total_s = runs.bus_delay_s.sum(axis=(1, 2))
        paid = np.maximum(0.0, total_s - self._bus_s) / np.maximum(total_s, 1.0)
        weight = self._objective.bus_weight - 1.0 + PAYING_WEIGHT * paid
        charge_s: Floats = lost_s * weight[:, None]
        return charge_s

    def _bounds(self, today: Runs | None) -> Floats | None:
        """Return the mean delay that each movement should not exceed [s]; none for no bound."""
        bound_s = self._objective.worst_movement_s
        if bound_s is None:
            return None
        bounds_s = np.full(len(self._model.movements), bound_s)
        if today is not None:
            delay_s, count = self._waits(today)
            bounds_s = np.maximum(bounds_s, delay_s[0] / np.maximum(count[0], 1.0))
        return bounds_s

    def _waits(self, runs: Runs) -> tuple[Floats, Floats]:
        """Return delay [s] and vehicles of every movement, (plans, movements), mean over days."""
        days = range(len(self._wanted))
        totals = [
            [self._model.movement_totals(runs, plan, day) for day in days]
            for plan in range(len(runs.delay_s))
        ]
        delay_s = [[list(delays.values()) for delays, _ in plan] for plan in totals]
        count = [[list(counts.values()) for _, counts in plan] for plan in totals]
        return np.array(delay_s).mean(axis=1), np.array(count, dtype=np.float64).mean(axis=1)


def nearest_signals(ends: Sequence[tuple[str, str]], place: NDArray[np.int64]) -> dict[str, int]:
    """Return the intersection that lies the fewest streets downstream of every edge.

    Where ways part before a signal, that of the others is not told apart.

    Parameters
    ----------
    ends
        (from edge, to edge) of every link; nothing stands for the outside.
    place
        Intersection that every link is part of, or -1. int64, (links,)

    Returns
    -------
    dict
        Edge → intersection; edges behind which there is none are missing.
    """
    met: dict[str, int] = {}
    before: dict[str, list[str]] = defaultdict(list)
    for (edge, onward), own in zip(ends, place.tolist(), strict=True):
        before[onward].append(edge)
        if own >= 0:
            met[edge] = own
    waiting = deque(met)
    while waiting:
        onward = waiting.popleft()
        for edge in before[onward]:
            if edge and edge not in met:
                met[edge] = met[onward]
                waiting.append(edge)
    return met


def _summed(values: Floats, place: NDArray[np.int64], count: int) -> Floats:
    """Add up the columns of each row by their place; those at -1 have none."""
    used = place >= 0
    rows = [np.bincount(place[used], row[used], minlength=count) for row in values]
    return np.array(rows, dtype=np.float64).reshape(len(values), count)


def with_fixed(model: QueueModel, tables: SignalTables) -> SignalTables:
    """Append the signals that always run their own program.

    Parameters
    ----------
    model
        Knows them.
    tables
        Plans of the other signals.
    """
    fixed = model.fixed
    if not fixed:
        return tables
    own = stacked([tuple(fixed)])
    own = own._replace(start=own.start + len(tables.colour))
    return SignalTables(
        np.concatenate([tables.colour, own.colour]),
        _beside(tables.start, own.start),
        _beside(tables.cycle_s, own.cycle_s),
        _beside(tables.step_s, own.step_s),
        _beside(tables.offset_s, own.offset_s),
        _beside(tables.gap_s, own.gap_s),
        _beside(tables.detector_s, own.detector_s),
    )


def _beside(plans: NDArray[_Number], row: NDArray[_Number]) -> NDArray[_Number]:
    """Return the columns of plans, and beside them one row, the same for all."""
    return np.hstack([plans, np.repeat(row, len(plans), axis=0)])
