"""Figures that a source has already summed over intervals: to flows per lane and bin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from citybrain.errors import InputError
from citybrain.model.flows import Detector, FlowSnapshot, Quality
from detectors.choice import detector_of_lanes
from detectors.clock import Instants
from detectors.clock_steps import wild_times
from detectors.counting import MOST_CELLS
from detectors.intervals import count_interval
from detectors.pulses import SIMULATION_START, FeedRepairs, Flags, Floats, Ints
from detectors.repair import older_than_before
from detectors.tables import Rows
from detectors.trust import TrustRules, judge_by_coverage

MOST_BINS = 100_000
"""More than half a year of five minutes; a file that reaches further holds a wrong time."""
USUAL_S = 300.0
"""Length of an interval where no detector speaks twice [s]."""
PERCENT = 100.0
FASTEST_MPS = 100.0
"""No mean speed is higher. [m/s]"""
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntervalFlows:
    """What a file of sums holds.

    Parameters
    ----------
    flows
        Flows of the lanes of the inventory, in the bins of the file.
    names
        Detectors of the file.
    repairs
        What was mended.
    has_start
        The file, or the caller, says when its clock started.
    notes
        What else was found, one sentence each.
    """

    flows: FlowSnapshot
    names: tuple[str, ...]
    repairs: FeedRepairs
    has_start: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intervals:
    """Sums of detectors over intervals, one row each, in the order of the file.

    Arrays are of shape (rows,).

    Parameters
    ----------
    names
        Detectors, to which `detector` refers by position.
    detector
        Detector of each row.
    row
        Row of the file that it stands in; a row may speak of several detectors.
    begin_s
        Begin of the interval since 1970-01-01 UTC; NaN where it cannot be read. [s]
    count_veh
        Vehicles within the covered time; NaN where it cannot be read. [veh]
    occupancy
        NaN where unknown. [0-1]
    speed_mps
        NaN where unknown. [m/s]
    coverage
        Share of the interval that was measured. [0-1]
    flagged
        The source says that the figure is faulty or imputed.
    """

    names: tuple[str, ...]
    detector: Ints
    row: Ints
    begin_s: Floats
    count_veh: Floats
    occupancy: Floats
    speed_mps: Floats
    coverage: Floats
    flagged: Flags

    def take(self, rows: Ints | Flags) -> "Intervals":
        """Return some of the rows."""
        return Intervals(
            names=self.names,
            detector=self.detector[rows],
            row=self.row[rows],
            begin_s=self.begin_s[rows],
            count_veh=self.count_veh[rows],
            occupancy=self.occupancy[rows],
            speed_mps=self.speed_mps[rows],
            coverage=self.coverage[rows],
            flagged=self.flagged[rows],
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What the reader of a file has found so far: repairs, and sentences."""

    repairs: FeedRepairs
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, rows: Rows, instants: Instants) -> "Found":
        """Return what rows and their instants told."""
        repairs = FeedRepairs(
            rows=rows.count,
            unreadable_rows=rows.unreadable,
            repeated_hour_rows=instants.repeated,
            skipped_hour_rows=instants.skipped,
        )
        return cls(repairs, rows.notes)


def flows_of_intervals(
    path: Path,
    intervals: Intervals,
    detectors: Sequence[Detector],
    found: Found,
    rules: TrustRules | None = None,
) -> IntervalFlows:
    """Lay out intervals as flows, mend what can be mended and count it.

    A time that a detector says twice keeps its first row.  A flagged interval is not covered; a
    lane is doubted if too much of it is not.

    Parameters
    ----------
    path
        File, for messages.
    intervals
        What it holds.
    detectors
        Inventory; its lanes become the columns.
    found
        What the reader has found; ``rows`` are those of the file, and those that it could not
        read as a table are in ``unreadable_rows``.
    rules
        When a lane is doubted or dead.

    Raises
    ------
    InputError
        Nothing can be read, or no detector of it is in the inventory, or it reaches too far.
    """
    readable = np.isfinite(intervals.begin_s) & np.isfinite(intervals.count_veh)
    readable &= intervals.detector >= 0
    wild = wild_times(np.where(readable, intervals.begin_s, np.nan))
    kept = intervals.take(readable & ~wild)
    if not len(kept.begin_s):
        raise InputError(path, "holds no interval that can be read", "export it again")
    bin_s = interval_s(kept.detector, kept.begin_s)
    number = np.floor(kept.begin_s / bin_s + _ROUNDING).astype(np.int64)
    first, count = int(number.min()), int(np.ptp(number)) + 1
    if count > MOST_BINS or count * len(detectors) > MOST_CELLS:
        what = f"reaches over {count} bins of {bin_s:g} s"
        raise InputError(path, what, "split it, or correct a wrong time")
    is_first = _first_of_each(kept.detector, number - first)
    once = kept.take(is_first)
    chosen = _chosen(path, once, detectors)
    flows = _flows(once, number[is_first] - first, chosen, (first, count, bin_s), rules)
    repairs = found.repairs + _repairs(intervals, kept, once, readable, wild)
    known = {detector.name for detector in detectors}
    strangers = np.array([name not in known for name in once.names], np.bool_)
    repairs += FeedRepairs(unknown_detector_rows=int(np.sum(strangers[once.detector])))
    names = tuple(once.names[at] for at in np.unique(once.detector))
    return IntervalFlows(
        flows=flows,
        names=names,
        repairs=repairs,
        has_start=True,
        notes=(*found.notes, *_notes(once)),
    )


