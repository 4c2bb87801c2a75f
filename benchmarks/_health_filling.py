"""Do the intervals of filled bins hold what was really counted?  Sound counts are hidden to see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from citybrain.model.flows import Detector, DetectorKind, FlowSnapshot
from detectors.counting import count_pulses
from detectors.imputation import imputed
from detectors.pulses import Flags, Floats, Pulses

BIN_S = 300.0
FEWEST_VEH = 20.0
SEED = 20260322
HIDDEN = {
    "15 min of one detector": (900.0, 1.0),
    "90 min of one detector": (5400.0, 1.0),
    "90 min of a third of them": (5400.0, 3.0),
}
"""Length that is hidden [s], and one over the share of detectors; 1 for a single one."""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """How good the filling was.

    `coverage` is the share of hidden bins whose count lay in the interval, `error` the mean
    absolute error over the mean count.
    """

    hidden: str
    bins: int
    mean_veh: float
    coverage: float
    width_veh: float
    error: float
    own_width_veh: float


def filled(parts: Sequence[tuple[Pulses, Sequence[str]]]) -> list[Filled]:
    """Hide counts of clean detectors in the second half of feeds, fill them, and compare.

    Parameters
    ----------
    parts
        Feeds, each with its clean detectors.
    """
    results = []
    for name, (length_s, every) in HIDDEN.items():
        rows = [row for part, clean in parts for row in _rows(part, clean, length_s, every)]
        results.append(_summed(name, np.concatenate(rows)))
    return results


def _rows(part: Pulses, clean: Sequence[str], length_s: float, every: float) -> Iterator[Floats]:
    """Return rows of truth, filled count, low, high, and width of the interval as heard [veh]."""
    flows = count_pulses(part, inventory_of(part), bin_s=BIN_S)
    truth = np.asarray(flows.count_veh)
    rng = np.random.default_rng(SEED)
    busy = [
        flows.lanes.index(name)
        for name in clean
        if truth[:, flows.lanes.index(name)].sum() >= FEWEST_VEH
    ]
    for lane in busy:
        spoiled = _hidden(flows, lane, busy, (length_s, every), rng)
        silent = replace(flows, count_veh=np.where(spoiled, 0.0, truth))
        found = imputed(silent, spoiled)
        at = spoiled[:, lane]
        grids = (found.count_veh, found.low_veh, found.high_veh)
        width = (np.asarray(flows.high_veh) - np.asarray(flows.low_veh))[at, lane]
        yield np.column_stack([truth[at, lane], *(np.asarray(g)[at, lane] for g in grids), width])


def inventory_of(part: Pulses) -> tuple[Detector, ...]:
    """Return an inventory in which each detector has a lane of its own."""
    return tuple(
        Detector(
            name=name,
            lane=name,
            distance_to_stop_line_m=1.0,
            length_m=2.0,
            kind=DetectorKind.STOP_BAR,
        )
        for name in part.names
    )


def _hidden(
    flows: FlowSnapshot,
    lane: int,
    busy: Sequence[int],
    how: tuple[float, float],
    rng: np.random.Generator,
) -> Flags:
    length_s, every = how
    count = round(length_s / flows.bin_s)
    half = flows.bin_count // 2
    begin = half + int(rng.integers(0, max(flows.bin_count - half - count, 0) + 1))
    spoiled = np.zeros((flows.bin_count, len(flows.lanes)), np.bool_)
    spoiled[begin : begin + count, lane] = True
    if every > 1:
        others = rng.permutation([other for other in busy if other != lane])
        spoiled[begin : begin + count, others[: int(len(busy) / every)]] = True
    return spoiled


def _summed(name: str, rows: Floats) -> Filled:
    truth, mean, low, high, own = rows.T
    return Filled(
        hidden=name,
        bins=len(rows),
        mean_veh=float(truth.mean()),
        coverage=float(np.mean((low <= truth) & (truth <= high))),
        width_veh=float(np.mean(high - low)),
        error=float(np.mean(np.abs(mean - truth)) / truth.mean()),
        own_width_veh=float(own.mean()),
    )
