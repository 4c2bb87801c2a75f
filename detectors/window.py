"""Parts of a count in time."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from citybrain.model.flows import FlowSnapshot
from citybrain.units import SECONDS_PER_HOUR


def busiest_window(snapshot: FlowSnapshot, duration_s: float = SECONDS_PER_HOUR) -> FlowSnapshot:
    """Return the consecutive bins in which most vehicles were counted.

    Parameters
    ----------
    snapshot
        Flows.
    duration_s
        Length of the window; a shorter snapshot is returned whole. [s]

    Returns
    -------
    FlowSnapshot
        The first of the busiest windows; a lane's quality is that of the whole snapshot.
    """
    width = max(round(duration_s / snapshot.bin_s), 1)
    if width >= snapshot.bin_count:
        return snapshot
    totals_veh = np.asarray(snapshot.count_veh, dtype=np.float64).sum(axis=1)
    begin = int(np.argmax(np.convolve(totals_veh, np.ones(width), mode="valid").round(6)))
    return bins_from_to(snapshot, begin, begin + width)


def bins_from_to(snapshot: FlowSnapshot, begin: int, end: int) -> FlowSnapshot:
    """Return the bins from position `begin` up to `end`.

    Parameters
    ----------
    snapshot
        Flows.
    begin, end
        Positions of bins.
    """
    cut = slice(begin, end)
    return replace(
        snapshot,
        start=snapshot.start + begin * timedelta(seconds=snapshot.bin_s),
        count_veh=snapshot.count_veh[cut],
        occupancy=snapshot.occupancy[cut],
        speed_mps=snapshot.speed_mps[cut],
        coverage=snapshot.coverage[cut],
        low_veh=snapshot.low_veh[cut],
        high_veh=snapshot.high_veh[cut],
        imputed=None if snapshot.imputed is None else snapshot.imputed[cut],
        heard_veh=None if snapshot.heard_veh is None else snapshot.heard_veh[cut],
    )
