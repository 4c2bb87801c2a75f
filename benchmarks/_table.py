"""The optimizer benchmark's results for readers and for programs."""

import math
from collections.abc import Callable, Mapping, Sequence

from rich.table import Table

from benchmarks._results import (
    Miss,
    NetworkResult,
    Peer,
    PeerResult,
    stranded_veh,
    teleports,
    total,
)
from citybrain.model.verdict import Decision, Estimate, Outcome
from sim.statistics import estimate

_STYLES = {Decision.ACCEPT.value: "green", Decision.REJECT.value: "red"}
_HEADERS = (
    "network",
    "existing\ns/veh",
    "citybrain\ns/veh",
    "change, %\n(95 % interval)",
    "verdict",
    "citybrain\nactuated",
    "SUMO\nactuated",
    "SUMO\ndelay-based",
    "tlsCycle-\nAdaptation",
    "+ tls-\nCoordinator",
    "stranded\nveh",
    "teleports",
    "search\nruns",
    "wall\ns",
)


def results_table(results: Sequence[NetworkResult]) -> Table:
    """Return one row for each network; delays are means over the seeds [s/veh]."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in _HEADERS:
        is_text = header in {"network", "verdict"}
        table.add_column(header, justify="left" if is_text else "right", no_wrap=True)
    for result in results:
        table.add_row(*_cells(result))
    return table


def results_content(
    results: Sequence[NetworkResult], conditions: Mapping[str, object], miss: Miss | None
) -> dict[str, object]:
    """Return everything that the table shows, and each seed's delay, for programs.

    Parameters
    ----------
    results
        One for each network.
    conditions
        Versions, seeds and machine.
    miss
        First target missed, if any.
    """
    return {
        "conditions": dict(conditions),
        "first_target_missed": str(miss) if miss else None,
        "networks": [_content(result) for result in results],
    }


def _cells(result: NetworkResult) -> list[str]:
    style = _STYLES.get(result.decision, "yellow")
    return [
        result.network,
        _delay(result.existing),
        _delay(result.proposed),
        _change(result.saving),
        f"[{style}]{result.decision}[/]",
        _delay(result.actuated) if result.actuated else "–",
        *(_peer(result.peers.get(peer)) for peer in Peer),
        _before_after(result, stranded_veh),
        _before_after(result, teleports),
        f"{result.search_runs}",
        f"{result.wall_s:.0f}",
    ]


def _delay(outcomes: Sequence[Outcome]) -> str:
    return f"{_mean_delay_s(outcomes).mean:.1f}"


def _change(saving: Estimate) -> str:
    low, high = -100 * saving.high, -100 * saving.low
    interval = f"({low:+.1f} to {high:+.1f})" if math.isfinite(low) else "(one seed)"
    return f"{-100 * saving.mean:+.1f} {interval}"


def _peer(peer: PeerResult | None) -> str:
    if peer is None:
        return "–"
    return "crashes" if peer.failure else _delay(peer.outcomes)


def _before_after(result: NetworkResult, count: Callable[[Outcome], int]) -> str:
    return f"{total(result.existing, count)} → {total(result.proposed, count)}"


def _mean_delay_s(outcomes: Sequence[Outcome]) -> Estimate:
    return estimate([outcome.mean_delay_s for outcome in outcomes])


def _content(result: NetworkResult) -> dict[str, object]:
    return {
        "network": result.network,
        "existing": _runs(result.existing),
        "citybrain": _runs(result.proposed),
        "citybrain_actuated": _runs(result.actuated) if result.actuated else None,
        "lead_over_sumo_actuated_s": _interval(result.lead_s) if result.lead_s else None,
        "saving": _interval(result.saving),
        "verdict": result.decision,
        "reasons": list(result.reasons),
        "peers": {
            peer.value: {"failure": found.failure} if found.failure else _runs(found.outcomes)
            for peer, found in result.peers.items()
        },
        "search_runs": result.search_runs,
        "wall_s": round(result.wall_s, 1),
    }


def _runs(outcomes: Sequence[Outcome]) -> dict[str, object]:
    return {
        "delay_s": _interval(_mean_delay_s(outcomes)),
        "delay_by_seed_s": {str(outcome.seed): outcome.mean_delay_s for outcome in outcomes},
        "stranded_veh": total(outcomes, stranded_veh),
        "teleports": total(outcomes, teleports),
    }


def _interval(value: Estimate) -> dict[str, float | None]:
    """Return mean and interval; JSON has no infinity, so an unbounded interval has no ends."""
    ends = {"low": value.low, "high": value.high}
    return {"mean": value.mean} | {
        name: end if math.isfinite(end) else None for name, end in ends.items()
    }
