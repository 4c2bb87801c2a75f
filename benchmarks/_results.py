"""What the optimizer benchmark measures, and the targets that it is held to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from citybrain.model.verdict import Decision, Estimate, Outcome

SAVING_TARGETS: Mapping[str, float] = {
    "cologne1": 0.10,
    "cologne3": 0.10,
    "cologne8": 0.10,
    "ingolstadt1": 0.20,
}
"""Network → share of the existing plan's delay to save; other networks have no target. [-]"""

WALL_TARGET_S = 600.0
"""Longest time for reading, search and proof of one network, on two cores. [s]"""

NOTHING_BETTER = "nothing better"
"""Stands for the verdict where the search proposed nothing."""


class Peer(StrEnum):
    """What citybrain is compared with."""

    ACTUATED = "SUMO actuated"
    ADAPTED = "tlsCycleAdaptation"
    COORDINATED = "+ tlsCoordinator"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerResult:
    """What one peer did in a network.

    Parameters
    ----------
    outcomes
        One for each seed; empty if the peer failed.
    failure
        How it failed, in one line; empty if it did not.
    """

    outcomes: tuple[Outcome, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkResult:
    """Everything measured in one network, with the same seeds for all.

    Parameters
    ----------
    network
        Name of the network.
    decision
        The proof's decision, or ``NOTHING_BETTER``.
    reasons
        The proof's reasons.
    existing, proposed
        Outcomes of the existing plan and of citybrain's; the same where nothing was proposed.
    saving
        Share of the existing plan's delay that citybrain's plan saves. [-]
    search_runs
        Simulation runs that the search spent.
    wall_s
        Time for reading, search and proof, without the peers. [s]
    peers
        What the peers did.
    """

    network: str
    decision: str
    reasons: tuple[str, ...]
    existing: tuple[Outcome, ...]
    proposed: tuple[Outcome, ...]
    saving: Estimate
    search_runs: int
    wall_s: float
    peers: Mapping[Peer, PeerResult] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A target that was missed."""

    network: str
    figure: str
    measured: str
    target: str

    def __str__(self) -> str:
        """Name network, figure and target."""
        return f"{self.network}: {self.figure} is {self.measured}, the target is {self.target}"


def first_miss(results: Sequence[NetworkResult]) -> Miss | None:
    """Return the first target that is missed; none if all are met.

    Parameters
    ----------
    results
        Results in the order of the table; networks without a target are passed over.
    """
    for result in results:
        target = SAVING_TARGETS.get(result.network)
        missed = _misses(result, target) if target is not None else []
        if missed:
            return missed[0]
    return None


def total(outcomes: Sequence[Outcome], count: Callable[[Outcome], int]) -> int:
    """Return a count summed over all seeds."""
    return sum(count(outcome) for outcome in outcomes)


def stranded_veh(outcome: Outcome) -> int:
    """Return the vehicles that did not arrive [veh]."""
    return outcome.stranded_veh


def teleports(outcome: Outcome) -> int:
    """Return the vehicles that SUMO moved out of a jam [veh]."""
    return outcome.teleports


def _misses(result: NetworkResult, saving_target: float) -> list[Miss]:
    measured = [
        (
            "verdict",
            result.decision == Decision.ACCEPT,
            result.decision,
            Decision.ACCEPT.value,
        ),
        (
            "saving",
            result.saving.mean >= saving_target,
            f"{result.saving.mean:.1%}",
            f"at least {saving_target:.0%}",
        ),
        *(_no_rise(name, result, count) for name, count in _MUST_NOT_RISE),
        (
            "wall time",
            result.wall_s <= WALL_TARGET_S,
            f"{result.wall_s:.0f} s",
            f"at most {WALL_TARGET_S:.0f} s",
        ),
    ]
    return [
        Miss(network=result.network, figure=figure, measured=value, target=target)
        for figure, is_met, value, target in measured
        if not is_met
    ]


_MUST_NOT_RISE = (("stranded vehicles", stranded_veh), ("teleports", teleports))


def _no_rise(
    figure: str, result: NetworkResult, count: Callable[[Outcome], int]
) -> tuple[str, bool, str, str]:
    before, after = total(result.existing, count), total(result.proposed, count)
    return figure, after <= before, f"{after}", f"at most the {before} of the existing plan"
