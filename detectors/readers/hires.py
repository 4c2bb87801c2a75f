"""High-resolution controller logs: one row per event, to a tenth of a second."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from citybrain.errors import InputError
from detectors.clock import first_instant, seconds_since, utc_instants
from detectors.pulses import FeedRepairs, Floats, Ints, Pulses
from detectors.repair import GAP_S, RawPulses, older_than_before, pair_events, tidy
from detectors.tables import codes_and_names, column_names, numbers, read_frame

DETECTOR_OFF, DETECTOR_ON = 81, 82
LAST_PARAMETER = 65_535
"""Channels of detectors take at most two bytes."""
LAST_CODE = 511
"""Codes of the enumerations run from 0 to 255; vendors' own codes follow up to here."""

_SPELLINGS = {
    "timestamp": ("timestamp", "time_stamp", "time"),
    "device": ("device", "deviceid", "device_id", "signalid", "signal_id"),
    "event": ("event", "eventid", "event_id", "eventcode", "event_code"),
    "parameter": ("parameter", "eventparam", "event_param", "param"),
}


def is_event_log(columns: Collection[str]) -> bool:
    """Tell whether a table has the columns of a controller log, in any usual spelling."""
    return set(_columns(columns)) == set(_SPELLINGS)


def read_event_log(path: Path, *, assume_zone: str | None = None, gap_s: float = GAP_S) -> Pulses:
    """Read the detector pulses of a controller log.

    Parameters
    ----------
    path
        CSV or Parquet file with columns ``timestamp, device, event, parameter``.
    assume_zone
        Zone of timestamps that carry none, such as ``America/Los_Angeles``.
    gap_s
        Longest silence of the whole log, all kinds of events, that is not a gap. [s]

    Returns
    -------
    Pulses
        Detectors are named ``device:parameter``, such as ``227:5``.  Events other than 81 and
        82 only show that the log was alive; those that are no code at all are counted.

    Raises
    ------
    InputError
        The file is truncated, or its timestamps carry no zone.

    References
    ----------
    Li et al., "Indiana Traffic Signal Hi Resolution Data Logger Enumerations", Purdue
    University, 2019: 81 detector off, 82 detector on.
    """
    log = _read_log(path, assume_zone)
    rows = np.flatnonzero((log.event == DETECTOR_OFF) | (log.event == DETECTOR_ON))
    channel = log.parameter[rows].astype(np.int64)
    detector, names = _detectors(log.devices, log.device[rows], channel)
    time_s = log.time_s[rows]
    paired = pair_events(detector, time_s, log.event[rows] == DETECTOR_ON)
    ended = paired.off_row >= 0
    off_s = np.full(len(ended), np.nan)
    off_s[ended] = time_s[paired.off_row[ended]]
    found = FeedRepairs(lost_ons=paired.lost_ons, doubled_rows=paired.doubled_rows)
    return tidy(
        RawPulses(
            names=names,
            detector=detector[paired.on_row],
            on_s=time_s[paired.on_row],
            off_s=off_s,
            speed_mps=np.full(len(off_s), np.nan),
            alive_s=log.time_s,
            start=log.start,
            repairs=log.repairs + found,
        ),
        gap_s=gap_s,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Log:
    """The readable rows of a log; `device` refers to `devices` by position."""

    start: datetime
    time_s: Floats
    event: Floats
    parameter: Floats
    device: Ints
    devices: tuple[str, ...]
    repairs: FeedRepairs


def _read_log(path: Path, assume_zone: str | None) -> _Log:
    column = _columns(column_names(path))
    frame, faulty_rows = read_frame(path, column.values())
    where = f"{path}, column {column['timestamp']!r}"
    instants = utc_instants(frame[column["timestamp"]], where, assume_zone)
    if instants.isna().all():
        raise InputError(where, "holds no instant that can be read", "write ISO 8601 instants")
    start = first_instant(instants)
    time_s = seconds_since(start, instants)
    event, parameter = numbers(frame[column["event"]]), numbers(frame[column["parameter"]])
    device, devices = codes_and_names(frame[column["device"]])
    is_pulse = (event == DETECTOR_OFF) | (event == DETECTOR_ON)
    is_channel = (parameter >= 0) & (parameter <= LAST_PARAMETER)
    known = np.isfinite(time_s) & np.isfinite(event) & (device >= 0) & (is_channel | ~is_pulse)
    is_code = (event >= 0) & (event <= LAST_CODE) & (event == np.floor(event))
    repairs = FeedRepairs(
        rows=len(frame) + faulty_rows,
        reordered_rows=older_than_before(time_s[known]),
        unreadable_rows=faulty_rows + int(np.sum(~known)),
        unknown_events=int(np.sum(known & ~is_code)),
    )
    return _Log(
        start, time_s[known], event[known], parameter[known], device[known], devices, repairs
    )


def _columns(columns: Collection[str]) -> dict[str, str]:
    """Return our word for a column → the file's spelling of it."""
    found: dict[str, str] = {}
    for word, spellings in _SPELLINGS.items():
        for name in columns:
            if name.lower() in spellings:
                found.setdefault(word, name)
    return found


def _detectors(
    devices: tuple[str, ...], device: Ints, parameter: Ints
) -> tuple[Ints, tuple[str, ...]]:
    pairs = pd.MultiIndex.from_arrays([device, parameter])
    codes, unique = pd.factorize(pairs, sort=True)
    names = tuple(f"{devices[at]}:{channel}" for at, channel in unique)
    return codes.astype(np.int64), names
