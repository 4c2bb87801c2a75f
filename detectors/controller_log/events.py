"""Events of a controller log in order of time."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from citybrain.errors import InfeasibleError
from citybrain.units import DAY_S, MS_PER_S
from detectors.controller_log.records import Codes
from detectors.pulses import Ints

QUARTER_HOUR_MS = 900_000
"""Usual bin [ms]."""
LONGEST_LOG_DAYS = 366
"""A log that reaches further is refused [d]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventLog:
    """Events in order of time.

    Parameters
    ----------
    start
        Zero of `time_ms`, as the log writes it.
    time_ms
        Time of each event, shape (n,). [ms]
    device
        Controller of each event, a position in `devices`, shape (n,).
    code, parameter
        Event code, and phase or channel, shape (n,) each; -1 for one beyond 32,767.
    devices
        Controllers.
    reordered
        Rows that were older than the one before.
    """

    start: pd.Timestamp
    time_ms: Ints
    device: Codes
    code: Codes
    parameter: Codes
    devices: tuple[object, ...]
    reordered: int = 0

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Read a table with columns ``TimeStamp, DeviceId, EventId, Parameter``.

        Raises
        ------
        InfeasibleError
            There is no event, or one without a time, or the log reaches over more than a year.
        """
        stamps = frame["TimeStamp"].to_numpy().astype("datetime64[ms]")
        if not len(stamps) or np.isnat(stamps).any():
            msg = "the log holds no event, or one without a time"
            raise InfeasibleError(msg)
        time_ms = stamps.astype(np.int64)
        start_ms = int(time_ms.min()) // QUARTER_HOUR_MS * QUARTER_HOUR_MS
        time_ms = time_ms - start_ms
        if time_ms.max() > LONGEST_LOG_DAYS * DAY_S * MS_PER_S:
            msg = f"the log reaches over {time_ms.max() / DAY_S / MS_PER_S:,.0f} days"
            raise InfeasibleError(msg)
        older = int(np.count_nonzero(time_ms[1:] < time_ms[:-1]))
        codes, devices = pd.factorize(frame["DeviceId"])
        columns = [codes, frame["EventId"].to_numpy(), frame["Parameter"].to_numpy()]
        device, code, parameter = (_short(column) for column in columns)
        if older:
            order = np.argsort(time_ms, kind="stable")
            time_ms, device = time_ms[order], device[order]
            code, parameter = code[order], parameter[order]
        return cls(
            start=pd.Timestamp(start_ms, unit="ms"),
            time_ms=time_ms,
            device=device,
            code=code,
            parameter=parameter,
            devices=tuple(devices),
            reordered=older,
        )


def _short(values: NDArray[np.int64]) -> Codes:
    """Return whole numbers as two bytes; -1 for those that do not fit."""
    fits = (values >= 0) & (values <= np.iinfo(np.int16).max)
    return values.astype(np.int16) if fits.all() else np.where(fits, values, -1).astype(np.int16)
