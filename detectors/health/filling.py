"""What the health of detectors means for the flows that were counted with them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from citybrain.model.flows import Detector, FlowSnapshot, Quality
from detectors.choice import detector_of_lanes
from detectors.health.evidence import DOUBLED, HALVED, SWAPPED, UNRELATED
from detectors.health.timeline import HealthSpan
from detectors.imputation import imputed
from detectors.pulses import SIMULATION_START, Flags, Pulses

SPOILS_COUNT = frozenset(
    {
        *("stuck on", "silent", "locked", "chatter", "break-up", "no room between vehicles"),
        *("flow without occupancy", HALVED, DOUBLED, SWAPPED, UNRELATED),
    }
)
"""Rules after which the number of pulses is not the number of vehicles.

Lost offs spoil the occupancy only, and a delay moves vehicles by less than a bin.
"""
DOUBTED_SHARE = 0.1
"""Above this share of a feed in which its detector is not believed a lane is doubted [0-1]."""
OVERLAP_S = 1.0
"""A bin that shares less than this with a fault is not spoiled [s]."""


def judged(
    flows: FlowSnapshot,
    pulses: Pulses,
    detectors: Sequence[Detector],
    spans: Sequence[HealthSpan],
) -> FlowSnapshot:
    """Return flows that say how far they can be believed, with bins filled that cannot.

    Parameters
    ----------
    flows
        Flows that were counted from `pulses`.
    pulses
        Feed.
    detectors
        Inventory.
    spans
        Health of the feed's detectors.

    Returns
    -------
    FlowSnapshot
        The same for a feed without a fault.
    """
    speaking = {pulses.names[at] for at in np.unique(pulses.detector)}
    chosen = detector_of_lanes(detectors, speaking)
    lane_of = {detector.name: flows.lanes.index(lane) for lane, detector in chosen.items()}
    start_s = (flows.start - (pulses.start or SIMULATION_START)).total_seconds()
    spoiled = np.zeros((flows.bin_count, len(flows.lanes)), np.bool_)
    ill_s = np.zeros(len(flows.lanes))
    for span in spans:
        if span.rule is None or span.detector not in lane_of:
            continue
        lane = lane_of[span.detector]
        if span.rule not in {"never heard", "feed silent"}:
            ill_s[lane] += span.end_s - span.begin_s
        if span.rule in SPOILS_COUNT:
            spoiled[:, lane] |= _touched(flows, span.begin_s - start_s, span.end_s - start_s)
    filled = imputed(flows, spoiled)
    return _doubted(filled, ill_s > DOUBTED_SHARE * flows.duration_s)


def _touched(flows: FlowSnapshot, begin_s: float, end_s: float) -> Flags:
    starts_s = np.arange(flows.bin_count) * flows.bin_s
    shared_s = np.minimum(starts_s + flows.bin_s, end_s) - np.maximum(starts_s, begin_s)
    return np.asarray(shared_s > OVERLAP_S, dtype=np.bool_)


def _doubted(flows: FlowSnapshot, ill: Flags) -> FlowSnapshot:
    answers = tuple(
        Quality.DOUBTED if is_ill and answer is Quality.BELIEVED else answer
        for answer, is_ill in zip(flows.quality, ill.tolist(), strict=True)
    )
    return flows if answers == flows.quality else replace(flows, quality=answers)
