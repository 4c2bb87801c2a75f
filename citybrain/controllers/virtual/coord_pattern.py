"""A pattern as the tables of a unit hold it: cycle, offset, splits and the point of reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from citybrain.controllers.ntcip.states import SplitMode


class SyncPoint(IntEnum):
    """``patternCoordSyncPoint``: what happens at local time 0."""

    OTHER = 1
    UNIT = 2
    FIRST_GREEN_BEGIN = 3
    LAST_GREEN_BEGIN = 4
    FIRST_GREEN_END = 5
    LAST_GREEN_END = 6
    FIRST_YELLOW_END = 7
    LAST_YELLOW_END = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Share of the cycle of one phase: green, yellow and red clearance, in seconds."""

    time_s: int
    mode: SplitMode = SplitMode.NONE
    is_coordinated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordPattern:
    """A pattern as the tables of the unit hold it.

    Parameters
    ----------
    number
        Pattern, 1 to 253.
    cycle_s, offset_s
        Cycle and lag of local zero behind the master clock. [s]
    splits
        Phase → its split.
    sync_point
        What happens at local time 0.
    """

    number: int
    cycle_s: int
    offset_s: int
    splits: Mapping[int, Split]
    sync_point: SyncPoint = SyncPoint.UNIT
