"""What the headways of a detector say about a loss of vehicles, without regard to any neighbour.

A queue discharges at the saturation headway of about two seconds (HCM 6, chapter 31), whatever
the demand is.  A detector that loses every second vehicle shows one, two, three ... of them in
place of one, so that its short headways are too few for what passes; vehicles that stay away
make platoons shorter, but not looser.  How headways look when a share of the vehicles is lost
follows from the headways that were learned, by counting on to the second, third ... vehicle.
"""

import numpy as np

from detectors.pulses import Floats, Ints

LONGEST_HEADWAY_S = 20
"""Longer ones are left out, as they tell the demand and the signal [s]."""
MOST_VEH = 24
"""So many vehicles are counted on at most [veh]."""
PRIOR_VEH = 10.0
"""Even headways that count beside those learned [veh]."""


def headways_of(series: Floats) -> Floats:
    """Return how often the next, the second, the third ... vehicle followed after how long.

    Parameters
    ----------
    series
        Pulses in each second, shape (seconds,). [veh]

    Returns
    -------
    array of shape (MOST_VEH, LONGEST_HEADWAY_S)
        Pairs of vehicles by the number of headways and whole seconds between them. [veh]
    """
    second = _seconds(series)
    found = np.zeros((MOST_VEH, LONGEST_HEADWAY_S))
    for ahead in range(1, min(MOST_VEH + 1, len(second))):
        apart_s = second[ahead:] - second[:-ahead]
        short_s = apart_s[apart_s < LONGEST_HEADWAY_S]
        found[ahead - 1] = np.bincount(short_s, minlength=LONGEST_HEADWAY_S)
    return found


def spread_of(headways: Floats, share: Floats) -> Floats:
    """Return the spread of the headways if only a share of the vehicles had passed.

    Parameters
    ----------
    headways
        Result of `headways_of`. [veh]
    share
        Chance of each vehicle to be there; of any shape. [0-1]

    Returns
    -------
    array of shape (*share.shape, LONGEST_HEADWAY_S)
        Chance of each whole second, of headways below `LONGEST_HEADWAY_S`. [0-1]
    """
    kept = share[..., None]
    next_is = kept * (1.0 - kept) ** np.arange(MOST_VEH)
    pairs = next_is @ headways + PRIOR_VEH / LONGEST_HEADWAY_S
    return np.asarray(pairs / pairs.sum(axis=-1, keepdims=True))


def seen_headways(series: Floats, window: Ints, window_count: int) -> Floats:
    """Count the headways that end in each window.

    Parameters
    ----------
    series
        Pulses in each second, shape (seconds,). [veh]
    window
        Window of each second, shape (seconds,); negative where it belongs to none.
    window_count
        Number of windows.

    Returns
    -------
    array of shape (window_count, LONGEST_HEADWAY_S)
        Headways by whole seconds. [veh]
    """
    second = _seconds(series)
    apart_s, ends_in = np.diff(second), window[second[1:]]
    counted = (apart_s < LONGEST_HEADWAY_S) & (ends_in >= 0)
    cell = ends_in[counted] * LONGEST_HEADWAY_S + apart_s[counted]
    counts = np.bincount(cell, minlength=window_count * LONGEST_HEADWAY_S)
    return counts.reshape(window_count, LONGEST_HEADWAY_S).astype(np.float64)


def gain_of_loss(headways: Floats, seen: Floats, sound: Floats, faulty: Floats) -> Floats:
    """Return how much more probable headways are if a smaller share of the vehicles is seen.

    Parameters
    ----------
    headways
        What was learned. [veh]
    seen
        Headways in each window, from `seen_headways`. [veh]
    sound, faulty
        Share of the vehicles, of those that passed while it was learned, that are seen in each
        window without and with the fault ``[model, window]``; above 1 is taken as 1. [-]

    Returns
    -------
    array of shape (models, windows)
        Evidence. [nats]
    """
    spreads = (spread_of(headways, np.minimum(share, 1.0)) for share in (faulty, sound))
    with_fault, without = spreads
    return np.asarray(np.sum(seen * np.log(with_fault / without), axis=-1))


def _seconds(series: Floats) -> Ints:
    """Return the second of each pulse, in order."""
    at = np.flatnonzero(series)
    return np.repeat(at, series[at].astype(np.int64)).astype(np.int64)
