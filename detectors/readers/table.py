"""Pulse tables in CSV or Parquet: detector, begin, end and, where known, speed."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from citybrain.errors import InputError
from detectors.clock import first_instant, seconds_since, utc_instants
from detectors.pulses import FeedRepairs, Floats, Pulses
from detectors.repair import GAP_S, RawPulses, older_than_before, tidy
from detectors.tables import codes_and_names, column_names, numbers, read_frame

MILLISECONDS_FROM = 1e11
"""No clock that counts seconds has come this far; one that counts milliseconds has."""


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
    frame, faulty_rows = read_frame(path, ["detector", on, off, *speed])
    detector, names = codes_and_names(frame["detector"])
    if _holds_instants(frame[on]):
        begins = utc_instants(frame[on], f"{path}, column {on!r}", assume_zone)
        ends = utc_instants(frame[off], f"{path}, column {off!r}", assume_zone)
        start = first_instant(begins)
        on_s, off_s = seconds_since(start, begins), seconds_since(start, ends)
    else:
        on_s, off_s = numbers(frame[on]), numbers(frame[off])
        _check_seconds(path, on, on_s)
    readable = np.isfinite(on_s) & (detector >= 0)
    repairs = FeedRepairs(
        rows=len(frame) + faulty_rows,
        reordered_rows=older_than_before(on_s[readable]),
        unreadable_rows=faulty_rows + int(np.sum(~readable)),
    )
    raw = RawPulses(
        names=names,
        detector=detector,
        on_s=on_s,
        off_s=np.where(np.isfinite(off_s), off_s, np.nan),
        speed_mps=numbers(frame["speed_mps"]) if speed else np.full(len(frame), np.nan),
        alive_s=_finite(np.concatenate((on_s[readable], off_s[readable]))),
        start=start,
        repairs=repairs,
    )
    return tidy(raw.take(readable, repairs), gap_s=gap_s)


def _holds_instants(column: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    is_number = pd.api.types.is_numeric_dtype(column.dtype)
    return not is_number and bool(np.isnan(numbers(column.head(100))).all()) and len(column) > 0


def _check_seconds(path: Path, name: str, on_s: Floats) -> None:
    if np.nanmax(np.abs(on_s), initial=0.0) >= MILLISECONDS_FROM:
        where = f"{path}, column {name!r}"
        what = "counts far more than seconds, it looks like milliseconds"
        raise InputError(where, what, "divide it by 1000")


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]
