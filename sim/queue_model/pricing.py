"""The queue model behind the port of a search: tables in, prices out."""

import numpy as np
from numpy.typing import NDArray

from citybrain.model.network import Network
from citybrain.ports.tables import Prices, SignalTables
from sim.queue_model.model import QueueModel


class TablePricer:
    """Prices plans that are given as tables of the signals that can be retimed.

    Parameters
    ----------
    model
        The queue model; every day that it was built with counts alike.
    network
        Tells where a movement belongs.
    """

    def __init__(self, model: QueueModel, network: Network) -> None:
        self._model = model
        self._count = len(model.intersections) - len(model.fixed)
        names = model.intersections[: self._count]
        self.groups: dict[str, tuple[str, ...]] = dict(
            zip(names, model.groups[: self._count], strict=True)
        )
        places = {name: place for place, name in enumerate(names)}
        of_movement = [
            places.get(network.movements[name].intersection, -1) for name in model.movements
        ]
        known = np.array([*of_movement, -1], dtype=np.int64)
        self._place_of_link = known[model.link_movement]
        self._wanted = np.array([len(day.depart_s) for day in model.days], dtype=np.float64)
        self.vehicles = float(self._wanted.mean())

    def price(self, tables: SignalTables) -> Prices:
        """Return what each plan costs; see ``TableEvaluator``."""
        runs = self._model.runs(with_fixed(self._model, tables))
        mean_s = (runs.delay_s / np.maximum(self._wanted, 1.0)).mean(axis=1)
        link_s: NDArray[np.float64] = runs.link_delay_s.mean(axis=1)
        used = self._place_of_link >= 0
        local_s = np.zeros((len(link_s), self._count))
        for row in range(len(link_s)):
            local_s[row] = np.bincount(
                self._place_of_link[used], link_s[row, used], minlength=self._count
            )
        return Prices(mean_s, local_s)


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
    sizes = [block.colour.size for block in fixed]
    starts = len(tables.colour) + np.cumsum([0, *sizes[:-1]])
    rows = (len(tables.start), 1)
    cycles_s = [block.colour.shape[1] for block in fixed]
    offsets_s = [block.offset_s for block in fixed]
    return SignalTables(
        np.concatenate([tables.colour, *(block.colour.ravel() for block in fixed)]),
        np.hstack([tables.start, np.tile(starts.astype(np.int64), rows)]),
        np.hstack([tables.cycle_s, np.tile(np.array(cycles_s, dtype=np.int32), rows)]),
        np.hstack([tables.offset_s, np.tile(np.array(offsets_s, dtype=np.int32), rows)]),
    )
