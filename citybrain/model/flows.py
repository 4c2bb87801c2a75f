"""Measured traffic: detectors, flows per lane and bin, demand per movement."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import nan
from typing import Any, Protocol

from citybrain.errors import InfeasibleError
from citybrain.units import SECONDS_PER_HOUR


class Grid(Protocol):
    """A two-dimensional array; a NumPy array is one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows (bins) and columns (lanes)."""

    def __getitem__(self, key: Any, /) -> Any:  # noqa: ANN401 - arrays index by anything
        """Read a cell ``[bin, lane]``, a row or a column."""


class DetectorKind(StrEnum):
    """Where a detector lies on its lane."""

    STOP_BAR = "stop_bar"
    ADVANCE = "advance"
    EXIT = "exit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One detector of the inventory.

    Parameters
    ----------
    name
        Identifier in the feed.
    lane
        Lane it lies on.
    distance_to_stop_line_m
        From the detector to the end of its lane. [m]
    length_m
        Length of the detection zone; 0 for a point. [m]
    kind
        Stop-bar, advance or exit detector.
    signal_group
        Signal group that it serves, if known.
    """

    name: str
    lane: str
    distance_to_stop_line_m: float
    length_m: float
    kind: DetectorKind
    signal_group: str | None = None


class Quality(StrEnum):
    """How far a flow can be believed."""

    BELIEVED = "believed"
    DOUBTED = "doubted"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSnapshot:
    """Flows per lane and bin, as arrays ``[bin, lane]``.

    Parameters
    ----------
    start
        Begin of the first bin, timezone-aware UTC.
    bin_s
        Length of a bin. [s]
    lanes
        Names of the columns.
    count_veh
        Vehicles counted. [veh]
    occupancy
        Fraction of the covered time during which the detector was covered. [0-1]
    speed_mps
        Mean speed; NaN where unknown. [m/s]
    coverage
        Fraction of the bin during which the feed was alive. [0-1]
    low_veh, high_veh
        95 % interval of the vehicles that really passed. [veh]
    quality
        One answer for each lane.
    imputed
        Whether the count was not measured but filled in from neighbours and history, ``[bin,
        lane]``; none where nothing was.
    heard_veh
        What the detector said, where `count_veh` was filled in; none where nothing was. [veh]

    Raises
    ------
    InfeasibleError
        The start is not in UTC, or the arrays or qualities do not fit the lanes.
    """

    start: datetime
    bin_s: float
    lanes: tuple[str, ...]
    count_veh: Grid
    occupancy: Grid
    speed_mps: Grid
    coverage: Grid
    low_veh: Grid
    high_veh: Grid
    quality: tuple[Quality, ...]
    imputed: Grid | None = None
    heard_veh: Grid | None = None

    def __post_init__(self) -> None:
        """Refuse arrays of different shapes and a start that is not in UTC."""
        if self.start.utcoffset() != timedelta(0):
            msg = f"flows start at {self.start.isoformat()}, which is not UTC"
            raise InfeasibleError(msg)
        grids = (self.count_veh, self.occupancy, self.speed_mps, self.coverage)
        others = (self.low_veh, self.high_veh, self.imputed, self.heard_veh)
        shapes = {grid.shape for grid in (*grids, *others) if grid is not None}
        if shapes != {(self.count_veh.shape[0], len(self.lanes))}:
            msg = f"flow arrays have shapes {sorted(shapes)} for {len(self.lanes)} lanes"
            raise InfeasibleError(msg)
        if len(self.quality) != len(self.lanes):
            msg = f"{len(self.quality)} qualities for {len(self.lanes)} lanes"
            raise InfeasibleError(msg)

    @property
    def bin_count(self) -> int:
        """Number of bins."""
        return int(self.count_veh.shape[0])

    @property
    def duration_s(self) -> float:
        """Time from the first bin's begin to the last bin's end [s]."""
        return self.bin_count * self.bin_s

    @property
    def mean_flows_vph(self) -> dict[str, float]:
        """Lane → vehicles per hour of covered time; NaN where nothing was covered [veh/h]."""
        flows_vph = {}
        for column, lane in enumerate(self.lanes):
            count_veh = sum(float(self.count_veh[row, column]) for row in range(self.bin_count))
            covered = sum(float(self.coverage[row, column]) for row in range(self.bin_count))
            covered_h = covered * self.bin_s / SECONDS_PER_HOUR
            flows_vph[lane] = count_veh / covered_h if covered_h > 0 else nan
        return flows_vph


class DemandSource(StrEnum):
    """How the demand of a movement was found."""

    EXCLUSIVE_LANES = "exclusive lanes"
    LEAST_SQUARES = "least squares"
    PRIOR = "prior"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementDemand:
    """Vehicles per hour that want to make one turn.

    Parameters
    ----------
    movement
        Name of the movement.
    flow_vph
        Demand. [veh/h]
    source
        How it was found; ``PRIOR`` says that the feed cannot tell.
    note
        For a prior: which one.
    """

    movement: str
    flow_vph: float
    source: DemandSource
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurningDemand:
    """Demand of every movement of the network."""

    movements: dict[str, MovementDemand] = field(hash=False)

    def flow_vph(self, movement: str) -> float:
        """Return the demand of a movement, 0 where none is known [veh/h]."""
        demand = self.movements.get(movement)
        return demand.flow_vph if demand else 0.0

    @property
    def unobservable(self) -> tuple[MovementDemand, ...]:
        """Movements that no detector can tell, with the prior that was used."""
        return tuple(d for d in self.movements.values() if d.source is DemandSource.PRIOR)
