"""The proof: two plans, paired seeds, one verdict with all of its evidence."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.verdict import DetectorFit, Outcome, PartChange, Verdict
from citybrain.ports.evaluation import Evaluation, PlanEvaluator
from sim.judgement import delay_change, judge, mean_delay, saving, worst_seed
from sim.statistics import estimate, paired_change

ENOUGH_SEEDS = 10
"""With fewer paired runs a verdict says that it is no claim."""
_SEEN_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What a proof is about: it goes into the verdict as it is.

    Parameters
    ----------
    scenario
        Name of the scenario.
    begin_s, end_s
        Simulated time. [s]
    demand
        Where the demand comes from, in words.
    detector_fits
        Agreement of the demand with the feed.
    caveats
        What the reader must know.
    versions, hashes
        Software versions and SHA-256 of the inputs.
    """

    scenario: str
    begin_s: float
    end_s: float
    demand: str
    detector_fits: tuple[DetectorFit, ...]
    caveats: tuple[str, ...]
    versions: dict[str, str]
    hashes: dict[str, str]


def prove(
    evaluator: PlanEvaluator,
    network: Network,
    plans: tuple[Plan, Plan],
    seeds: Sequence[int],
    study: Study,
) -> Verdict:
    """Run both plans with the same seeds and draw the verdict.

    Parameters
    ----------
    evaluator
        Runs plans; it must charge movements for the tables per movement to be filled.
    network
        Streets and signals.
    plans
        Running plan and proposed plan.
    seeds
        Seeds of the paired runs; the search must not have seen them.
    study
        What the proof is about.

    Raises
    ------
    SimulationError
        A run failed.
    """
    running, proposed = plans
    runs = [Evaluation(plan=plan, seed=seed) for seed in seeds for plan in plans]
    outcomes = evaluator.evaluate(runs)
    return draw_verdict(
        (running.name, proposed.name), (outcomes[0::2], outcomes[1::2]), network, study
    )


def draw_verdict(
    names: tuple[str, str],
    outcomes: tuple[Sequence[Outcome], Sequence[Outcome]],
    network: Network,
    study: Study,
) -> Verdict:
    """Draw the verdict from outcomes that are there already; see ``prove``."""
    before, after = outcomes
    judgement = judge(before, after)
    return Verdict(
        decision=judgement.decision,
        reasons=judgement.reasons,
        scenario=study.scenario,
        running_plan=names[0],
        proposed_plan=names[1],
        begin_s=study.begin_s,
        end_s=study.end_s,
        running=tuple(before),
        proposed=tuple(after),
        delay_before_s=mean_delay(before),
        delay_after_s=mean_delay(after),
        delay_change_s=delay_change(before, after),
        saving=saving(before, after),
        worst_seed=worst_seed(before, after),
        movements=_changes(before, after, _movement_parts(network)),
        approaches=_changes(before, after, _approach_parts(network)),
        demand=study.demand,
        detector_fits=study.detector_fits,
        caveats=(*_caveats(before, after), *study.caveats),
        versions=study.versions,
        hashes=study.hashes,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Movements whose delay is added up."""

    name: str
    intersection: str
    movements: tuple[str, ...]


def _movement_parts(network: Network) -> Iterable[_Part]:
    for movement in network.movements.values():
        yield _Part(movement.name, movement.intersection, (movement.name,))


def _approach_parts(network: Network) -> Iterable[_Part]:
    approaches: dict[tuple[str, str], list[str]] = {}
    for movement in network.movements.values():
        key = (movement.from_edge, movement.intersection)
        approaches.setdefault(key, []).append(movement.name)
    for (edge, intersection), movements in approaches.items():
        yield _Part(edge, intersection, tuple(movements))


def _changes(
    before: Sequence[Outcome], after: Sequence[Outcome], parts: Iterable[_Part]
) -> tuple[PartChange, ...]:
    """Compare the parts that both plans served in most runs; the largest loss comes first."""
    changes = []
    for part in parts:
        pairs = [
            (_mean_delay_s(one, part), _mean_delay_s(other, part))
            for one, other in zip(before, after, strict=True)
            if _count(one, part) and _count(other, part)
        ]
        if len(pairs) < max(2, _SEEN_SHARE * len(before)):
            continue
        old_s, new_s = zip(*pairs, strict=True)
        changes.append(
            PartChange(
                name=part.name,
                intersection=part.intersection,
                count_veh=sum(_count(outcome, part) for outcome in before) / len(before),
                before_s=estimate(old_s).mean,
                after_s=estimate(new_s).mean,
                change_s=paired_change(old_s, new_s),
            )
        )
    return tuple(sorted(changes, key=lambda change: (-change.change_s.mean, change.name)))


def _count(outcome: Outcome, part: _Part) -> int:
    return sum(outcome.movement_count.get(name, 0) for name in part.movements)


def _mean_delay_s(outcome: Outcome, part: _Part) -> float:
    delay_s = sum(outcome.movement_delay_s.get(name, 0.0) for name in part.movements)
    return delay_s / _count(outcome, part)


_Measure = Callable[[Outcome], float]


def _caveats(before: Sequence[Outcome], after: Sequence[Outcome]) -> tuple[str, ...]:
    caveats = []
    if len(before) < ENOUGH_SEEDS:
        caveats.append(f"only {len(before)} paired seeds; a claim needs {ENOUGH_SEEDS} or more")
    if any(outcome.never_inserted_veh for outcome in (*before, *after)):
        caveats.append(
            "vehicles that never got in count in the totals, not in the tables per movement"
        )
    measures: Mapping[str, _Measure] = {
        "people on foot": lambda o: o.walking_delay_s / max(1, o.walker_count),
        "bicycles": lambda o: o.bicycle_delay_s / max(1, o.bicycle_count),
        "buses": lambda o: o.bus_delay_s / max(1, o.bus_count),
    }
    for name, measure in measures.items():
        change = paired_change([measure(o) for o in before], [measure(o) for o in after])
        if change.low > 0:
            caveats.append(
                f"{name} lose {change.mean:.1f} s each "
                f"(95 % interval {change.low:.1f} to {change.high:.1f})"
            )
    return tuple(caveats)
