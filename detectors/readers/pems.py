"""PeMS-like five-minute station files: sums of a station and of each of its lanes."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from citybrain.model.flows import Detector
from detectors.clock import Instants, seconds_since, utc_instants
from detectors.pulses import SIMULATION_START, Flags, Floats, Ints
from detectors.readers.aggregate import (
    FASTEST_MPS,
    PERCENT,
    Found,
    IntervalFlows,
    Intervals,
    flows_of_intervals,
    shares,
    within,
)
from detectors.tables import codes_and_names, is_parquet, numbers, read_rows
from detectors.trust import TrustRules

MPS_PER_MPH = 0.44704
"""A mile is 1,609.344 m. [m/s per mile/h]"""
HIGHEST_VEH = 1e5
"""A larger count of an interval is a misprint. [veh]"""
LARGEST_STATION = 1e12
"""A number of a station is smaller than this."""
STATION_COLUMNS = (
    "timestamp",
    "station",
    "district",
    "freeway",
    "direction",
    "lane type",
    "length",
    "samples",
    "observed",
    "flow",
    "occupancy",
    "speed",
)
LANE_COLUMNS = ("samples", "flow", "occupancy", "speed", "observed")
"""Columns of a file: those of the station, then these for each lane."""
STAMP = "%m/%d/%Y %H:%M:%S"
"""How PeMS writes an instant."""
_STAMP = re.compile(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}(:\d{2})?")
_WORDS = ("timestamp", "station", "flow", "occ", "speed")


def is_pems(columns: Collection[str]) -> bool:
    """Tell whether a table is a station file, by its header or, without one, by its first row."""
    cells = [cell.lower() for cell in columns]
    fits = len(cells) >= len(STATION_COLUMNS) and not _surplus(cells)
    is_row = bool(cells) and bool(_STAMP.fullmatch(cells[0]))
    is_header = all(any(word in cell for cell in cells) for word in _WORDS)
    return fits and (is_row or is_header)


def read_pems(
    path: Path,
    columns: Sequence[str],
    detectors: Sequence[Detector],
    *,
    assume_zone: str | None = None,
    rules: TrustRules | None = None,
) -> IntervalFlows:
    """Read a station file as flows.

    A station is a detector by its number, such as ``400001``, for the sum of its lanes, and
    each lane is one, such as ``400001:1``.  Flow is vehicles in the interval, occupancy a share,
    speed in miles per hour.  The share observed becomes the coverage: what PeMS imputed for the
    rest of the time is taken out of the count, as flow and coverage are in proportion.  A lane
    that was not observed is flagged, and its imputed figures are left out.

    Parameters
    ----------
    path
        File with or without a header, packed with gzip or not.
    columns
        Its header, or the cells of its first row.
    detectors
        Inventory; its lanes become the columns.
    assume_zone
        Zone of the times, such as ``America/Los_Angeles``.
    rules
        When a lane is doubted or dead.

    Raises
    ------
    InputError
        No zone is given, nothing can be read, or no detector is in the inventory.

    References
    ----------
    Caltrans Performance Measurement System, "Station 5-Minute" of the data clearinghouse.
    """
    lane_count = (len(columns) - len(STATION_COLUMNS)) // len(LANE_COLUMNS)
    lanes = [f"{lane} {name}" for lane in range(1, lane_count + 1) for name in LANE_COLUMNS]
    names = [*STATION_COLUMNS, *lanes]
    has_header = is_parquet(path) or not _STAMP.fullmatch(columns[0])
    rows = read_rows(path, columns if has_header else names, header=None if has_header else names)
    frame = rows.frame.set_axis(names, axis=1)
    station, stations = _stations(frame["station"])
    instants = _instants(frame["timestamp"], f"{path}, column 'timestamp'", assume_zone, station)
    figures = _Figures(frame, seconds_since(SIMULATION_START, instants.utc), station, stations)
    observed = within(numbers(frame["observed"]) / PERCENT, 0.0, 1.0)
    flow_veh = numbers(frame["flow"])
    parts = [figures.part("", observed, np.isnan(observed) | (observed == 0), flow_veh)]
    for lane in range(1, lane_count + 1):
        seen = numbers(frame[f"{lane} observed"])
        share = within(np.where(seen > 1, seen / PERCENT, seen), 0.0, 1.0)
        lane_veh = numbers(frame[f"{lane} flow"])
        parts.append(figures.part(f"{lane}", share, ~(share > 0), lane_veh))
    found = Found.of(rows, instants)
    return flows_of_intervals(path, _joined(parts), detectors, found, rules)


@dataclass(frozen=True, slots=True, eq=False)
class _Figures:
    """The rows of a station file; `part` reads the station or one of its lanes."""

    frame: pd.DataFrame
    begin_s: Floats
    station: Ints
    stations: tuple[str, ...]

    def part(self, lane: str, share: Floats, flagged: Flags, flow_veh: Floats) -> Intervals:
        prefix, suffix = (f"{lane} ", f":{lane}") if lane else ("", "")
        coverage = np.nan_to_num(share)
        speed_mps = numbers(self.frame[f"{prefix}speed"]) * MPS_PER_MPH
        # an unobserved figure that is missing altogether is a gap, not an unreadable row
        flow = within(flow_veh, 0.0, HIGHEST_VEH)
        flow = np.where(np.isnan(flow_veh) & flagged & (coverage == 0), 0.0, flow)
        return Intervals(
            names=tuple(f"{name}{suffix}" for name in self.stations),
            detector=self.station,
            row=np.arange(len(self.frame)),
            begin_s=self.begin_s,
            count_veh=flow * coverage,
            occupancy=shares(numbers(self.frame[f"{prefix}occupancy"])),
            speed_mps=within(speed_mps, 0.0, FASTEST_MPS),
            coverage=coverage,
            flagged=flagged,
        )


def _joined(parts: Sequence[Intervals]) -> Intervals:
    offsets = np.cumsum([0, *(len(part.names) for part in parts[:-1])])
    joined = [
        np.where(part.detector >= 0, part.detector + offset, -1)
        for part, offset in zip(parts, offsets, strict=True)
    ]
    return Intervals(
        names=tuple(name for part in parts for name in part.names),
        detector=np.concatenate(joined),
        row=np.concatenate([part.row for part in parts]),
        begin_s=np.concatenate([part.begin_s for part in parts]),
        count_veh=np.concatenate([part.count_veh for part in parts]),
        occupancy=np.concatenate([part.occupancy for part in parts]),
        speed_mps=np.concatenate([part.speed_mps for part in parts]),
        coverage=np.concatenate([part.coverage for part in parts]),
        flagged=np.concatenate([part.flagged for part in parts]),
    )


def _stations(column: pd.Series) -> tuple[Ints, tuple[str, ...]]:
    """Return stations by number; a name that is none cannot be read."""
    number = numbers(column)
    is_number = (number >= 0) & (number < LARGEST_STATION) & (number == np.floor(number))
    whole = pd.Series(np.where(is_number, number, 0)).astype(np.int64)
    return codes_and_names(whole.astype("Int64").mask(~is_number))


def _instants(column: pd.Series, where: str, zone: str | None, station: Ints) -> Instants:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return utc_instants(column, where, zone, series=station)
    stamps = pd.to_datetime(column.astype("str"), format=STAMP, errors="coerce")
    if stamps.isna().all():
        return utc_instants(column, where, zone, series=station)
    return utc_instants(stamps, where, zone, series=station)


def _surplus(cells: Sequence[str]) -> int:
    return (len(cells) - len(STATION_COLUMNS)) % len(LANE_COLUMNS)
