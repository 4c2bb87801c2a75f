"""What plans are charged that let people on foot wait longer than today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.config import PAYING_WEIGHT
from citybrain.model.network import Network
from citybrain.ports.tables import SignalTables
from sim.queue_model.arrays import Flags, Floats
from sim.queue_model.walking.kernels import mean_waits_s

_Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WalkingCharges:
    """Charges plans for longer waits of people on foot, whom the queue model does not move.

    They are taken to come at any instant of the cycle, at all crossings alike.  How many they are
    is not asked: nobody is to wait longer, so a second counts as if each vehicle's driver lost it,
    ``PAYING_WEIGHT`` times.

    Parameters
    ----------
    first_row, row
        Where each intersection's groups for people on foot begin, and their rows in its table.
    today_s
        Mean wait at each intersection under the running plan. [s]
    is_known
        Intersections whose running pattern keeps a fixed cycle; others are not charged.
    """

    first_row: _Places
    row: _Places
    today_s: Floats
    is_known: Flags

    @classmethod
    def of(
        cls, network: Network, groups: Mapping[str, Sequence[str]], running: SignalTables
    ) -> "WalkingCharges":
        """Find who walks where, and what they wait today.

        Parameters
        ----------
        network
            Tells which groups are for people on foot.
        groups
            Intersection → its groups, in the order of the tables' columns and rows.
        running
            The running plan, in one row.
        """
        rows = [_walking_rows(network, name, names) for name, names in groups.items()]
        first_row = np.cumsum([0, *map(len, rows)]).astype(np.int64)
        row = np.array([each for own in rows for each in own], dtype=np.int64)
        today_s = _waits_s(running, first_row, row)[0]
        return cls(first_row, row, today_s, running.gap_s[0, : len(rows)] == 0)

    def charge_s(self, tables: SignalTables, vehicles: float) -> Floats:
        """Return what each plan is charged at each intersection, (plans, intersections) [s].

        Greens that follow detectors are not charged: their table shows the shortest cycle only.

        Parameters
        ----------
        tables
            Plans.
        vehicles
            Vehicles that want to travel. [veh]
        """
        longer_s = np.maximum(0.0, _waits_s(tables, self.first_row, self.row) - self.today_s)
        share = np.diff(self.first_row) / max(1, len(self.row))
        is_fixed = tables.gap_s[:, : len(self.today_s)] == 0
        charge_s: Floats = PAYING_WEIGHT * vehicles * share * self.is_known * is_fixed * longer_s
        return charge_s


def _walking_rows(network: Network, name: str, groups: Sequence[str]) -> list[int]:
    walking = {group.name for group in network.intersections[name].groups if group.is_pedestrian}
    return [row for row, group in enumerate(groups) if group in walking]


def _waits_s(tables: SignalTables, first_row: _Places, row: _Places) -> Floats:
    places = len(first_row) - 1
    start, cycle_s = tables.start[:, :places], tables.cycle_s[:, :places]
    found: Floats = mean_waits_s(
        tables.colour, start.astype(np.int64), cycle_s.astype(np.int64), first_row, row
    )
    return found
