"""How well identities are kept and vehicles counted."""

from dataclasses import dataclass

import numpy as np

from detectors.pulses import Ints

LEAST_SIGHTINGS = 10
"""Vehicles that were seen less often are not judged."""
SHARE = 0.8
"""Of a vehicle's boxes that one track must have, and of a track's boxes that it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """How well tracks follow vehicles.

    Parameters
    ----------
    vehicles
        Vehicles that are judged.
    kept
        Those of which one track has four fifths of the boxes and holds little else. [-]
    changes
        How often the track of a vehicle changes, per vehicle. [-]
    """

    vehicles: int
    kept: float
    changes: float


def identities(vehicle: Ints, track: Ints) -> Identities:
    """Compare tracks with the truth.

    Parameters
    ----------
    vehicle
        True identity of each box, in order of time; -1 for boxes of nothing.
    track
        Track of each box, -1 for none.
    """
    sizes = dict(zip(*np.unique(track[track >= 0], return_counts=True), strict=True))
    judged, kept, changes = 0, 0, 0
    for one in np.unique(vehicle[vehicle >= 0]):
        own = track[vehicle == one]
        if len(own) < LEAST_SIGHTINGS:
            continue
        judged += 1
        known = own[own >= 0]
        changes += int(np.sum(np.diff(known) != 0))
        if len(known):
            names, counts = np.unique(known, return_counts=True)
            most = int(np.argmax(counts))
            is_whole = counts[most] >= SHARE * len(own)
            kept += bool(is_whole and counts[most] >= SHARE * sizes[names[most]])
    return Identities(vehicles=judged, kept=kept / judged, changes=changes / judged)


def lane_error(counts: Ints, truth: Ints) -> float:
    """Return the sum over lanes of what was counted wrongly, per vehicle [-]."""
    return float(np.abs(counts - truth).sum() / max(truth.sum(), 1))
