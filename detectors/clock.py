"""Instants of a feed become UTC; a time without a zone is refused unless one is given.

Local times that the change of the clocks repeats or skips are mended and counted: of a repeated
hour the first pass, in the order of the file, is summer time and the second is not; a time in a
skipped hour was written by a clock that had not yet been put forward, and is moved on by the
length of the change.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from citybrain.errors import InputError
from detectors.pulses import Flags, Floats, Ints

YEARS = range(1970, 2200)
"""An instant of another year is a misprint."""
STEP_BACK_S = 60.0
"""Times that lie further back than this behind one above were not just written late [s]."""
MOST_BARE = 0.05
"""Share of times without a zone among others with one that are taken for damaged rows."""
_OFFSET = r"(?:[Zz]|[+-]\d{2}:?\d{2})\s*$"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instants:
    """Instants in UTC, and what the change of the clocks did to them.

    Parameters
    ----------
    utc
        NaT where a text cannot be read or is of another century.
    repeated
        Rows of local times that exist twice, told apart by their order.
    skipped
        Rows of local times that do not exist, moved on by the length of the change.
    """

    utc: pd.DatetimeIndex
    repeated: int = 0
    skipped: int = 0


def utc_instants(
    times: pd.Series, where: str, assume_zone: str | None, *, series: Ints | None = None
) -> Instants:
    """Read instants and return them in UTC.

    Parameters
    ----------
    times
        Texts in ISO 8601, or datetimes, in the order of the file.
    where
        File and column, for the message.
    assume_zone
        Zone of times that carry none, such as ``Europe/Berlin``.
    series
        What each time belongs to, such as a detector: each is in order of time by itself, and
        says each time once.  Without it the whole file is in order.

    Returns
    -------
    Instants
        In the order of the file.

    Raises
    ------
    InputError
        Times carry no zone and none is given, or some do and some do not, or the zone is unknown.
    """
    index = pd.DatetimeIndex(_parsed(times, where))
    is_likely = (index.year >= YEARS.start) & (index.year < YEARS.stop)
    index = pd.DatetimeIndex(index.where(is_likely))
    if index.tz is not None:
        return Instants(utc=index.tz_convert("UTC"))
    if assume_zone is None:
        mend = "write UTC instants (2026-03-17T06:30:00Z) or name the zone of the feed"
        raise InputError(where, "times carry no time zone", mend)
    try:
        zone = ZoneInfo(assume_zone)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        mend = "use a name such as UTC or Europe/Berlin"
        raise InputError(where, f"{assume_zone!r} is not a time zone", mend) from None
    return _localized(index, zone, series)


def seconds_since(start: datetime, instants: pd.DatetimeIndex) -> Floats:
    """Return the time from `start` to each instant; NaN for NaT [s]."""
    microseconds = (instants - pd.Timestamp(start)).to_numpy().astype("timedelta64[us]")
    seconds = microseconds.astype(np.int64) / 1e6
    return np.where(np.isnat(microseconds), np.nan, seconds)


def first_instant(instants: pd.DatetimeIndex) -> datetime:
    """Return the earliest instant, down to its whole second."""
    earliest: pd.Timestamp = instants.min().floor("s")
    return earliest.to_pydatetime()


def _localized(index: pd.DatetimeIndex, zone: ZoneInfo, series: Ints | None) -> Instants:
    summer = _localize(index, zone, np.ones(len(index), np.bool_))
    winter = _localize(index, zone, np.zeros(len(index), np.bool_))
    ambiguous = np.asarray(summer != winter) & ~np.asarray(index.isna())
    utc = summer
    if ambiguous.any():
        is_second = np.zeros(len(index), np.bool_)
        rows = np.flatnonzero(ambiguous)
        own = None if series is None else series[rows]
        is_second[rows] = second_pass(index[rows], own)
        utc = pd.DatetimeIndex(winter.where(is_second, summer))
    shown = utc.tz_convert(zone).tz_localize(None)
    skipped = int(np.sum(np.asarray(shown != index) & ~np.asarray(index.isna())))
    return Instants(utc=utc, repeated=int(ambiguous.sum()), skipped=skipped)


def _localize(index: pd.DatetimeIndex, zone: ZoneInfo, is_summer: Flags) -> pd.DatetimeIndex:
    """Localise; a time in a skipped hour moves on by an hour, as long as the change is."""
    hour = pd.Timedelta(hours=1)
    local = index.tz_localize(zone, ambiguous=is_summer, nonexistent=hour)
    return local.tz_convert("UTC")


def second_pass(local: pd.DatetimeIndex, series: Ints | None) -> Flags:
    """Tell which times of a repeated hour belong to its second pass.

    It begins, in each series and night, where the time goes back; where a series is given and
    says a time twice, the second one belongs to it.

    Parameters
    ----------
    local
        Local times that exist twice, in the order of the file, n of them.
    series
        What each time belongs to, shape (n,), if each series says every time once.

    Returns
    -------
    array of shape (n,)
        One answer for each time.
    """
    night = local.normalize().asi8
    time_s = pd.Series((local - local.normalize()).total_seconds())
    keys = [night] if series is None else [night, series]
    latest_s = time_s.groupby(keys).cummax()
    begun = latest_s - time_s > STEP_BACK_S
    if series is not None:
        begun |= time_s.groupby([*keys, time_s.to_numpy()]).cumcount() > 0
        return np.asarray(begun)
    return np.asarray(begun.groupby(keys).cummax())


def _parsed(times: pd.Series, where: str) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(times.dtype):
        return times
    texts = times.astype("str")
    zoned = texts.str.contains(_OFFSET, regex=True).to_numpy(dtype=np.bool_)
    parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    readable = parsed.notna().to_numpy()
    if zoned[readable].any() and not zoned[readable].all():
        return _with_zones(parsed, zoned, where)
    return parsed if zoned[readable].any() else parsed.dt.tz_localize(None)


def _with_zones(parsed: pd.Series, zoned: Flags, where: str) -> pd.Series:
    """Refuse a feed that mixes times with and without zones, unless the latter are a few."""
    bare = np.flatnonzero(parsed.notna().to_numpy() & ~zoned)
    if len(bare) > MOST_BARE * len(parsed):
        what = f"row {bare[0] + 1} carries no time zone, others do"
        raise InputError(where, what, "write every instant with its zone")
    return parsed.mask(~zoned)
