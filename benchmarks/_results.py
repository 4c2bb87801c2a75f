"""What the optimizer benchmark measures, and the targets that it is held to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from citybrain.model.verdict import Decision, Estimate, Outcome
from sim.statistics import estimate

SAVING_TARGETS: Mapping[str, float] = {
    "cologne1": 0.15,
    "cologne3": 0.15,
    "cologne8": 0.30,
    "ingolstadt1": 0.30,
    "ingolstadt7": 0.60,
    "ingolstadt21": 0.35,
    "grid4x4": 0.25,
    "arterial4x4": 0.45,
}
"""Network → share of the existing plan's delay that fixed times should save; other networks have
no target. [-]"""

NOTHING_BETTER = "nothing better"
"""Stands for the verdict where the search proposed nothing."""


class Peer(StrEnum):
    """What citybrain is compared with."""

    ACTUATED = "SUMO actuated"
    DELAY_BASED = "SUMO delay-based"
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
    actuated
        Outcomes of citybrain's plan with greens that follow detectors; empty where it was not
        asked for or nothing was proposed.
    search_runs
        Simulation runs that the search of the fixed plan spent.
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
    actuated: tuple[Outcome, ...] = ()

    @property
    def lead_s(self) -> Estimate | None:
        """How much less delay the actuated plan has than SUMO's actuated signals [s/veh]."""
        peer = self.peers.get(Peer.ACTUATED)
        if not self.actuated or peer is None or peer.failure:
            return None
        return estimate(
            [
                theirs.mean_delay_s - ours.mean_delay_s
                for theirs, ours in zip(peer.outcomes, self.actuated, strict=True)
            ]
        )


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
    ]
    lead_s = result.lead_s
    if lead_s is not None:
        low, high = f"{lead_s.low:.1f}", f"{lead_s.high:.1f} s/veh"
        measured.append(("lead over SUMO actuated", lead_s.low > 0, f"{low} to {high}", "above 0"))
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
