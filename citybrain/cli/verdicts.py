"""Verdicts in the terminal and for programs."""

from collections.abc import Callable

from rich.table import Table

from citybrain.cli.console import OUTPUT, headline
from citybrain.cli.escaping import visible
from citybrain.model.verdict import Decision, Outcome, Verdict

_STYLE = {Decision.ACCEPT: "green", Decision.REJECT: "red", Decision.INCONCLUSIVE: "yellow"}
_SHOWN_CAVEATS = 2


def verdict_content(verdict: Verdict) -> dict[str, object]:
    """Return the heart of a verdict for programs."""
    return {
        "decision": verdict.decision.value,
        "reasons": list(verdict.reasons),
        "seeds": list(verdict.seeds),
        "delay_before_s": verdict.delay_before_s.mean,
        "delay_after_s": verdict.delay_after_s.mean,
        "delay_change_s": {
            "mean": verdict.delay_change_s.mean,
            "low": verdict.delay_change_s.low,
            "high": verdict.delay_change_s.high,
        },
        "saving": {
            "mean": verdict.saving.mean,
            "low": verdict.saving.low,
            "high": verdict.saving.high,
        },
    }


def print_verdict(verdict: Verdict) -> None:
    """Print before and after, and the answer."""
    before, after, change = verdict.delay_before_s, verdict.delay_after_s, verdict.delay_change_s
    OUTPUT.print(f"proved    {len(verdict.seeds)} paired seeds that the search never saw\n")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("", "before", "after", "change"):
        table.add_column(title, justify="left" if not title else "right")
    table.add_row(
        "delay, s per vehicle",
        f"{before.mean:.1f}",
        f"{after.mean:.1f}",
        f"{change.mean:+.1f}  (95 %: {change.low:+.1f} to {change.high:+.1f})",
    )
    for name, measure in _MEASURES:
        old, new = _sum(verdict.running, measure), _sum(verdict.proposed, measure)
        table.add_row(f"{name}, all seeds", f"{old:g}", f"{new:g}", f"{new - old:+g}")
    OUTPUT.print(table)
    saving = verdict.saving
    headline(
        f"\n{verdict.decision.value.upper()}",
        f": {saving.mean:.1%} of the delay saved (95 %: {saving.low:.1%} to {saving.high:.1%})",
        f"bold {_STYLE[verdict.decision]}",
    )
    for reason in verdict.reasons:
        OUTPUT.print(f"  because {visible(reason)}")
    for caveat in verdict.caveats[:_SHOWN_CAVEATS]:
        OUTPUT.print(f"  caveat: {visible(caveat)}", style="dim")
    more = len(verdict.caveats) - _SHOWN_CAVEATS
    if more > 0:
        OUTPUT.print(f"  and {more} more caveats in the report", style="dim")


def _sum(outcomes: tuple[Outcome, ...], measure: Callable[[Outcome], float]) -> float:
    return sum(measure(outcome) for outcome in outcomes)


_MEASURES: tuple[tuple[str, Callable[[Outcome], float]], ...] = (
    ("stranded vehicles", lambda outcome: outcome.stranded_veh),
    ("never inserted", lambda outcome: outcome.never_inserted_veh),
    ("teleports", lambda outcome: outcome.teleports),
    ("collisions", lambda outcome: outcome.collisions),
)