def interval_s(detector: Ints, begin_s: Floats) -> float:
    """Return the length that most intervals have: from one begin of a detector to the next [s].

    Parameters
    ----------
    detector
        Detector of each interval, shape (rows,).
    begin_s
        Its begin, shape (rows,); NaN where it cannot be read. [s]

    Returns
    -------
    float
        `USUAL_S` where no detector speaks twice. [s]
    """
    order = np.lexsort((begin_s, detector))
    steps_s = np.diff(begin_s[order])
    own = (np.diff(detector[order]) == 0) & (steps_s >= 1.0)
    if not own.any():
        return USUAL_S
    lengths_s, counts = np.unique(np.round(steps_s[own]), return_counts=True)
    return float(lengths_s[np.argmax(counts)])


def within(values: Floats, low: float, high: float) -> Floats:
    """Return values; NaN for those outside a range."""
    return np.where((values >= low) & (values <= high), values, np.nan)


def shares(values: Floats) -> Floats:
    """Return shares; those of a file that writes percent are divided by 100 [0-1].

    A single value above 1 is a misprint, one in a hundred says that the file writes percent.
    """
    known = values[np.isfinite(values)]
    is_percent = len(known) > 0 and float(np.mean((known > 1) & (known <= PERCENT))) > 1 / PERCENT
    return within(values / PERCENT if is_percent else values, 0.0, 1.0)


def _first_of_each(detector: Ints, number: Ints) -> Flags:
    key = detector * (int(number.max()) + 1) + number
    is_first = np.zeros(len(key), np.bool_)
    is_first[np.unique(key, return_index=True)[1]] = True
    return is_first


def _chosen(path: Path, once: Intervals, detectors: Sequence[Detector]) -> dict[str, Detector]:
    spoken = {once.names[at] for at in np.unique(once.detector)}
    if not spoken & {detector.name for detector in detectors}:
        what = f"no detector of it is in the inventory, such as {min(spoken)!r}"
        raise InputError(path, what, "name the detectors of the file in the inventory")
    return detector_of_lanes(detectors, spoken)


def _flows(
    once: Intervals,
    number: Ints,
    chosen: Mapping[str, Detector],
    bins: tuple[int, int, float],
    rules: TrustRules | None,
) -> FlowSnapshot:
    first, bin_count, bin_s = bins
    columns = {detector.name: column for column, detector in enumerate(chosen.values())}
    column = np.array([columns.get(name, -1) for name in once.names], np.int64)[once.detector]
    counted = column >= 0
    cell = number[counted], column[counted]

    def grid(values: Floats, empty: float) -> Floats:
        cells = np.full((bin_count, len(chosen)), empty)
        cells[cell] = values[counted]
        return cells

    coverage = grid(np.where(once.flagged, 0.0, once.coverage), 0.0)
    count_veh = grid(once.count_veh, 0.0) * (coverage > 0)
    speed_mps = grid(once.speed_mps, np.nan)
    low_veh, high_veh = count_interval(count_veh, coverage)
    return FlowSnapshot(
        start=SIMULATION_START + timedelta(seconds=first * bin_s),
        bin_s=bin_s,
        lanes=tuple(chosen),
        count_veh=count_veh,
        occupancy=np.nan_to_num(grid(once.occupancy, 0.0)).clip(0.0, 1.0) * (coverage > 0),
        speed_mps=np.where(coverage > 0, speed_mps, np.nan),
        coverage=coverage,
        low_veh=low_veh,
        high_veh=high_veh,
        quality=_quality(coverage, rules or TrustRules()),
    )


def _quality(coverage: Floats, rules: TrustRules) -> tuple[Quality, ...]:
    return judge_by_coverage(coverage.mean(axis=0), rules)


def _repairs(
    intervals: Intervals, kept: Intervals, once: Intervals, readable: Flags, wild: Flags
) -> FeedRepairs:
    """Count rows of the file: one counts as used if any detector of it is."""
    used = np.unique(once.row)
    doubled = np.setdiff1d(kept.row, used)
    lost = np.setdiff1d(intervals.row[wild], np.union1d(used, doubled))
    unreadable = np.setdiff1d(intervals.row[~readable], np.concatenate((used, doubled, lost)))
    _, at = np.unique(once.row, return_index=True)
    return FeedRepairs(
        used_rows=len(used),
        doubled_rows=len(doubled),
        wild_times=len(lost),
        unreadable_rows=len(unreadable),
        flagged_rows=len(np.unique(once.row[once.flagged])),
        reordered_rows=older_than_before(once.begin_s[at]),
    )


def _notes(once: Intervals) -> tuple[str, ...]:
    without = int(np.sum(np.isnan(once.occupancy) & ~once.flagged))
    return (f"{without} intervals carry no occupancy; 0 stands for it",) if without else ()
