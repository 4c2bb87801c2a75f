"""UTD19-like tables: one row per detector and interval, flow in veh/h, local time."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from citybrain.model.flows import Detector
from citybrain.units import DAY_S, SECONDS_PER_HOUR
from detectors.clock import Instants, seconds_since, utc_instants
from detectors.pulses import SIMULATION_START, Ints
from detectors.readers.aggregate import (
    FASTEST_MPS,
    Found,
    IntervalFlows,
    Intervals,
    flows_of_intervals,
    interval_s,
    shares,
    within,
)
from detectors.tables import codes_and_names, numbers, read_rows
from detectors.trust import TrustRules

KMH_PER_MPS = 3.6
"""[km/h per m/s]"""
HIGHEST_VPH = 1e5
"""A larger flow is a misprint. [veh/h]"""
_REQUIRED = ("day", "interval", "detid", "flow")
_OPTIONAL = ("occ", "error", "speed")


def is_utd19(columns: Collection[str]) -> bool:
    """Tell whether a table has the columns of UTD19."""
    return set(_REQUIRED) <= {name.lower() for name in columns}


def read_utd19(
    path: Path,
    columns: Sequence[str],
    detectors: Sequence[Detector],
    *,
    assume_zone: str | None = None,
    rules: TrustRules | None = None,
) -> IntervalFlows:
    """Read ``day, interval, detid, flow, occ, error, city, speed`` as flows.

    ``interval`` is the begin in seconds since local midnight, by the clock on the wall; ``flow``
    is in veh/h, ``occ`` a share, ``speed`` in km/h.  An interval whose ``error`` is not 0 counts
    as not covered.

    Parameters
    ----------
    path
        CSV or Parquet file, packed with gzip or not.
    columns
        Its columns.
    detectors
        Inventory; its lanes become the columns.
    assume_zone
        Zone of the city, such as ``Europe/Zurich``.
    rules
        When a lane is doubted or dead.

    Raises
    ------
    InputError
        No zone is given, nothing can be read, or no detector is in the inventory.

    References
    ----------
    Loder, Ambühl, Menendez, Axhausen, "Understanding traffic capacity of urban networks",
    Scientific Reports 9, 2019; the data set UTD19, ETH Zurich.
    """
    spelling = {name.lower(): name for name in columns}
    names = [name for name in (*_REQUIRED, *_OPTIONAL) if name in spelling]
    rows = read_rows(path, [spelling[name] for name in names], ids=[spelling["detid"]])
    frame = rows.frame.rename(columns={spelling[name]: name for name in names})
    detector, known = codes_and_names(frame["detid"])
    instants = _instants(frame, f"{path}, column {spelling['day']!r}", assume_zone, detector)
    begin_s = seconds_since(SIMULATION_START, instants.utc)
    bin_s = interval_s(detector, begin_s)
    nothing = np.full(len(frame), np.nan)
    flow_vph = within(numbers(frame["flow"]), 0.0, HIGHEST_VPH)
    speed_kmh = numbers(frame["speed"]) if "speed" in names else nothing
    error = numbers(frame["error"]) if "error" in names else nothing
    intervals = Intervals(
        names=known,
        detector=detector,
        row=np.arange(len(frame)),
        begin_s=begin_s,
        count_veh=flow_vph * bin_s / SECONDS_PER_HOUR,
        occupancy=shares(numbers(frame["occ"])) if "occ" in names else nothing,
        speed_mps=within(speed_kmh / KMH_PER_MPS, 0.0, FASTEST_MPS),
        coverage=np.ones(len(frame)),
        flagged=np.isfinite(error) & (error != 0),
    )
    return flows_of_intervals(path, intervals, detectors, Found.of(rows, instants), rules)


def _instants(frame: pd.DataFrame, where: str, zone: str | None, detector: Ints) -> Instants:
    """Return the begin of each interval: wall-clock seconds after the midnight of its day."""
    second = numbers(frame["interval"])
    second = np.where((second >= 0) & (second <= DAY_S), second, np.nan)
    day = pd.to_datetime(frame["day"].astype("str"), format="ISO8601", errors="coerce")
    return utc_instants(day + pd.to_timedelta(second, unit="s"), where, zone, series=detector)
