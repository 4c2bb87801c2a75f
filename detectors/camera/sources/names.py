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
    times = [_time_us(stem) for stem in stems]
    known_us = np.array([time_us for time_us in times if time_us is not None], np.int64)
    if known_us.size != len(times) or np.any(np.diff(known_us) <= 0):
        return None
    seconds: Floats = (known_us - known_us[0]) / 1e6
    return seconds


def _time_us(stem: str) -> int | None:
    civil = _CIVIL.search(stem)
    if civil:
        try:
            whole = datetime(*(int(part) for part in civil.groups()[:6]), tzinfo=UTC)  # type: ignore[misc,arg-type]
        except ValueError:
            return None
        return int(whole.timestamp()) * 1_000_000 + _fraction_us(civil[7])
    epoch = _EPOCH.search(stem)
    return int(epoch[1]) * 1_000_000 + _fraction_us(epoch[2]) if epoch else None


def _fraction_us(digits: str | None) -> int:
    return int(digits.ljust(6, "0")) if digits else 0
