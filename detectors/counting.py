"""From pulses to flows per lane and bin."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from citybrain.errors import InfeasibleError
from citybrain.model.flows import Detector, FlowSnapshot
from citybrain.units import DAY_S
from detectors.aliveness import GAP_S
from detectors.bins import (
    END_SILENCE_S,
    END_SILENCE_SHARE,
    Bins,
    bins_between,
    bins_of_feed,
    reaching_to,
)
from detectors.choice import detector_of_lanes, silent_lanes
from detectors.intervals import pulse_interval
from detectors.pulses import Floats, Ints, Pulses, controller_of
from detectors.tally import Tally
from detectors.trust import TrustRules, judge

QUARTER_HOUR_S = 900.0
"""Usual bin [s]."""
LONGEST_FEED_DAYS = 366
"""A feed that seems to be longer is taken to hold a wrong time [d]."""
MOST_CELLS = 50_000_000
"""Bins times lanes that are still counted at once."""


def count_pulses(
    pulses: Pulses,
    detectors: Sequence[Detector],
    *,
    bin_s: float = QUARTER_HOUR_S,
    recorded: tuple[datetime, datetime] | None = None,
    rules: TrustRules | None = None,
) -> FlowSnapshot:
    """Count pulses per lane and bin.

    Each lane is counted by one detector (see `detector_of_lanes`), each pulse in the bin of its
    on time; occupancy is split exactly at the edges of bins.  Times during which the
    controller of a lane, or the whole feed, was silent for long are missing coverage, not zero
    flow.

    Parameters
    ----------
    pulses
        Pulses of a feed.
    detectors
        Inventory; its lanes become the columns, also those of which nothing was heard.
    bin_s
        Length of a bin. [s]
    recorded
        Begin and end of the recording, timezone-aware UTC, where known: the first bin begins
        there, and silence at the ends is a gap only if it is as long as one.  Without it the
        bins are multiples of `bin_s` in UTC, and the feed is taken to have run from its first
        to its last word, stretched to the edge of a bin that is a minute away or less.
    rules
        When a lane is doubted or dead.

    Returns
    -------
    FlowSnapshot
        Dated from 1970-01-01 where the feed does not say when its clock started.

    Raises
    ------
    InfeasibleError
        The feed is silent throughout, or too long: then one of its times may be wrong; or `bin_s`
        is no whole number of milliseconds above 0, or makes too many bins.
    """
    bins = _bins(pulses, bin_s, recorded)
    speaking = {pulses.names[at] for at in np.unique(pulses.detector)}
    chosen = detector_of_lanes(detectors, speaking)
    _check_size(bins, len(chosen))
    columns = {detector.name: column for column, detector in enumerate(chosen.values())}
    lane_of = np.array([columns.get(name, -1) for name in pulses.names], dtype=np.int64)
    tally = Tally.empty(bins.count, len(chosen))
    tally.add(pulses, lane_of, bins)
    substitutes = silent_lanes(detectors, speaking)
    names = [detector.name for detector in chosen.values()]
    coverage = _coverage(pulses, names, bins, is_recorded=recorded is not None)
    count_veh = tally.count.astype(np.float64)
    quality = judge(
        count_veh.sum(axis=0),
        coverage.mean(axis=0),
        _repaired_share(pulses, lane_of, len(chosen)),
        np.array([lane in substitutes for lane in chosen], dtype=np.bool_),
        rules or TrustRules(),
    )
    low_veh, high_veh = pulse_interval(pulses, lane_of, bins, count_veh, coverage)
    return FlowSnapshot(
        start=bins.start,
        bin_s=bin_s,
        lanes=tuple(chosen),
        count_veh=count_veh,
        occupancy=_ratio(tally.occupied_s, coverage * bin_s, 0.0).clip(0.0, 1.0),
        speed_mps=_ratio(tally.speed_sum_mps, tally.speed_count.astype(np.int64), np.nan),
        coverage=coverage,
        low_veh=low_veh,
        high_veh=high_veh,
        quality=quality,
    )


def _bins(pulses: Pulses, bin_s: float, recorded: tuple[datetime, datetime] | None) -> Bins:
    if recorded is not None:
        return bins_between(pulses, bin_s, *recorded)
    if not len(pulses.spans_s):
        msg = "the feed says nothing at all"
        raise InfeasibleError(msg)
    return bins_of_feed(pulses, bin_s)


def _check_size(bins: Bins, lane_count: int) -> None:
    days = bins.count * bins.bin_s / DAY_S
    if days > LONGEST_FEED_DAYS:
        msg = f"the feed reaches over {days:,.0f} days, so one of its times must be wrong"
        raise InfeasibleError(msg)
    if bins.count * lane_count > MOST_CELLS:
        msg = f"{bins.count} bins of {lane_count} lanes are too many to count at once"
        raise InfeasibleError(msg)


def _coverage(pulses: Pulses, names: Sequence[str], bins: Bins, *, is_recorded: bool) -> Floats:
    """Return the share of each bin during which each detector was heard [bin, detector]."""
    silence_s = GAP_S if is_recorded else min(END_SILENCE_S, END_SILENCE_SHARE * bins.bin_s)
    coverage = np.zeros((bins.count, len(names)))
    shares: dict[str, Floats] = {}
    for column, name in enumerate(names):
        controller = controller_of(name)
        if controller not in shares:
            spans_s = reaching_to(pulses.spans_of(name), bins.start_s, bins.end_s, silence_s)
            shares[controller] = bins.coverage(spans_s)
        coverage[:, column] = shares[controller]
    return coverage


def _repaired_share(pulses: Pulses, lane_of: Ints, lane_count: int) -> Floats:
    lane = lane_of[pulses.detector]
    counted = lane >= 0
    total = np.bincount(lane[counted], minlength=lane_count)
    repaired = np.bincount(lane[counted & pulses.repaired], minlength=lane_count)
    return repaired / np.maximum(total, 1)


def _ratio(above: Floats, below: Floats | Ints, otherwise: float) -> Floats:
    known = below > 0
    return np.where(known, above / np.where(known, below, 1), otherwise)
