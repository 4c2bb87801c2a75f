"""High-resolution controller logs: one row per event, to a tenth of a second."""

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
from detectors.controller_log.codes import Event, are_published, unpublished_note
from detectors.pulses import FeedRepairs, Floats, Ints, Pulses
from detectors.repair import RawPulses, Speakers, older_than_before, pair_events, tidy
from detectors.tables import codes_and_names, column_names, numbers, read_rows

DETECTOR_OFF, DETECTOR_ON = int(Event.DETECTOR_OFF), int(Event.DETECTOR_ON)
LAST_PARAMETER = 65_535
"""Channels of detectors take at most two bytes."""
LARGEST = 1e9
"""No code of any maker is larger."""

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
        Longest silence of a controller, all kinds of events, that is not a gap. [s]

    Returns
    -------
    Pulses
        Detectors are named ``device:parameter``, such as ``227:5``.  Events other than 81 and
        82 only show that a controller was alive; those of no published code are counted and named.

    Raises
    ------
    InputError
        The file is truncated, or its timestamps carry no zone.

    References
    ----------
    Li et al., "Indiana Traffic Signal Hi Resolution Data Logger Enumerations", Purdue
    University, 2019: 81 detector off, 82 detector on.
    """
    log = read_log(path, assume_zone)
    rows = np.flatnonzero((log.event == DETECTOR_OFF) | (log.event == DETECTOR_ON))
    channel = log.parameter[rows].astype(np.int64)
    detector, names = _detectors(log.devices, log.device[rows], channel)
    time_s = log.time_s[rows]
    paired = pair_events(detector, time_s, log.event[rows] == DETECTOR_ON)
    ended = paired.off_row >= 0
    off_s = np.full(len(ended), np.nan)
    off_s[ended] = time_s[paired.off_row[ended]]
    found = FeedRepairs(lost_ons=paired.lost_ons, doubled_rows=paired.doubled_rows)
    pulses = tidy(
        RawPulses(
            names=names,
            detector=detector[paired.on_row],
            on_s=time_s[paired.on_row],
            off_s=off_s,
            speed_mps=np.full(len(off_s), np.nan),
            alive_s=log.time_s,
            speakers=Speakers(names=log.devices, of_moment=log.device),
            start=log.start,
            repairs=log.repairs + found,
            notes=log.notes,
        ),
        gap_s=gap_s,
    )
    used = len(log.time_s) - len(rows) + len(pulses) + int(np.sum(ended))
    return replace(pulses, repairs=pulses.repairs + FeedRepairs(used_rows=used))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Log:
    """The readable rows of a controller log, in the order of the file.

    Parameters
    ----------
    start
        Second 0, timezone-aware UTC.
    time_s
        Time of each event, shape (n,). [s]
    event, parameter
        Code, and phase or channel, as the log writes them, shape (n,) each; NaN for a parameter
        that is none.
    device
        Controller, a position in `devices`, shape (n,).
    devices
        Controllers.
    repairs
        What was mended and left out.
    notes
        What else was found, one sentence each.
    """

    start: datetime
    time_s: Floats
    event: Ints
    parameter: Floats
    device: Ints
    devices: tuple[str, ...]
    repairs: FeedRepairs
    notes: tuple[str, ...]


def read_log(path: Path, assume_zone: str | None = None) -> Log:
    """Read every event of a controller log.

    Parameters
    ----------
    path
        CSV or Parquet file with columns ``timestamp, device, event, parameter``, in any usual
        spelling.
    assume_zone
        Zone of timestamps that carry none, such as ``America/Los_Angeles``.

    Raises
    ------
    InputError
        The file is truncated, holds no event, or its timestamps carry no zone.
    """
    column = _columns(column_names(path))
    rows = read_rows(path, column.values(), ids=[column["device"]])
    frame, where = rows.frame, f"{path}, column {column['timestamp']!r}"
    instants = utc_instants(frame[column["timestamp"]], where, assume_zone)
    if instants.utc.isna().all():
        raise InputError(where, "holds no instant that can be read", "write ISO 8601 instants")
    zero: pd.Timestamp = instants.utc[int(np.argmax(instants.utc.notna()))]
    time_s = seconds_since(zero.to_pydatetime(), instants.utc)
    event, parameter = numbers(frame[column["event"]]), numbers(frame[column["parameter"]])
    device, devices = codes_and_names(frame[column["device"]])
    is_code = np.isfinite(event) & (np.abs(event) <= LARGEST) & (event == np.floor(event))
    whole = np.where(is_code, event, -1).astype(np.int64)
    is_pulse = (whole == DETECTOR_OFF) | (whole == DETECTOR_ON)
    is_channel = (parameter >= 0) & (parameter <= LAST_PARAMETER)
    is_channel &= parameter == np.floor(parameter)
    known = np.isfinite(time_s) & np.isfinite(event) & (device >= 0) & (is_channel | ~is_pulse)
    wild = wild_times(np.where(known, time_s, np.nan))
    kept = np.flatnonzero(known & ~wild)
    twice = overlaid_rows(_series(device[kept], whole[kept], parameter[kept]), time_s[kept])
    used = kept[~twice.rows]
    start = first_instant(instants.utc[used] if len(used) else instants.utc)
    shift_s = (start - zero.to_pydatetime()).total_seconds()
    repairs = FeedRepairs(
        rows=rows.count,
        reordered_rows=older_than_before(time_s[used]),
        unreadable_rows=rows.unreadable + int(np.sum(~known)),
        unknown_events=int(np.sum(~are_published(whole[used]))),
        wild_times=int(np.sum(wild)),
        overlaid_rows=int(np.sum(twice.rows)),
        clock_steps=twice.steps,
        repeated_hour_rows=instants.repeated,
        skipped_hour_rows=instants.skipped,
    )
    strange = unpublished_note(whole[used])
    return Log(
        start=start,
        time_s=np.round(time_s[used] - shift_s, 6),
        event=whole[used],
        parameter=parameter[used],
        device=device[used],
        devices=devices,
        repairs=repairs,
        notes=(*rows.notes, *([strange] if strange else [])),
    )


def _series(device: Ints, event: Ints, parameter: Floats) -> Ints:
    """Return one number for each controller, code and channel."""
    channel = np.clip(np.nan_to_num(parameter, nan=-1.0), -1, LAST_PARAMETER).astype(np.int64)
    code = np.clip(event, -1, LAST_PARAMETER)
    return ((device * (LAST_PARAMETER + 2)) + code + 1) * (LAST_PARAMETER + 2) + channel + 1


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
    key = device * (LAST_PARAMETER + 1) + parameter
    codes, unique = pd.factorize(key, sort=True)
    at, channel = np.divmod(unique, LAST_PARAMETER + 1)
    names = tuple(f"{devices[k]}:{number}" for k, number in zip(at, channel, strict=True))
    return codes.astype(np.int64), names
