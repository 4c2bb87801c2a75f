"""Pulses: the form that every feed takes before it is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InfeasibleError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SIMULATION_START = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for second 0 of a feed that does not say when its clock started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRepairs:
    """What a reader found wrong with a feed and mended; nothing is dropped without a count.

    Parameters
    ----------
    rows
        Rows read.
    lost_offs
        Pulses whose end is missing; they end at the detector's next on, or after the longest
        whole pulse of that detector, whichever is first.
    still_on
        Pulses that had not ended when the feed did; they end with it.
    lost_ons
        Ends without a begin; they make no pulse.
    doubled_rows
        Rows that repeat another one; one of them is kept.
    reordered_rows
        Rows that were older than the one before; they are put in order.
    overlaps
        Pulses that began before the one before on the same detector had ended; the earlier one
        ends there, so that every vehicle is counted and the covered time stays the same.
    negative_lengths
        Pulses that ended before they began; their end counts as lost.
    cut_at_gaps
        Pulses that lasted into a gap; they end where the gap begins.
    unreadable_rows
        Rows without a detector or a time that can be read.
    unknown_events
        Rows with an event or state that the reader does not know.
    unknown_detector_rows
        Pulses or figures of detectors that the inventory does not name.
    gaps
        Times longer than the threshold during which nothing was said; of several controllers,
        each has its own.
    used_rows
        Rows that made a flow or a pulse, or showed that the feed was alive.
    wild_times
        Rows more than a year away from the others; they are left out.
    clock_steps
        How often the clock of the feed was set back or ran backwards.
    overlaid_rows
        Rows of times that the clock showed again later; they are left out.
    repeated_hour_rows
        Local times of the hour that the end of summer time repeats, told apart by their order.
    skipped_hour_rows
        Local times that the begin of summer time skips; the clock is taken to be an hour late.
    flagged_rows
        Figures that their source marks as faulty or imputed; their time counts as not covered.
    """

    rows: int = 0
    used_rows: int = 0
    lost_offs: int = 0
    still_on: int = 0
    lost_ons: int = 0
    doubled_rows: int = 0
    reordered_rows: int = 0
    overlaps: int = 0
    negative_lengths: int = 0
    cut_at_gaps: int = 0
    unreadable_rows: int = 0
    unknown_events: int = 0
    unknown_detector_rows: int = 0
    gaps: int = 0
    wild_times: int = 0
    clock_steps: int = 0
    overlaid_rows: int = 0
    repeated_hour_rows: int = 0
    skipped_hour_rows: int = 0
    flagged_rows: int = 0

    def __add__(self, other: Self) -> Self:
        """Return the sums of both."""
        names = [field.name for field in fields(self)]
        return type(self)(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def left_out_rows(self) -> int:
        """Rows that were not used; with `used_rows` they are all rows of the feed."""
        doubtful = self.unreadable_rows + self.wild_times + self.overlaid_rows
        return doubtful + self.doubled_rows + self.lost_ons

    @property
    def lines(self) -> tuple[str, ...]:
        """What was found, such as ``lost offs: 12``; empty for a clean feed."""
        sums = {"rows", "used_rows"}
        names = [field.name for field in fields(self) if field.name not in sums]
        found = {name.replace("_", " "): getattr(self, name) for name in names}
        return tuple(f"{name}: {count}" for name, count in found.items() if count)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pulses:
    """On and off times of detectors, in order of the on time.

    Parameters
    ----------
    names
        Detectors of the feed; the other fields refer to them by position.
    detector
        Detector of each pulse, shape (n,).
    on_s, off_s
        Begin and end of each pulse since `start`, shape (n,) each. [s]
    speed_mps
        Speed of the vehicle, shape (n,); NaN where unknown. [m/s]
    repaired
        The end of the pulse was put in by a repair, shape (n,).
    spans_s
        Times (begin, end) during which the feed was alive, shape (spans, 2), in order. [s]
    own_spans_s
        Controller → the same of it alone, where a feed is that of several; their detectors are
        named ``controller:channel``.
    start
        Second 0, timezone-aware UTC; none where the feed does not say.
    repairs
        What was mended.
    notes
        What else the reader found, one sentence each.

    Raises
    ------
    InfeasibleError
        The arrays differ in length, or pulses are out of order or end before they begin.
    """

    names: tuple[str, ...]
    detector: NDArray[np.int32]
    on_s: Floats
    off_s: Floats
    speed_mps: Floats
    repaired: Flags
    spans_s: Floats
    start: datetime | None
    repairs: FeedRepairs
    notes: tuple[str, ...] = ()
    own_spans_s: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse pulses that are out of order or end before they begin."""
        arrays = (self.on_s, self.off_s, self.speed_mps, self.repaired)
        if any(array.shape != self.detector.shape for array in arrays):
            msg = "the arrays of pulses differ in length"
            raise InfeasibleError(msg)
        if np.any(np.diff(self.on_s) < 0) or not np.all(self.off_s >= self.on_s):
            msg = "pulses are not in order of time"
            raise InfeasibleError(msg)

    def __len__(self) -> int:
        """Return the number of pulses."""
        return len(self.on_s)

    def part(self, begin: int, end: int) -> Self:
        """Return the pulses from position `begin` up to `end`, of the same feed.

        Parameters
        ----------
        begin, end
            Positions in order of the on time.
        """
        cut = slice(begin, end)
        return replace(
            self,
            detector=self.detector[cut],
            on_s=self.on_s[cut],
            off_s=self.off_s[cut],
            speed_mps=self.speed_mps[cut],
            repaired=self.repaired[cut],
        )

    def spans_of(self, detector: str) -> Floats:
        """Return the times during which what a detector says was heard.

        Parameters
        ----------
        detector
            Name, in the feed or not.

        Returns
        -------
        array of shape (spans, 2)
            Those of its controller where the feed is that of several: none if it is not among
            them; else those of the feed. [s]
        """
        if not self.own_spans_s:
            return self.spans_s
        return self.own_spans_s.get(controller_of(detector), np.empty((0, 2)))


def controller_of(detector: str) -> str:
    """Return the controller of ``controller:channel``; nothing where a name has no colon."""
    return detector.rpartition(":")[0]
