"""Event codes of high-resolution controller logs, named once.

References
----------
Li et al., "Indiana Traffic Signal Hi Resolution Data Logger Enumerations", Purdue University, 2019.
"""

from enum import IntEnum


class Event(IntEnum):
    """Codes that citybrain reads; the parameter is a phase up to `PED_CALL`, then a detector."""

    GREEN = 1
    GAP_OUT = 4
    MAX_OUT = 5
    FORCE_OFF = 6
    YELLOW = 8
    YELLOW_END = 9
    RED_CLEARANCE = 10
    RED = 11
    WALK = 21
    PED_CLEARANCE = 22
    DONT_WALK = 23
    PHASE_CALL = 43
    PHASE_CALL_DROPPED = 44
    PED_CALL = 45
    DETECTOR_OFF = 81
    DETECTOR_ON = 82
    PED_DETECTOR_OFF = 89
    PED_DETECTOR_ON = 90
    PREEMPT_CALL = 102
    PREEMPT_END = 104
    PREEMPT_ENTRY = 105
    COORD_PATTERN = 131
    CYCLE_LENGTH = 132
    OFFSET_LENGTH = 133
    COORD_STATE = 150
