"""Made feeds with known truth: arrivals, what a detector makes of them, and gaps."""

from dataclasses import dataclass

import numpy as np

from detectors.aliveness import GAP_S
from detectors.pulses import SIMULATION_START, FeedRepairs, Floats, Ints, Pulses
from detectors.repair import RawPulses, tidy

LANES = 12
FEED_S = 3 * 3600.0
LOST_VEHICLES_S = 2.0
CYCLE_S, GREEN_S = 90.0, 35.0


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What is wrong with a detector or its feed; shares of its vehicles."""

    missed: float = 0.0
    doubled: float = 0.0
    broken: float = 0.0
    lost_offs: float = 0.0
    gaps: int = 0


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """One kind of traffic and fault."""

    name: str
    flow_vph: float
    is_platooned: bool = False
    is_peak: bool = False
    faults: Faults = Faults()
    bin_s: float = 300.0
    within_allowance: bool = True


def passages_s(stratum: Stratum, rng: np.random.Generator) -> Floats:
    """Return the times at which vehicles pass one lane's detector, no closer than they can."""
    count = rng.poisson(stratum.flow_vph * FEED_S / 3600)
    share = rng.triangular(0, 0.5, 1, count) if stratum.is_peak else rng.random(count)
    times_s = np.sort(share * FEED_S)
    if stratum.is_platooned:
        times_s = through_signal_s(times_s, rng)
    return spaced_s(times_s, rng.uniform(1.2, 2.2, len(times_s)))


def through_signal_s(times_s: Floats, rng: np.random.Generator) -> Floats:
    """Hold arrivals back while it is red; the queue leaves at two seconds each."""
    offset_s = rng.uniform(0, CYCLE_S)
    left_s = np.empty_like(times_s)
    ready_s = -np.inf
    for k, arrival_s in enumerate(times_s):
        at_s = max(arrival_s, ready_s)
        in_cycle_s = (at_s - offset_s) % CYCLE_S
        if in_cycle_s > GREEN_S:
            at_s += CYCLE_S - in_cycle_s + LOST_VEHICLES_S
        left_s[k] = at_s
        ready_s = at_s + 2.0
    return left_s


def spaced_s(times_s: Floats, headway_s: Floats) -> Floats:
    """Push vehicles apart so that each keeps its headway to the one before."""
    reach_s = np.cumsum(headway_s)
    return np.maximum.accumulate(times_s - reach_s) + reach_s


def detected(passed_s: Floats, faults: Faults, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return begins and ends of the pulses that a detector makes of passages; NaN for lost ends."""
    on_s = passed_s[rng.random(len(passed_s)) >= faults.missed]
    length_s = rng.uniform(0.25, 0.6, len(on_s))
    off_s = on_s + length_s
    twice = rng.random(len(on_s)) < faults.doubled
    broken = (rng.random(len(on_s)) < faults.broken) & ~twice
    split_s = on_s + 0.5 * length_s
    ends_s = np.where(broken, split_s, off_s)
    # a trailer counted as a vehicle of its own; a pulse that breaks in two
    more_on_s = np.concatenate((off_s[twice] + 0.45, split_s[broken] + 0.1))
    more_off_s = np.concatenate((off_s[twice] + 0.7, off_s[broken] + 0.1))
    all_on_s = np.concatenate((on_s, more_on_s))
    all_off_s = np.concatenate((ends_s, more_off_s))
    lost = rng.random(len(all_on_s)) < faults.lost_offs
    return all_on_s, np.where(lost, np.nan, all_off_s)


def gaps_s(count: int, rng: np.random.Generator) -> Floats:
    """Return times (begin, end) at which the whole feed says nothing, apart from each other."""
    begins_s = (np.arange(count) + rng.uniform(0.1, 0.6, count)) * FEED_S / max(count, 1)
    return np.column_stack((begins_s, begins_s + rng.uniform(20, 700, count)))


def feed_of(stratum: Stratum, rng: np.random.Generator) -> tuple[Pulses, list[Floats]]:
    """Return the pulses of a feed of several lanes, and the truth: passages of each lane."""
    truth = [passages_s(stratum, rng) for _ in range(LANES)]
    holes_s = gaps_s(stratum.faults.gaps, rng)
    found = [detected(passed_s, stratum.faults, rng) for passed_s in truth]
    lane: Ints = np.repeat(np.arange(LANES), [len(on_s) for on_s, _ in found])
    on_s = np.concatenate([on_s for on_s, _ in found])
    off_s = np.concatenate([off_s for _, off_s in found])
    return with_holes(on_s, off_s, lane, holes_s), truth


def with_holes(on_s: Floats, off_s: Floats, lane: Ints, holes_s: Floats) -> Pulses:
    """Return pulses without what falls into holes; the feed says otherwise when it is alive."""
    names = tuple(f"d{at:02d}" for at in range(int(lane.max()) + 1))
    # the controller of a feed says something every five seconds: signal, heartbeat
    alive_s = np.concatenate((np.arange(0.0, FEED_S + 1, 5.0), on_s[on_s < FEED_S]))
    kept, heard = np.ones(len(on_s), np.bool_), np.ones(len(alive_s), np.bool_)
    for begin_s, end_s in holes_s:
        kept &= (on_s < begin_s) | (on_s >= end_s)
        off_s = np.where((off_s >= begin_s) & (off_s < end_s), np.nan, off_s)
        heard &= (alive_s < begin_s) | (alive_s >= end_s)
    raw = RawPulses(
        names=names,
        detector=lane[kept],
        on_s=on_s[kept],
        off_s=off_s[kept],
        speed_mps=np.full(int(kept.sum()), np.nan),
        alive_s=alive_s[heard],
        start=SIMULATION_START,
        repairs=FeedRepairs(rows=int(kept.sum())),
    )
    return tidy(raw, gap_s=min(GAP_S, 15.0))
