"""From paired outcomes to accept, reject or inconclusive: the fair-comparison law."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf, isclose

from citybrain.model.verdict import Decision, Estimate, Outcome, Verdict
from sim.statistics import estimate, paired_change

_SAME = 1e-9
"""Figures that differ by less are the same, drawn on another machine. [-]"""
_FIGURES = (
    "vehicle_count",
    "delay_s",
    "unfinished_veh",
    "never_inserted_veh",
    "teleports",
    "collisions",
    "stops",
)
"""What every run tells of its vehicles."""
Count = Callable[[Outcome], float]

_MUST_NOT_RISE: tuple[tuple[str, Count], ...] = (
    ("stranded vehicles", lambda outcome: outcome.stranded_veh),
    ("teleports", lambda outcome: outcome.teleports),
    ("collisions", lambda outcome: outcome.collisions),
)
_MUST_NOT_SURELY_RISE: tuple[tuple[str, Count], ...] = (
    ("vehicles never inserted", lambda outcome: outcome.never_inserted_veh),
)
"""Part of the stranded vehicles: while those do not rise, a rise of this part by chance is not
held against a plan, a certain one is."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer, and why."""

    decision: Decision
    reasons: tuple[str, ...]


def judge(running: Sequence[Outcome], proposed: Sequence[Outcome]) -> Judgement:
    """Judge a proposed plan by its paired runs.

    Parameters
    ----------
    running, proposed
        Outcomes with the same seeds, in the same order.

    Returns
    -------
    Judgement
        *Accept* only if the 95 % interval of the change in delay lies below zero and no count
        of stranded vehicles (unfinished or never inserted), teleports or collisions rises.
        *Reject* if delay or one of the counts certainly rises, never inserted vehicles among
        them.  *Inconclusive* otherwise.
    """
    change = delay_change(running, proposed)
    risen = [rise for rise in _rises(_MUST_NOT_RISE, running, proposed) if rise.change.mean > 0]
    parts = _rises(_MUST_NOT_SURELY_RISE, running, proposed)
    risen += [rise for rise in parts if rise.change.low > 0]
    certain = [rise for rise in risen if rise.change.low > 0]
    reasons = [_delay_reason(change), *(rise.reason for rise in risen)]
    if change.low > 0 or certain:
        decision = Decision.REJECT
    elif change.high < 0 and not risen:
        decision = Decision.ACCEPT
        reasons.append("no count of stranded vehicles, teleports or collisions rises")
    else:
        decision = Decision.INCONCLUSIVE
    return Judgement(decision, tuple(reasons))


def mean_delay(outcomes: Sequence[Outcome]) -> Estimate:
    """Return the mean over the runs of the delay per vehicle [s/veh]."""
    return estimate([outcome.mean_delay_s for outcome in outcomes])


def delay_change(running: Sequence[Outcome], proposed: Sequence[Outcome]) -> Estimate:
    """Return the paired change in mean delay, proposed minus running [s/veh]."""
    return paired_change(
        [outcome.mean_delay_s for outcome in running],
        [outcome.mean_delay_s for outcome in proposed],
    )


def saving(running: Sequence[Outcome], proposed: Sequence[Outcome]) -> Estimate:
    """Return the share of the running plan's delay that is saved, with its interval [-]."""
    change = delay_change(running, proposed)
    scale = sum(outcome.mean_delay_s for outcome in running) / len(running) or 1.0
    return Estimate(mean=-change.mean / scale, low=-change.high / scale, high=-change.low / scale)


def worst_seed(running: Sequence[Outcome], proposed: Sequence[Outcome]) -> int:
    """Return the seed whose delay per vehicle rises most, or falls least."""
    pairs = zip(running, proposed, strict=True)
    return max(pairs, key=lambda pair: pair[1].mean_delay_s - pair[0].mean_delay_s)[0].seed


def contradictions(verdict: Verdict) -> tuple[str, ...]:
    """Return where a verdict does not follow from its own runs; nothing if it does.

    A verdict is a file that somebody hands in.  Whoever relies on it draws it once more.

    Parameters
    ----------
    verdict
        The verdict.
    """
    running, proposed = verdict.running, verdict.proposed
    seeds = [outcome.seed for outcome in running]
    if seeds != [outcome.seed for outcome in proposed] or len(set(seeds)) != len(seeds):
        return ("its runs are not paired by seed",)
    if not seeds:
        return ("it rests on no runs",)
    if impossible := [each for run in (*running, *proposed) for each in _impossibilities(run)]:
        return tuple(impossible)
    found = []
    drawn = judge(running, proposed)
    if drawn.decision is not verdict.decision:
        found.append(f"it says '{verdict.decision.value}', its runs say '{drawn.decision.value}'")
    if (worst := worst_seed(running, proposed)) != verdict.worst_seed:
        found.append(f"its worst seed is {verdict.worst_seed}, its runs say {worst}")
    for what, told, estimated in (
        ("delay before", verdict.delay_before_s, mean_delay(running)),
        ("delay after", verdict.delay_after_s, mean_delay(proposed)),
        ("change of delay", verdict.delay_change_s, delay_change(running, proposed)),
        ("saving", verdict.saving, saving(running, proposed)),
    ):
        if not _are_same(told, estimated):
            found.append(f"its {what} is not that of its runs")
    return tuple(found)


def _impossibilities(run: Outcome) -> Iterable[str]:
    """Return what no run can have: nobody on the street, or figures below zero or without end."""
    for name in _FIGURES:
        figure, least = getattr(run, name), 1 if name == "vehicle_count" else 0
        if not least <= figure < inf:
            yield f"the run of seed {run.seed} has {figure:g} {name}"


def _are_same(one: Estimate, other: Estimate) -> bool:
    pairs = ((one.mean, other.mean), (one.low, other.low), (one.high, other.high))
    return all(isclose(a, b, rel_tol=_SAME, abs_tol=_SAME) for a, b in pairs)


@dataclass(frozen=True, slots=True)
class _Rise:
    """A count that must not rise, before and after."""

    name: str
    before: float
    after: float
    change: Estimate

    @classmethod
    def of(
        cls, name: str, count: Count, running: Sequence[Outcome], proposed: Sequence[Outcome]
    ) -> "_Rise":
        before, after = [count(o) for o in running], [count(o) for o in proposed]
        return cls(name, sum(before), sum(after), paired_change(before, after))

    @property
    def reason(self) -> str:
        certainty = "certainly" if self.change.low > 0 else "perhaps by chance"
        return (
            f"{self.name} rise from {self.before:g} to {self.after:g} over all seeds, {certainty}"
        )


def _rises(
    counts: Iterable[tuple[str, Count]], running: Sequence[Outcome], proposed: Sequence[Outcome]
) -> list[_Rise]:
    return [_Rise.of(name, count, running, proposed) for name, count in counts]


def _delay_reason(change: Estimate) -> str:
    interval = f"{change.mean:+.1f} s/veh, 95 % interval {change.low:+.1f} to {change.high:+.1f}"
    if change.high < 0:
        return f"delay falls: {interval}"
    if change.low > 0:
        return f"delay rises: {interval}"
    return f"the change in delay may be chance: {interval}"
