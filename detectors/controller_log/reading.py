"""A controller log and the configuration of its detectors, from files."""

from pathlib import Path

import numpy as np
import pandas as pd

from citybrain.errors import InfeasibleError, InputError
from citybrain.units import DAY_S
from detectors.controller_log.events import LONGEST_LOG_DAYS, EventLog
from detectors.controller_log.wiring import CHANNELS
from detectors.pulses import FeedRepairs, Flags, Floats
from detectors.readers.hires import is_event_log, read_log
from detectors.tables import codes_and_names, column_names, numbers, read_rows

LOOP_M = 1.8
"""Length of a usual loop, six feet [m]."""
_SPELLINGS = {
    "DeviceId": ("deviceid", "device", "device_id", "signalid"),
    "Phase": ("phase",),
    "Function": ("function", "use"),
    "Parameter": ("parameter", "detector", "channel"),
    "Distance_m": ("distance_m",),
    "Length_m": ("length_m",),
}
REQUIRED = ("DeviceId", "Phase", "Function", "Parameter")
"""Columns that a configuration must have."""


def read_events(
    path: Path, assume_zone: str | None
) -> tuple[EventLog, FeedRepairs, tuple[str, ...]]:
    """Read a log for `measure_log`.

    Parameters
    ----------
    path
        CSV or Parquet file, see `detectors.readers.hires.read_log`.
    assume_zone
        Zone of timestamps that carry none.

    Returns
    -------
    log, repairs, notes
        Events in UTC, controllers by the text of their number; what was mended and found.

    Raises
    ------
    InputError
        The file is no log, or cannot be read.
    """
    if not path.is_file():
        raise InputError(path, "the log does not exist", "check the path")
    if not is_event_log(column_names(path)):
        what = "is no controller log"
        raise InputError(path, what, "give columns timestamp, device, event, parameter")
    found = read_log(path, assume_zone)
    if not len(found.time_s):
        raise InputError(path, "holds no event that can be read", "export it again")
    if np.ptp(found.time_s) > LONGEST_LOG_DAYS * DAY_S:
        raise InputError(path, "reaches over more than a year", "split it")
    frame = pd.DataFrame(
        {
            "TimeStamp": pd.Timestamp(found.start).tz_localize(None)
            + pd.to_timedelta(np.round(found.time_s, 3), unit="s"),
            "DeviceId": np.array(found.devices, dtype=object)[found.device],
            "EventId": found.event,
            "Parameter": np.nan_to_num(found.parameter, nan=-1.0).clip(-1, 1e6).astype(np.int64),
        }
    )
    try:
        return EventLog.of(frame), found.repairs, found.notes
    except InfeasibleError as error:
        raise InputError(path, str(error), "check its times") from None


def read_config(path: Path) -> pd.DataFrame:
    """Read which phase each detector serves, and how.

    Parameters
    ----------
    path
        CSV or Parquet file with columns ``DeviceId, Phase, Function, Parameter`` and, for queues,
        ``Distance_m`` to the stop line and ``Length_m`` of the detector.

    Returns
    -------
    DataFrame
        The six columns; a distance that is not given is NaN, a length that of a usual loop.

    Raises
    ------
    InputError
        A column is missing, a controller is not named, or a phase or channel is no number.
    """
    if not path.is_file():
        raise InputError(path, "the configuration does not exist", "check the path")
    named = {
        word: name
        for word, spellings in _SPELLINGS.items()
        for name in column_names(path)
        if name.lower() in spellings
    }
    for word in REQUIRED:
        if word not in named:
            raise InputError(path, f"has no column {word!r}", f"give {', '.join(REQUIRED)}")
    frame = read_rows(path, named.values(), ids=[named["DeviceId"]]).frame
    device, devices = codes_and_names(frame[named["DeviceId"]])
    if np.any(device < 0):
        where = f"{path}, row {int(np.argmin(device)) + 1}"
        raise InputError(where, "DeviceId is empty", "name the controller of the row")
    phase, channel = (numbers(frame[named[word]]) for word in ("Phase", "Parameter"))
    wrong = ~(_is_whole(phase) & _is_whole(channel))
    if wrong.any():
        where = f"{path}, row {int(np.argmax(wrong)) + 1}"
        raise InputError(where, "phase or parameter is no number of one byte", "correct the row")

    def distance(word: str, otherwise: float) -> Floats:
        values = numbers(frame[named[word]]) if word in named else np.full(len(frame), np.nan)
        return np.where(np.isfinite(values) & (values >= 0), values, otherwise)

    return pd.DataFrame(
        {
            "DeviceId": pd.Series(np.array(devices, dtype=object)[device], dtype="str"),
            "Phase": phase.astype(np.int64),
            "Function": frame[named["Function"]].astype("str"),
            "Parameter": channel.astype(np.int64),
            "Distance_m": distance("Distance_m", np.nan),
            "Length_m": distance("Length_m", LOOP_M),
        }
    )


def _is_whole(values: Floats) -> Flags:
    return np.asarray((values >= 0) & (values < CHANNELS) & (values == np.floor(values)))
