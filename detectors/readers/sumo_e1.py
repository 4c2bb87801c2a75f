"""SUMO E1 outputs: figures of a loop per interval, which are flows already."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from citybrain.errors import InputError
from citybrain.model.flows import Detector, FlowSnapshot
from detectors.choice import detector_of_lanes
from detectors.intervals import count_interval
from detectors.pulses import SIMULATION_START, FeedRepairs, Floats
from detectors.readers.aggregate import MOST_BINS, PERCENT, IntervalFlows
from detectors.repair import older_than_before
from detectors.trust import TrustRules, judge_by_coverage
from detectors.xml import read_attributes, to_numbers

ROOT = "detector"
"""Outermost element of such an output."""
MOST_CONTRADICTIONS = 0.01
"""Share of intervals that contradict another one, up to which the first of both is kept."""
_FIGURES = ("begin", "end", "nVehContrib", "occupancy", "speed")


def read_e1(
    path: Path,
    detectors: Sequence[Detector],
    *,
    start: datetime | None = None,
    rules: TrustRules | None = None,
) -> IntervalFlows:
    """Read an ``inductionLoop`` output as flows.

    The count is ``nVehContrib``: vehicles that left the loop within the interval.  An interval
    that the file lacks is missing coverage; one that the end of the run cut short is covered in
    part.  A zero in the file was measured, so it is believed.

    Parameters
    ----------
    path
        SUMO's output, one or several loops in one file.
    detectors
        Inventory; its lanes become the columns.
    start
        Second 0 of the simulation, timezone-aware UTC; 1970-01-01 if not given.
    rules
        When a lane is doubted or dead.

    Returns
    -------
    IntervalFlows
        Bins as in the file.

    Raises
    ------
    InputError
        The file breaks off, holds intervals of several lengths, contradicts itself, or names no
        detector of the inventory.
    """
    rows, repairs = _rows(path)
    names = tuple(sorted(rows["id"].unique()))
    known = rows["id"].isin([detector.name for detector in detectors])
    if not known.any():
        what = f"no detector of it is in the inventory, such as {names[0]!r}"
        raise InputError(path, what, "name the detectors of the file in the inventory")
    flows = _flows(
        rows,
        detector_of_lanes(detectors, names),
        bin_s=_bin_s(path, rows),
        start=start or SIMULATION_START,
        rules=rules or TrustRules(),
    )
    unknown = FeedRepairs(unknown_detector_rows=int(np.sum(~known)))
    return IntervalFlows(
        flows=flows, names=names, repairs=repairs + unknown, has_start=start is not None
    )


def _flows(
    rows: pd.DataFrame,
    chosen: Mapping[str, Detector],
    *,
    bin_s: float,
    start: datetime,
    rules: TrustRules,
) -> FlowSnapshot:
    columns = {detector.name: column for column, detector in enumerate(chosen.values())}
    first_s = float(rows["begin"].min())
    bins = ((rows["begin"] - first_s) / bin_s).round().astype(np.int64)
    is_counted = rows["id"].isin(list(columns))
    counted = rows[is_counted]
    cell = bins[is_counted].to_numpy(), counted["id"].map(columns).to_numpy(dtype=np.int64)

    def grid(values: pd.Series, empty: float) -> Floats:
        cells = np.full((int(bins.max()) + 1, len(chosen)), empty)
        cells[cell] = values.to_numpy(dtype=np.float64)
        return cells

    count_veh = grid(counted["nVehContrib"], 0.0)
    coverage = grid((counted["end"] - counted["begin"]) / bin_s, 0.0)
    low_veh, high_veh = count_interval(count_veh, coverage)
    return FlowSnapshot(
        start=start + timedelta(seconds=first_s),
        bin_s=bin_s,
        lanes=tuple(chosen),
        count_veh=count_veh,
        occupancy=grid(counted["occupancy"] / PERCENT, 0.0).clip(0.0, 1.0),
        speed_mps=grid(counted["speed"].where(counted["speed"] >= 0), np.nan),
        coverage=coverage,
        low_veh=low_veh,
        high_veh=high_veh,
        quality=judge_by_coverage(coverage.mean(axis=0), rules),
    )


def _rows(path: Path) -> tuple[pd.DataFrame, FeedRepairs]:
    texts = read_attributes(path, "interval", ("id", *_FIGURES))
    rows = pd.DataFrame({name: to_numbers(path, name, texts[name]) for name in _FIGURES})
    rows.insert(0, "id", texts["id"])
    if rows.empty:
        raise InputError(path, "holds no interval", "run the simulation to its end")
    readable = _readable(rows)
    if not readable.any():
        raise InputError(path, "holds no interval that can be read", "run the simulation again")
    whole = rows[readable]
    once = whole.drop_duplicates()
    contradicts = once.duplicated(["id", "begin"])
    if contradicts.mean() > MOST_CONTRADICTIONS:
        twice = once[contradicts]
        where = f"{path}, detector {twice['id'].iloc[0]!r}"
        what = f"the interval from {twice['begin'].iloc[0]:g} s stands twice with other figures"
        raise InputError(where, what, "keep the file of one run only")
    once = once[~contradicts]
    repairs = FeedRepairs(
        rows=len(rows),
        used_rows=len(once),
        doubled_rows=len(whole) - len(once),
        unreadable_rows=len(rows) - len(whole),
        reordered_rows=older_than_before(whole["begin"].to_numpy()),
    )
    return once.copy(), repairs


def _readable(rows: pd.DataFrame) -> pd.Series:
    """Tell which intervals hold a detector and figures that SUMO writes; a speed may be -1."""
    readable = rows.notna().all(axis=1) & (rows["id"] != "") & (rows["end"] > rows["begin"])
    return readable & (rows["begin"] >= 0) & (rows["nVehContrib"] >= 0)


def _bin_s(path: Path, rows: pd.DataFrame) -> float:
    """Return the length of the intervals; only the last of the run may be shorter."""
    length_s = (rows["end"] - rows["begin"]).round(3)
    bin_s = float(length_s.max())
    if bin_s <= 0:
        raise InputError(path, "its intervals end before they begin", "record them again")
    shorter = rows[(length_s != bin_s) & (rows["end"] < rows["end"].max())]
    first_s = rows["begin"].min()
    off_grid = rows[((rows["begin"] - first_s) / bin_s % 1).between(1e-6, 1 - 1e-6)]
    if rows["begin"].max() - first_s > MOST_BINS * bin_s:
        what = f"reaches over more than {MOST_BINS} bins of {bin_s:g} s"
        raise InputError(path, what, "give the loops a longer period, or correct a wrong time")
    for odd in (shorter, off_grid):
        if not odd.empty:
            where = f"{path}, detector {odd['id'].iloc[0]!r}"
            what = f"its interval from {odd['begin'].iloc[0]:g} s does not fit bins of {bin_s:g} s"
            raise InputError(where, what, "give every loop the same period")
    return bin_s
