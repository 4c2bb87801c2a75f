"""Pulse tables in CSV or Parquet: detector, begin, end and, where known, speed."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from citybrain.errors import InputError
from detectors.aliveness import GAP_S
from detectors.clock import first_instant, seconds_since, utc_instants
from detectors.clock_steps import overlaid_rows, wild_times
from detectors.pulses import FeedRepairs, Floats, Pulses
from detectors.repair import RawPulses, older_than_before, tidy
from detectors.tables import codes_and_names, column_names, numbers, read_rows

MILLISECONDS_FROM = 1e11
"""No clock that counts seconds has come this far; one that counts milliseconds has."""
FASTEST_MPS = 200.0
"""A speed beyond this is a misprint [m/s]."""


def is_pulse_table(columns: Collection[str]) -> bool:
    """Tell whether a table has the columns of a pulse table."""
    return {"detector", "on_s", "off_s"} <= set(columns) or {"detector", "on", "off"} <= set(
        columns
    )


def read_pulse_table(
    path: Path,
    *,
    start: datetime | None = None,
    assume_zone: str | None = None,
    gap_s: float = GAP_S,
) -> Pulses:
    """Read pulses from columns ``detector, on_s, off_s`` and, if present, ``speed_mps``.

    Parameters
    ----------
    path
        CSV or Parquet file.  ``on_s`` and ``off_s`` count seconds; ``on`` and ``off`` in their
        stead hold instants.
    start
        Second 0 of columns that count seconds, timezone-aware UTC.
    assume_zone
        Zone of instants that carry none, such as ``Europe/Berlin``.
    gap_s
        Longest silence of all detectors that is not a gap. [s]

    Returns
    -------
    Pulses
        Repaired and in order.

    Raises
    ------
    InputError
        The file is truncated, its times are in milliseconds, or carry no zone.
    """
    columns = column_names(path)
    on, off = ("on_s", "off_s") if "on_s" in columns else ("on", "off")
    speed = ["speed_mps"] if "speed_mps" in columns else []
    rows = read_rows(path, ["detector", on, off, *speed], ids=["detector"])
    detector, names = codes_and_names(rows.frame["detector"])
    times = _times(path, rows.frame, (on, off), start, assume_zone)
    readable = np.isfinite(times.on_s) & (detector >= 0)
    wild = wild_times(np.where(readable, times.on_s, np.nan))
    kept = np.flatnonzero(readable & ~wild)
    twice = overlaid_rows(detector[kept], times.on_s[kept])
    used = kept[~twice.rows]
    on_s = times.on_s[used]
    off_s = np.where(wild_times(times.off_s), np.nan, times.off_s)[used]
    repairs = FeedRepairs(
        rows=rows.count,
        reordered_rows=older_than_before(on_s),
        unreadable_rows=rows.unreadable + int(np.sum(~readable)),
        wild_times=int(np.sum(wild)),
        overlaid_rows=int(np.sum(twice.rows)),
        clock_steps=twice.steps,
        repeated_hour_rows=times.repeated,
        skipped_hour_rows=times.skipped,
    )
    speed_mps = numbers(rows.frame["speed_mps"])[used] if speed else np.full(len(used), np.nan)
    raw = RawPulses(
        names=names,
        detector=detector[used],
        on_s=on_s,
        off_s=off_s,
        speed_mps=np.where(np.abs(speed_mps) <= FASTEST_MPS, speed_mps, np.nan),
        alive_s=_finite(np.concatenate((on_s, off_s))),
        start=times.start,
        repairs=repairs,
        notes=rows.notes,
    )
    pulses = tidy(raw, gap_s=gap_s)
    return replace(pulses, repairs=pulses.repairs + FeedRepairs(used_rows=len(pulses)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Times:
    """Begins and ends of pulses [s], and what the change of the clocks did to them."""

    on_s: Floats
    off_s: Floats
    start: datetime | None
    repeated: int = 0
    skipped: int = 0


def _times(
    path: Path,
    frame: pd.DataFrame,
    columns: tuple[str, str],
    start: datetime | None,
    assume_zone: str | None,
) -> _Times:
    on, off = columns
    if not _holds_instants(frame[on]):
        on_s, off_s = (_finite_or_nan(numbers(frame[name])) for name in columns)
        _check_seconds(path, on, on_s)
        return _Times(on_s=on_s, off_s=off_s, start=start)
    begins = utc_instants(frame[on], f"{path}, column {on!r}", assume_zone)
    ends = utc_instants(frame[off], f"{path}, column {off!r}", assume_zone)
    if begins.utc.isna().all():
        where = f"{path}, column {on!r}"
        raise InputError(where, "holds no time that can be read", "write seconds or ISO 8601")
    first = first_instant(begins.utc)
    return _Times(
        on_s=seconds_since(first, begins.utc),
        off_s=seconds_since(first, ends.utc),
        start=first,
        repeated=begins.repeated,
        skipped=begins.skipped,
    )


def _holds_instants(column: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    is_number = pd.api.types.is_numeric_dtype(column.dtype)
    return not is_number and bool(np.isnan(numbers(column.head(100))).all()) and len(column) > 0


def _check_seconds(path: Path, name: str, on_s: Floats) -> None:
    known_s = np.abs(_finite(on_s))
    if len(known_s) and np.median(known_s) >= MILLISECONDS_FROM:
        where = f"{path}, column {name!r}"
        what = "counts far more than seconds, it looks like milliseconds"
        raise InputError(where, what, "divide it by 1000")


def _finite_or_nan(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]
