"""What the pass over a controller log is given and keeps: codes, layouts of records, limits."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.controller_log.codes import Event

Codes = NDArray[np.int16]
Records = Any
"""Array of records with the fields of one of the layouts below, which mypy cannot see."""

UNKNOWN, ON_GREEN, ON_YELLOW, ON_RED = 0, 1, 2, 3
NEVER_MS = -(1 << 62)
"""Stands for the begin of a pulse or a call where there is none [ms]."""
FIRST_RED_MS = 5000
"""Part of red in which a standing queue shows that the green did not serve it [ms]."""
FULL = 0.8
"""Occupancy of green and of the first of red from which on a split has failed."""
GREEN, YELLOW = int(Event.GREEN), int(Event.YELLOW)
FIRST_RED, LAST_RED = int(Event.YELLOW_END), int(Event.RED)
"""Red begins with the first of end of yellow, red clearance (if one is served) and red."""
GAP_OUT, MAX_OUT, FORCE_OFF = int(Event.GAP_OUT), int(Event.MAX_OUT), int(Event.FORCE_OFF)
WALK, PED_CALL, PED_ON = int(Event.WALK), int(Event.PED_CALL), int(Event.PED_DETECTOR_ON)
DETECTOR_OFF, DETECTOR_ON = int(Event.DETECTOR_OFF), int(Event.DETECTOR_ON)
LOST_OFFS, LOST_ONS, DOUBLED, UNREAD = 0, 1, 2, 3


def _layout(kind: str, names: str) -> np.dtype[np.void]:
    return np.dtype([(name, kind) for name in names.split()])


WIRING = _layout("i4", "detector phase advance presence clearance")
"""``[device, parameter]`` → its detector and phase, and the first link of each use; or -1."""
LINK = _layout("i4", "phase following")
"""A phase that a detector serves, and the link to the next phase of the same use; or -1."""
SILENCE = _layout("i8", "begin_ms device")
"""Last moment before a controller is not heard for long, and the controller by position."""
DETECTOR_STATE = _layout("i8", "on_ms off_ms vehicle_ms is_broken")
"""Begin of the pulse that lasts, end of the one before and of the last that was no chatter, and
whether the pulse that lasts goes on with a vehicle."""
PHASE_STATE = _layout(
    "i8",
    "colour since_ms is_whole present present_ms green_ms covered_green_ms covered_red_ms "
    "ped_call_ms",
)
"""Colour and its begin; detectors covered and when last looked; green and cover of this cycle."""
DETECTOR_SUMS = _layout("i8", "volume broken chatter occupied_ms mended_ms")
"""Of a detector in a bin: pulses, those that go on with the vehicle before, others that are too
short, and covered time by pulses with both ends and by those of a lost end [ms]."""
PHASE_SUMS = _layout(
    "i8",
    "arrivals_unknown arrivals_green arrivals_yellow arrivals_red green_ms reds gap_outs max_outs "
    "force_offs cycles split_failures ped_actuations ped_served ped_delay_ms clearance_yellow "
    "clearance_red whole_green_ms covered_green_ms covered_red_ms",
)
"""Of a phase in a bin: arrivals by colour, green, begins of red, ends of green by their cause,
whole cycles, those whose split failed, pedestrians, vehicles in the clearance, and cover of whole
greens and reds; times in ms."""


class Rules(NamedTuple):
    """Length and number of bins, end of the log, and limits of the repairs, in ms."""

    bin_ms: int
    bin_count: int
    end_ms: int
    break_ms: int
    chatter_ms: int
