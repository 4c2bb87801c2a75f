"""Who speaks in a controller log, and for how long each is silent: a pass before the measures."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.controller_log.records import DETECTOR_OFF, DETECTOR_ON, NEVER_MS, Codes
from detectors.pulses import Ints

CALLEES = "c4364cfac6ba9554"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""


@njit(cache=True, nogil=True)
def mark_speaking(device: Codes, code: Codes, parameter: Codes, speaks: NDArray[np.bool_]) -> None:
    """Mark the channels ``[device, parameter]`` that a detector event names."""
    for k in range(len(code)):
        if DETECTOR_OFF <= code[k] <= DETECTOR_ON and 0 <= parameter[k] < speaks.shape[1]:
            speaks[device[k], parameter[k]] = True


@njit(cache=True, nogil=True)
def longest_silences(
    time_ms: Ints, device: Codes, first_ms: Ints, last_ms: Ints, longest_ms: Ints
) -> None:
    """Find the first and the last event of each controller and the longest time between two.

    Parameters
    ----------
    time_ms, device
        Time of each event in order, and its controller by position. [ms]
    first_ms, last_ms, longest_ms
        `NEVER_MS`, `NEVER_MS` and 0 for each controller; changed in place. [ms]
    """
    for k in range(len(time_ms)):
        at = device[k]
        if last_ms[at] == NEVER_MS:
            first_ms[at] = time_ms[k]
        else:
            longest_ms[at] = max(longest_ms[at], time_ms[k] - last_ms[at])
        last_ms[at] = time_ms[k]
