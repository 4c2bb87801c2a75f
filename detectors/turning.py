"""From flows per lane to demand per movement."""

from collections.abc import Sequence

import numpy as np

from citybrain.model.flows import (
    DemandSource,
    Detector,
    FlowSnapshot,
    MovementDemand,
    TurningDemand,
)
from citybrain.model.network import Network
from detectors.least_squares import determined, solve
from detectors.turning_rows import Measured, RowWriter, TurningSettings
from detectors.turning_unknowns import LaneUse, prior_deviation_vph

SHARED = "the count of shared lanes, split by prior turn shares"
PARTLY_COUNTED = "the counted lanes of the approach, split by prior turn shares"
UNCOUNTED = "no live detector on the approach: counted lanes elsewhere, in prior turn shares"
"""What a movement that prior turn shares have settled rests on, for its note."""


def estimate_turning_demand(
    snapshot: FlowSnapshot,
    network: Network,
    *,
    detectors: Sequence[Detector] = (),
    settings: TurningSettings | None = None,
) -> TurningDemand:
    """Estimate how many vehicles per hour make each movement.

    A lane that serves one movement tells it directly.  The rest is solved by least squares, none
    below 0: the turns from a shared lane add up to its count, and what flows out of one
    intersection flows into the next (see `find_stretches`).  A movement that these do not
    determine is settled by prior turn shares and says so.

    What a detector at the stop line counts is the *served* flow.  It equals the demand only
    while queues do not grow; where an approach is oversaturated, the demand is larger.

    Parameters
    ----------
    snapshot
        Flows; their mean over all bins is used.  Cut the window first (`busiest_window`).
    network
        Streets and signals.
    detectors
        Inventory, if known: a lane that only an exit detector counts tells the flow of its
        edge, not the turns at its far end.
    settings
        How surely each kind of knowledge holds.

    Returns
    -------
    TurningDemand
        One entry for every movement of the network.
    """
    settings = settings or TurningSettings()
    measured = Measured.of(snapshot, detectors, settings)
    use = LaneUse.of(network, measured.flow_vph, measured.at_exit)
    prior = use.prior_vph()
    known = {
        (movement, lane): counted_vph
        for movement, lane in prior
        if (counted_vph := use.known_vph(lane)) is not None
    }
    unknown = {cell: at for at, cell in enumerate(cell for cell in prior if cell not in known)}
    rows = list(RowWriter(network, use, measured, known, unknown, settings).rows())
    prior_vph = np.array([prior[cell] for cell in unknown], dtype=np.float64)
    solved_vph = solve(
        rows, prior_vph, prior_deviation_vph(prior_vph), prior_weight=settings.prior_weight
    )
    flow_vph = known | {cell: float(solved_vph[at]) for cell, at in unknown.items()}
    cells = {name: [(name, lane) for lane in m.lanes] for name, m in network.movements.items()}
    groups = [[unknown[cell] for cell in own if cell in unknown] for own in cells.values()]
    is_determined = determined(rows, groups, len(unknown))
    demands = {}
    for (name, own), is_fixed in zip(cells.items(), is_determined, strict=True):
        source = _source(use, name, is_determined=bool(is_fixed))
        demands[name] = MovementDemand(
            movement=name,
            flow_vph=round(sum(flow_vph[cell] for cell in own), 3),
            source=source,
            note=_prior_note(use, name) if source is DemandSource.PRIOR else "",
        )
    return TurningDemand(movements=demands)


def _source(use: LaneUse, movement: str, *, is_determined: bool) -> DemandSource:
    lanes = use.movements[movement].lanes
    if all(lane in use.measured_vph and len(use.served[lane]) == 1 for lane in lanes):
        return DemandSource.EXCLUSIVE_LANES
    return DemandSource.LEAST_SQUARES if is_determined else DemandSource.PRIOR


def _prior_note(use: LaneUse, movement: str) -> str:
    lanes = use.movements[movement].lanes
    if all(lane in use.measured_vph for lane in lanes):
        return SHARED
    edge = use.movements[movement].from_edge
    counted = {use.edge_of[lane] for lane in use.measured_vph}
    return PARTLY_COUNTED if edge in counted else UNCOUNTED
