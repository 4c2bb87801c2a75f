"""Event codes of high-resolution controller logs, named once.

The numbers are those of the published enumerations; the names are ours.  Codes 116 to 121 differ
between editions and makers: both numbers of the start and end of priority service are listed.

References
----------
Sturdevant et al., "Indiana Traffic Signal Hi Resolution Data Logger Enumerations", Purdue
University, 2012; Li et al., the same, 2019.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

LAST_CODE = 255
"""The enumerations give one byte to a code; makers put their own beyond."""


class Event(IntEnum):
    """Codes of the enumerations."""

    PHASE_ON = 0
    GREEN = 1
    PHASE_CHECK = 2
    MINIMUM_GREEN_END = 3
    GAP_OUT = 4
    MAX_OUT = 5
    FORCE_OFF = 6
    GREEN_END = 7
    YELLOW = 8
    YELLOW_END = 9
    RED_CLEARANCE = 10
    RED = 11
    PHASE_INACTIVE = 12
    EXTENSION_GAP_OUT = 13
    PHASE_SKIPPED = 14
    EXTENSION_REDUCTION = 15
    EXTENSION_MINIMUM = 16
    ADDED_INITIAL_END = 17
    NEXT_PHASE_CHOSEN = 18
    PRIORITY_PHASE_FORCE_OFF = 19
    PREEMPT_PHASE_FORCE_OFF = 20
    WALK = 21
    PED_CLEARANCE = 22
    DONT_WALK = 23
    PED_DARK = 24
    PED_CHANGE_EXTENDED = 25
    PED_OVERSIZED_SERVED = 26
    BARRIER_END = 31
    PERMISSIVE_ARROW = 32
    PERMISSIVE_ARROW_END = 33
    PHASE_HOLD = 41
    PHASE_HOLD_END = 42
    PHASE_CALL = 43
    PHASE_CALL_DROPPED = 44
    PED_CALL = 45
    PHASE_OMIT = 46
    PHASE_OMIT_END = 47
    PED_OMIT = 48
    PED_OMIT_END = 49
    MAX_1 = 50
    MAX_2 = 51
    MAX_DYNAMIC = 52
    MAX_STEP_UP = 53
    MAX_STEP_DOWN = 54
    WARNING_SIGN = 55
    WARNING_SIGN_END = 56
    OVERLAP_GREEN = 61
    OVERLAP_TRAILING_GREEN = 62
    OVERLAP_YELLOW = 63
    OVERLAP_RED_CLEARANCE = 64
    OVERLAP_OFF = 65
    OVERLAP_DARK = 66
    PED_OVERLAP_WALK = 67
    PED_OVERLAP_CLEARANCE = 68
    PED_OVERLAP_DONT_WALK = 69
    PED_OVERLAP_DARK = 70
    OVERLAP_WARNING_SIGN = 71
    OVERLAP_WARNING_SIGN_END = 72
    DETECTOR_OFF = 81
    DETECTOR_ON = 82
    DETECTOR_RESTORED = 83
    DETECTOR_FAULT = 84
    DETECTOR_WATCHDOG_FAULT = 85
    DETECTOR_OPEN_LOOP = 86
    DETECTOR_SHORTED_LOOP = 87
    DETECTOR_EXCESSIVE_CHANGE = 88
    PED_DETECTOR_OFF = 89
    PED_DETECTOR_ON = 90
    PED_DETECTOR_FAULT = 91
    PED_DETECTOR_RESTORED = 92
    PRIORITY_DETECTOR_OFF = 93
    PRIORITY_DETECTOR_ON = 94
    PREEMPT_WARNING = 101
    PREEMPT_CALL = 102
    PREEMPT_GATE_DOWN = 103
    PREEMPT_END = 104
    PREEMPT_ENTRY = 105
    PREEMPT_TRACK_CLEARANCE = 106
    PREEMPT_DWELL = 107
    PREEMPT_LINK = 108
    PREEMPT_LINK_END = 109
    PREEMPT_MAX_PRESENCE = 110
    PREEMPT_EXIT = 111
    PRIORITY_CHECK_IN = 112
    PRIORITY_EARLY_GREEN = 113
    PRIORITY_EXTENDED_GREEN = 114
    PRIORITY_CHECK_OUT = 115
    PREEMPT_FORCE_OFF = 116
    PRIORITY_FORCE_OFF = 117
    PRIORITY_SERVICE = 118
    PRIORITY_SERVICE_END = 119
    PRIORITY_SERVICE_ALTERNATIVE = 120
    PRIORITY_SERVICE_END_ALTERNATIVE = 121
    COORD_PATTERN = 131
    CYCLE_LENGTH = 132
    OFFSET_LENGTH = 133
    SPLIT_1 = 134
    SPLIT_2 = 135
    SPLIT_3 = 136
    SPLIT_4 = 137
    SPLIT_5 = 138
    SPLIT_6 = 139
    SPLIT_7 = 140
    SPLIT_8 = 141
    SPLIT_9 = 142
    SPLIT_10 = 143
    SPLIT_11 = 144
    SPLIT_12 = 145
    SPLIT_13 = 146
    SPLIT_14 = 147
    SPLIT_15 = 148
    SPLIT_16 = 149
    COORD_STATE = 150
    COORD_YIELD = 151
    COORD_PHASE = 152
    LOGIC_TRUE = 153
    LOGIC_FALSE = 154
    UNIT_CONTROL = 155
    CYCLE_LENGTH_BEYOND_255 = 156
    TEST_INPUT = 171
    TEST_INPUT_END = 172
    UNIT_FLASH = 173
    UNIT_ALARM_1 = 174
    ALARM_GROUP = 175
    SPECIAL_FUNCTION = 176
    SPECIAL_FUNCTION_END = 177
    MANUAL_CONTROL = 178
    INTERVAL_ADVANCE = 179
    STOP_TIME = 180
    CLOCK_UPDATED = 181
    POWER_FAILURE = 182
    POWER_RESTORED = 184
    VENDOR_ALARM = 185
    ALARM = 200
    ALARM_END = 201
    AUXILIARY_SWITCH = 202
    SPLIT_17 = 203
    SPLIT_18 = 204
    SPLIT_19 = 205
    SPLIT_20 = 206
    SPLIT_21 = 207
    SPLIT_22 = 208
    SPLIT_23 = 209
    SPLIT_24 = 210
    SPLIT_25 = 211
    SPLIT_26 = 212
    SPLIT_27 = 213
    SPLIT_28 = 214
    SPLIT_29 = 215
    SPLIT_30 = 216
    SPLIT_31 = 217
    SPLIT_32 = 218


_SHOWN = 6
PUBLISHED = frozenset(int(event) for event in Event)
"""Codes that the enumerations name."""


def name_of(code: int) -> str:
    """Return the name of a code, such as ``gap out``; ``code 300`` for one of a maker's own."""
    if code not in PUBLISHED:
        return f"code {code}"
    return Event(code).name.lower().replace("_", " ")


def are_published(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of each code whether the enumerations name it."""
    known = np.zeros(LAST_CODE + 1, np.bool_)
    known[list(PUBLISHED)] = True
    is_code = (codes >= 0) & (codes <= LAST_CODE)
    return np.asarray(is_code & known[np.where(is_code, codes, 0)])


def unpublished_note(codes: NDArray[np.int64]) -> str:
    """Return one sentence on the codes that no enumeration names; empty if there are none.

    Parameters
    ----------
    codes
        Codes of events.
    """
    strange, counts = np.unique(codes[~are_published(codes)], return_counts=True)
    if not len(strange):
        return ""
    most = np.argsort(-counts, kind="stable")[:_SHOWN]
    told = ", ".join(f"{strange[at]} ({counts[at]} times)" for at in most)
    rest = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
    return f"codes that no published enumeration names are kept as unknown: {told}{rest}"
