"""What the numbers of NTCIP 1201 and 1202 objects mean.

References
----------
NTCIP 1201 (global objects) and NTCIP 1202 (actuated signal controllers), object definitions.
"""

from enum import IntEnum


class Transaction(IntEnum):
    """``dbCreateTransaction``: where a download stands."""

    NORMAL = 1
    TRANSACTION = 2
    VERIFY = 3
    DONE = 6


class Verify(IntEnum):
    """``dbVerifyStatus``: what the unit's consistency check of a download said."""

    NOT_DONE = 1
    DONE_WITH_ERROR = 2
    DONE_WITH_NO_ERROR = 3


class UnitControl(IntEnum):
    """``unitControlStatus``: who decides which pattern the unit runs."""

    OTHER = 1
    SYSTEM_CONTROL = 2
    SYSTEM_STANDBY = 3
    BACKUP_MODE = 4
    MANUAL = 5
    TIMEBASE = 6
    INTERCONNECT = 7
    INTERCONNECT_BACKUP = 8
    REMOTE_MANUAL_CONTROL = 9
    LOCAL_MANUAL_CONTROL = 10


class Flash(IntEnum):
    """``unitFlashStatus``: whether the unit flashes, and why."""

    OTHER = 1
    NOT_FLASH = 2
    AUTOMATIC = 3
    LOCAL_MANUAL = 4
    FAULT_MONITOR = 5
    MMU = 6
    STARTUP = 7
    PREEMPT = 8


class Free(IntEnum):
    """``localFreeStatus``: whether coordination is active (not free), else why it is not."""

    OTHER = 1
    NOT_FREE = 2
    COMMAND_FREE = 3
    TRANSITION_FREE = 4
    INPUT_FREE = 5
    COORD_FREE = 6
    BAD_PLAN = 7
    BAD_CYCLE_TIME = 8
    SPLIT_OVERRUN = 9
    INVALID_OFFSET = 10
    FAILED = 11


class Correction(IntEnum):
    """``coordCorrectionMode``: how the unit gets into step with a new offset."""

    OTHER = 1
    DWELL = 2
    SHORTWAY = 3
    ADD_ONLY = 4
    SUBTRACT_ONLY = 5


class MaximumMode(IntEnum):
    """``coordMaximumMode``: which maximum green counts under coordination."""

    OTHER = 1
    MAXIMUM1 = 2
    MAXIMUM2 = 3
    MAX_INHIBIT = 4
    MAXIMUM3 = 5


class ForceMode(IntEnum):
    """``coordForceMode``: whether a phase may use time that an earlier one left."""

    OTHER = 1
    FLOATING = 2
    FIXED = 3


class PatternTable(IntEnum):
    """``patternTableType``: how pattern numbers are organised."""

    OTHER = 1
    PATTERNS = 2
    OFFSET3 = 3
    OFFSET5 = 4


class SplitMode(IntEnum):
    """``splitMode``: what a phase does within its split."""

    OTHER = 1
    NONE = 2
    MINIMUM_VEHICLE_RECALL = 3
    MAXIMUM_VEHICLE_RECALL = 4
    PEDESTRIAN_RECALL = 5
    MAXIMUM_VEHICLE_AND_PEDESTRIAN_RECALL = 6
    PHASE_OMITTED = 7
    NON_ACTUATED = 8


class PhaseStartup(IntEnum):
    """``phaseStartup``: what a phase shows when the unit starts."""

    OTHER = 1
    PHASE_NOT_ON = 2
    GREEN_WALK = 3
    GREEN_NO_WALK = 4
    YELLOW_CHANGE = 5
    RED_CLEAR = 6


NO_SYSTEM_PATTERN = 0
"""``systemPatternControl``: the system does not command; the unit's own schedule does."""
LAST_PATTERN = 253
"""``systemPatternControl``, ``coordPatternStatus``: last number of a pattern."""
PATTERN_FREE = 254
"""``systemPatternControl``, ``coordPatternStatus``: free operation."""
PATTERN_FLASH = 255
"""``systemPatternControl``, ``coordPatternStatus``: automatic flash."""
