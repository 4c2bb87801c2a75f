"""Movements between zones as a table: vehicles per bin, movement and kind."""

from datetime import timedelta

import numpy as np
import pandas as pd

from detectors.bins import bins_of_feed
from detectors.pulses import Pulses
from detectors.tracking.lines_file import LinesFile
from detectors.tracking.zones import Movements


def turning_counts(
    movements: Movements,
    pulses: Pulses,
    lines: LinesFile,
    kinds: tuple[str, ...],
    *,
    bin_s: float,
) -> pd.DataFrame:
    """Return vehicles per bin and movement, those that were named and those that were seen.

    Parameters
    ----------
    movements
        Vehicles, each in the bin in which it came into its exit zone.
    pulses
        Of the same feed, for its clock and the times during which it was alive.
    lines
        Lines file, for the names.
    kinds
        Names of kinds.
    bin_s
        Length of a bin. [s]

    Returns
    -------
    DataFrame
        Columns ``bin_start`` (UTC), ``from``, ``to``, ``movement``, ``count_veh``, ``coverage``
        (share of the bin during which boxes came), and the vehicles of each kind that was seen.

    Raises
    ------
    InfeasibleError
        `bin_s` is not above 0.
    """
    bins = bins_of_feed(pulses, bin_s)
    zones = [zone.name for zone in lines.zone]
    at = ((movements.time_s - bins.start_s) // bin_s).astype(np.int64).clip(0, bins.count - 1)
    named = {(zones.index(one.from_zone), zones.index(one.to_zone)) for one in lines.movement}
    seen = set(zip(movements.entry.tolist(), movements.exit.tolist(), strict=True))
    coverage = bins.coverage(pulses.spans_s)
    shown = [number for number in range(len(kinds)) if np.any(movements.kind == number)]
    rows = []
    for row in range(bins.count):
        for entry, leave in sorted(named | seen):
            own = (at == row) & (movements.entry == entry) & (movements.exit == leave)
            kind_counts = np.bincount(movements.kind[own], minlength=len(kinds))
            rows.append(
                {
                    "bin_start": bins.start + row * timedelta(seconds=bin_s),
                    "from": zones[entry],
                    "to": zones[leave],
                    "movement": lines.movement_name(zones[entry], zones[leave]),
                    "count_veh": int(own.sum()),
                    "coverage": float(coverage[row]),
                    **{kinds[number]: int(kind_counts[number]) for number in shown},
                }
            )
    columns = ["bin_start", "from", "to", "movement", "count_veh", "coverage"]
    return pd.DataFrame(rows, columns=[*columns, *(kinds[number] for number in shown)])
