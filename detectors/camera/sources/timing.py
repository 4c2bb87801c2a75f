"""Times of frames: taken from the source where they can be believed, else from the rate."""

import math

from citybrain.units import DAY_S

RATE_HPS = (0.05, 500.0)
"""Rates that a camera can have; containers also give clock rates such as 90,000. [1/s]"""
RUN = 3
"""Frames in a row whose times are behind before the clock is taken to have been set back."""


def believed_rate_hps(rate_hps: float) -> float:
    """Return the rate, or not a number where no camera has it."""
    return rate_hps if RATE_HPS[0] <= rate_hps <= RATE_HPS[1] else math.nan


class FrameClock:
    """Makes times that increase from the presentation times of a file.

    Parameters
    ----------
    rate_hps
        Nominal rate; 25 per second is taken where it is not a number. [1/s]
    frame_count
        Frames that the source claims to hold: later times than twice their length and a minute
        more are not believed, nor are steps of more than a day.
    """

    def __init__(self, rate_hps: float, frame_count: int | None = None) -> None:
        self.period_s = 1.0 / rate_hps if math.isfinite(rate_hps) else 0.04
        self._longest_s = math.inf
        if frame_count is not None:
            self._longest_s = 2 * frame_count * self.period_s + 60.0
        self.repaired = 0
        self.set_back = 0
        self._shift_s = 0.0
        self._last_s = -math.inf
        self._last_stamp_s = -math.inf
        self._behind = 0

    def time_s(self, stamp_s: float) -> float:
        """Return the time of the next frame, later than that of the frame before.

        Parameters
        ----------
        stamp_s
            Presentation time that the source gives. [s]
        """
        if self._last_s == -math.inf:
            self._shift_s = -stamp_s if math.isfinite(stamp_s) else 0.0
            self._last_s, self._last_stamp_s = 0.0, stamp_s
            return 0.0
        time_s = stamp_s + self._shift_s
        if self._last_s < time_s <= min(self._last_s + DAY_S, self._longest_s):
            self._behind = 0
        else:
            time_s = self._repaired_s(stamp_s)
        self._last_s, self._last_stamp_s = time_s, stamp_s
        return time_s

    def _repaired_s(self, stamp_s: float) -> float:
        time_s = self._last_s + self.period_s
        self.repaired += 1
        self._behind += 1
        if self._behind >= RUN and 0 < stamp_s - self._last_stamp_s < DAY_S:
            self._shift_s = time_s - stamp_s
            self.set_back += 1
            self._behind = 0
        return time_s


class LiveClock:
    """Ties the presentation times of a live source to the machine's clock.

    Frames arrive late by what the network and the decoder hold back, never early: the least
    delay seen in the first seconds is taken as none, so that a burst at the start, which FFmpeg
    holds back while it finds out what the stream is, keeps the times at which it was filmed.

    Parameters
    ----------
    by_arrival
        The source has no times of its own: those of arrival are used.
    """

    START_S = 3.0
    """Time from the first frame in which the least delay is looked for. [s]"""
    EARLY_S = 2.0
    """Times of the source that are off by no more than this are believed... [s]"""
    AWAY_S = 5.0
    """... and those of arrival are used when none was for longer than this. [s]"""

    def __init__(self, *, by_arrival: bool) -> None:
        self.by_arrival = by_arrival
        self.anchor_s = math.inf
        self._first_s = math.inf
        self._last_s, self._last_stamp_s = -math.inf, -math.inf
        self._believed_s, self._stuck = math.inf, 0

    def saw(self, stamp_s: float, arrived_s: float) -> None:
        """Note a frame when it arrives, whether or not it is kept.

        Parameters
        ----------
        stamp_s
            Presentation time that the source gives. [s]
        arrived_s
            Monotonic clock. [s]
        """
        self._first_s = min(self._first_s, arrived_s)
        if arrived_s <= self._first_s + self.START_S:
            self.anchor_s = min(self.anchor_s, arrived_s - stamp_s)

    def instant_s(self, stamp_s: float, arrived_s: float) -> float:
        """Return when a frame was filmed, on the monotonic clock; later than the one before."""
        self._judge(stamp_s, arrived_s)
        filmed_s = arrived_s if self.by_arrival else stamp_s + self.anchor_s
        self._last_s = max(filmed_s, self._last_s + 1e-3)
        self._last_stamp_s = stamp_s
        return self._last_s

    def _judge(self, stamp_s: float, arrived_s: float) -> None:
        early_s = stamp_s + self.anchor_s - arrived_s
        self._stuck = self._stuck + 1 if stamp_s <= self._last_stamp_s else 0
        if abs(early_s) <= self.EARLY_S or self._believed_s == math.inf:
            self._believed_s = arrived_s
        away = arrived_s - self._believed_s > self.AWAY_S
        self.by_arrival |= away or self._stuck >= RUN or not early_s <= self.EARLY_S
