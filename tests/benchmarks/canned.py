"""Canned results of the optimizer benchmark."""

from dataclasses import replace

from benchmarks._results import NetworkResult, Peer, PeerResult
from citybrain.model.verdict import Estimate, Outcome

SEEDS = range(1, 11)
CONDITIONS = {
    "citybrain": "0.1.0",
    "cores": 2,
    "python": "3.11.0",
    "search_seeds": [1001],
    "following_time": 3.0,
    "seeds": list(SEEDS),
    "sumo": "1.28.0",
    "workers": 2,
}


def outcomes(delay_s: float, *, unfinished_veh: int = 5, teleports: int = 0) -> tuple[Outcome, ...]:
    """Ten runs of 100 vehicles with a mean delay, each seed a little off. [s/veh]"""
    return tuple(
        Outcome(
            seed=seed,
            vehicle_count=100,
            delay_s=100 * (delay_s + 0.1 * (seed - 5.5)),
            unfinished_veh=unfinished_veh,
            never_inserted_veh=0,
            teleports=teleports,
            collisions=0,
            stops=0,
        )
        for seed in SEEDS
    )


GOOD = NetworkResult(
    network="cologne1",
    decision="accept",
    reasons=("delay falls",),
    existing=outcomes(42.9),
    actuated=outcomes(34.0),
    proposed=outcomes(36.5, unfinished_veh=4),
    saving=Estimate(mean=0.159, low=0.141, high=0.177),
    search_runs=87,
    wall_s=123.4,
    peers={
        Peer.ACTUATED: PeerResult(outcomes=outcomes(66.4)),
        Peer.ADAPTED: PeerResult(failure="tlsCycleAdaptation.py: IndexError: list index"),
    },
)


def result(**changes: object) -> NetworkResult:
    return replace(GOOD, **changes)  # type: ignore[arg-type]
