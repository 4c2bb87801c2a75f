"""Instants of a feed become UTC; a time without a zone is refused unless one is given."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from citybrain.errors import InputError
from detectors.pulses import Floats

YEARS = range(1970, 2200)
"""An instant of another year is a misprint."""
_OFFSET = r"(?:[Zz]|[+-]\d{2}:?\d{2})\s*$"


def utc_instants(times: pd.Series, where: str, assume_zone: str | None) -> pd.DatetimeIndex:
    """Read instants and return them in UTC.

    Parameters
    ----------
    times
        Texts in ISO 8601, or datetimes.
    where
        File and column, for the message.
    assume_zone
        Zone of times that carry none, such as ``Europe/Berlin``.

    Returns
    -------
    pandas.DatetimeIndex
        UTC; NaT where a text cannot be read or is of another century.

    Raises
    ------
    InputError
        Times carry no zone and none is given, or some do and some do not, or the zone is
        unknown, or a local time falls into a change of the clocks.
    """
    index = pd.DatetimeIndex(_parsed(times, where))
    is_likely = (index.year >= YEARS.start) & (index.year < YEARS.stop)
    index = pd.DatetimeIndex(index.where(is_likely))
    if index.tz is not None:
        return index.tz_convert("UTC")
    if assume_zone is None:
        mend = "write UTC instants (2026-03-17T06:30:00Z) or name the zone of the feed"
        raise InputError(where, "times carry no time zone", mend)
    try:
        return index.tz_localize(ZoneInfo(assume_zone)).tz_convert("UTC")
    except (ZoneInfoNotFoundError, OSError):
        mend = "use a name such as UTC or Europe/Berlin"
        raise InputError(where, f"{assume_zone!r} is not a time zone", mend) from None
    except ValueError as error:
        what = f"a local time falls into a change of the clocks ({error})"
        raise InputError(where, what, "write the feed in UTC") from None


def seconds_since(start: datetime, instants: pd.DatetimeIndex) -> Floats:
    """Return the time from `start` to each instant; NaN for NaT [s]."""
    microseconds = (instants - pd.Timestamp(start)).to_numpy().astype("timedelta64[us]")
    seconds = microseconds.astype(np.int64) / 1e6
    return np.where(np.isnat(microseconds), np.nan, seconds)


def first_instant(instants: pd.DatetimeIndex) -> datetime:
    """Return the earliest instant, down to its whole second."""
    earliest: pd.Timestamp = instants.min().floor("s")
    return earliest.to_pydatetime()


def _parsed(times: pd.Series, where: str) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(times.dtype):
        return times
    texts = times.astype("str")
    zoned = texts.str.contains(_OFFSET, regex=True)
    readable = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).notna()
    if zoned[readable].any() and not zoned[readable].all():
        row = int(np.flatnonzero(readable & ~zoned)[0]) + 1
        what = f"row {row} carries no time zone, others do"
        raise InputError(where, what, "write every instant with its zone")
    parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    return parsed if zoned.any() else parsed.dt.tz_localize(None)
