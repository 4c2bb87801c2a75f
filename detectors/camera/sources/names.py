"""Times in the names of pictures, as cameras and recorders write them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from detectors.pulses import Floats

_CIVIL = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_]?([01]\d)[-_]?([0-3]\d)[-_T ]?"
    r"([0-2]\d)[-_:.h]?([0-5]\d)[-_:.m]?([0-5]\d)(?:[-_.,]?(\d{3}|\d{6}))?(?!\d)"
)
_EPOCH = re.compile(r"(?<!\d)(1\d{9})(?:[._]?(\d{3}|\d{6}))?(?!\d)")


def times_of_names(stems: Sequence[str]) -> Floats | None:
    """Return seconds since the first picture where every name carries a later time.

    Parameters
    ----------
    stems
        Names without their ending, in order; with a civil time such as ``20170721_141000`` or
        ``2017-07-21T14:10:00.250``, or seconds or milliseconds since 1970.

    Returns
    -------
    Floats
        Shape (n,), increasing; None where a name carries no time or times do not increase. [s]
    """
    times = [_time_s(stem) for stem in stems]
    known_s = np.array([time_s for time_s in times if time_s is not None], np.float64)
    if known_s.size != len(times) or np.any(np.diff(known_s) <= 0):
        return None
    seconds: Floats = known_s - known_s[0]
    return seconds


def _time_s(stem: str) -> float | None:
    civil = _CIVIL.search(stem)
    if civil:
        try:
            whole = datetime(*(int(part) for part in civil.groups()[:6]), tzinfo=UTC)  # type: ignore[misc,arg-type]
        except ValueError:
            return None
        return whole.timestamp() + _fraction(civil[7])
    epoch = _EPOCH.search(stem)
    return int(epoch[1]) + _fraction(epoch[2]) if epoch else None


def _fraction(digits: str | None) -> float:
    return int(digits) / 10 ** len(digits) if digits else 0.0
