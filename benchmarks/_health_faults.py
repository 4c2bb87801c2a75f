"""Faults put into the clean detectors of a feed, from a moment on."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from detectors.pulses import Floats, Pulses

Track = tuple[Floats, Floats]
"""Begins and ends of the pulses of one detector. [s]"""
Fault = Callable[[Track, float, np.random.Generator], Track]
BURSTS_S = 6.0
SHORTEST_DELAY_S, LONGEST_DELAY_S = 5.0, 60.0


def stuck(_track: Track, end_s: float, rng: np.random.Generator, from_s: float) -> Track:
    """Return one pulse until the end, begun up to a minute after the fault."""
    begin_s = from_s + rng.uniform(0, 60)
    return np.array([begin_s]), np.array([end_s])


def silent(_track: Track, _end_s: float, _rng: np.random.Generator, _from_s: float) -> Track:
    return np.empty(0), np.empty(0)


def chatter(track: Track, end_s: float, rng: np.random.Generator, from_s: float) -> Track:
    """Return bursts of 3 to 8 pulses of 0.1 s, ten a minute, and the pulses between them."""
    begins_s = from_s + np.cumsum(rng.exponential(BURSTS_S, int((end_s - from_s) / BURSTS_S) + 50))
    begins_s = begins_s[begins_s < end_s - 2]
    on_s = np.concatenate([begin + 0.2 * np.arange(rng.integers(3, 9)) for begin in begins_s])
    return merged(track, (on_s, on_s + 0.1))


def halved(track: Track, _end_s: float, rng: np.random.Generator, _from_s: float) -> Track:
    kept = rng.random(len(track[0])) < 0.5
    return track[0][kept], track[1][kept]


def doubled(track: Track, end_s: float, rng: np.random.Generator, _from_s: float) -> Track:
    """Return each pulse and another like it, 0.3 s to 1 s behind it."""
    on_s, off_s = track
    again_s = off_s + rng.uniform(0.3, 1.0, len(on_s))
    whole = merged(track, (again_s, again_s + np.minimum(off_s - on_s, 1.0)))
    return whole[0][whole[0] < end_s], np.minimum(whole[1][whole[0] < end_s], end_s)


def delayed(track: Track, end_s: float, rng: np.random.Generator, _from_s: float) -> Track:
    """Return all pulses, 5 s to 60 s late."""
    by_s = rng.uniform(SHORTEST_DELAY_S, LONGEST_DELAY_S)
    kept = track[0] + by_s < end_s
    return track[0][kept] + by_s, np.minimum(track[1][kept] + by_s, end_s)


ALONE = {
    "stuck": stuck,
    "silent": silent,
    "chatter": chatter,
    "halved": halved,
    "doubled": doubled,
    "delayed": delayed,
}


def merged(one: Track, other: Track) -> Track:
    """Return pulses of both; where they overlap the earlier one ends."""
    on_s = np.concatenate((one[0], other[0]))
    order = np.argsort(on_s, kind="stable")
    on_s = on_s[order]
    off_s = np.concatenate((one[1], other[1]))[order]
    return on_s, np.minimum(off_s, np.append(on_s[1:], np.inf))


def with_fault(
    pulses: Pulses, name: str, kind: str, from_s: float, rng: np.random.Generator
) -> Pulses:
    """Return a feed in which one detector has a fault from a moment to the end.

    Parameters
    ----------
    pulses
        Sound feed.
    name
        Detector.
    kind
        Key of `ALONE`.
    from_s
        Begin of the fault. [s]
    rng
        Dice.
    """
    end_s = float(pulses.spans_s[-1, 1])
    at = pulses.names.index(name)
    mine = pulses.detector == at
    late = mine & (pulses.on_s >= from_s)
    early = mine & ~late
    track = pulses.on_s[late], pulses.off_s[late]
    on_s, off_s = ALONE[kind](track, end_s, rng, from_s)
    # a pulse that lasts when the fault begins ends with it
    early_off_s = np.minimum(pulses.off_s[early], np.min(on_s, initial=np.inf))
    if kind in {"silent", "stuck", "chatter"}:
        early_off_s = np.minimum(early_off_s, from_s)
    return _rebuilt(
        pulses,
        ~mine,
        np.concatenate((pulses.on_s[early], on_s)),
        np.concatenate((early_off_s, off_s)),
        at,
    )


def swapped(pulses: Pulses, one: str, other: str, from_s: float) -> Pulses:
    """Return a feed in which two detectors change names from a moment on."""
    places = [pulses.names.index(name) for name in (one, other)]
    late = pulses.on_s >= from_s
    detector = pulses.detector.copy()
    for here, there in (places, places[::-1]):
        detector[late & (pulses.detector == here)] = there
    return replace(pulses, detector=detector)


def _rebuilt(pulses: Pulses, kept: np.ndarray, on_s: Floats, off_s: Floats, at: int) -> Pulses:
    all_on_s = np.concatenate((pulses.on_s[kept], on_s))
    order = np.argsort(all_on_s, kind="stable")
    detector = np.concatenate((pulses.detector[kept], np.full(len(on_s), at, np.int32)))
    return replace(
        pulses,
        detector=detector[order],
        on_s=all_on_s[order],
        off_s=np.concatenate((pulses.off_s[kept], off_s))[order],
        speed_mps=np.full(len(all_on_s), np.nan),
        repaired=np.concatenate((pulses.repaired[kept], np.zeros(len(on_s), np.bool_)))[order],
    )


def only(pulses: Pulses, names: tuple[str, ...]) -> Pulses:
    """Return the part of a feed that some of its detectors said."""
    places = np.full(len(pulses.names), -1, np.int32)
    for at, name in enumerate(names):
        places[pulses.names.index(name)] = at
    kept = places[pulses.detector] >= 0
    return replace(
        pulses,
        names=names,
        detector=places[pulses.detector[kept]],
        on_s=pulses.on_s[kept],
        off_s=pulses.off_s[kept],
        speed_mps=pulses.speed_mps[kept],
        repaired=pulses.repaired[kept],
    )
