"""Cycles of a phase and pulses of a detector, as arrays, for measures that look at each cycle."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.units import MS_PER_S
from detectors.controller_log.codes import Event
from detectors.controller_log.events import EventLog
from detectors.pulses import Flags, Floats, Ints
from detectors.repair import pair_events

OTHER_REDS = (Event.YELLOW_END, Event.RED_CLEARANCE)
"""Events with which red begins if they come before `Event.RED`."""


@dataclass(frozen=True, slots=True, eq=False)
class Cycles:
    """Cycles of a phase that were seen whole: red, green, yellow, red, one row each.

    Parameters
    ----------
    red_s, green_s, yellow_s, end_s
        Begin of red, of green, of yellow and of the next red, shape (n,) each. [s]
    """

    red_s: Floats
    green_s: Floats
    yellow_s: Floats
    end_s: Floats

    def __len__(self) -> int:
        """Return the number of cycles."""
        return len(self.red_s)

    def within(self, spans_s: Floats) -> "Cycles":
        """Return the cycles that no silence lies in.

        Parameters
        ----------
        spans_s
            Times (begin, end) during which the controller was heard, shape (spans, 2). [s]
        """
        times_s = (self.red_s, self.green_s, self.yellow_s, self.end_s)
        first, last = (
            np.searchsorted(spans_s[:, 0], at_s, side="right") for at_s in (self.red_s, self.end_s)
        )
        return Cycles(*(at_s[first == last] for at_s in times_s))


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """Pulses of one detector in order of time.

    Parameters
    ----------
    on_s, off_s
        Begin and end; where the end was lost, the next begin; shape (n,) each. [s]
    """

    on_s: Floats
    off_s: Floats

    def between(self, begin_s: float, end_s: float) -> "Passages":
        """Return the pulses that begin within a time."""
        first, last = np.searchsorted(self.on_s, (begin_s, end_s))
        return Passages(self.on_s[first:last], self.off_s[first:last])

    def cut_at(self, spans_s: Floats) -> "Passages":
        """Return the pulses, each ended where a silence begins.

        Parameters
        ----------
        spans_s
            Times (begin, end) during which the controller was heard, shape (spans, 2). [s]
        """
        span = np.searchsorted(spans_s[:, 0], self.on_s, side="right") - 1
        return Passages(self.on_s, np.minimum(self.off_s, spans_s[span, 1]))


def cycles_of(log: EventLog, device: int, phase: int) -> Cycles:
    """Return the whole cycles of a phase.

    Parameters
    ----------
    log
        Events.
    device
        Controller, a position in ``log.devices``.
    phase
        Number of the phase.
    """
    turn = np.array([Event.RED, Event.GREEN, Event.YELLOW, Event.RED])
    own = (log.device == device) & (log.parameter == phase)
    rows = np.flatnonzero(own & np.isin(log.code, (*turn, *OTHER_REDS)))
    code, time_s = log.code[rows], log.time_ms[rows] / MS_PER_S
    code = np.where(np.isin(code, OTHER_REDS), Event.RED, code)
    begins_colour = ~_is_old_red(code, time_s)
    code, time_s = code[begins_colour], time_s[begins_colour]
    if len(code) < len(turn):
        return Cycles(*(np.empty(0) for _ in turn))
    first = np.arange(len(code) - len(turn) + 1)
    fits = np.all([code[first + k] == turn[k] for k in range(len(turn))], axis=0)
    begins = first[fits]
    return Cycles(*(time_s[begins + k] for k in range(len(turn))))


def _is_old_red(code: NDArray[np.int16], time_s: Floats) -> Flags:
    """Tell which reds go on with one that has begun, or come in the moment of the next green."""
    is_old = np.zeros(len(code), np.bool_)
    same_moment = (code[:-1] == Event.GREEN) & (time_s[:-1] == time_s[1:])
    is_old[1:] = (code[1:] == Event.RED) & ((code[:-1] == Event.RED) | same_moment)
    return is_old


def passages_of(log: EventLog, device: int, channel: int) -> Passages:
    """Return the pulses of a detector.

    Parameters
    ----------
    log
        Events.
    device
        Controller, a position in ``log.devices``.
    channel
        Number of the detector.
    """
    is_pulse = (log.code == Event.DETECTOR_ON) | (log.code == Event.DETECTOR_OFF)
    rows = np.flatnonzero((log.device == device) & (log.parameter == channel) & is_pulse)
    time_s = log.time_ms[rows] / MS_PER_S
    one: Ints = np.zeros(len(rows), np.int64)
    paired = pair_events(one, time_s, log.code[rows] == Event.DETECTOR_ON)
    on_s = time_s[paired.on_row]
    has_off = paired.off_row >= 0
    next_s = np.append(on_s[1:], time_s[-1:])
    off_s = np.where(has_off, time_s[np.where(has_off, paired.off_row, 0)], next_s)
    return Passages(on_s, off_s)
