"""Plans for judging a fast model: drawn at random, and the optimiser's own.

The draws (cycles, greens, offsets and sequences) are wide on purpose: a search leaves the usual
range of cycles, and a model that was only ever asked about good plans says nothing about where it
errs.  The optimiser's own are those that the model likes best, so that it is asked where it errs
in its own favour.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from citybrain.model.aspects import GREENS, Aspect
from citybrain.model.network import Network
from citybrain.model.pattern import Interval, Pattern
from citybrain.model.plan import Plan
from citybrain.model.runs import cyclic_runs
from citybrain.model.signals import GroupTiming
from citybrain.ports.tables import TableEvaluator
from citybrain.units import rounded_s
from optimizer.annealing import Annealer
from optimizer.moves import Mover
from optimizer.painting import Painter
from optimizer.workshop import Workshop

SHORTEST_CYCLE_S = 20
LONGEST_CYCLE_S = 150
SHORTEST_GREEN_S = 5
_SHARED_CYCLE = 0.6
_NEW_ORDER = 0.5
_SPREADS = (0.1, 0.3, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What every group shows while no colour changes, and the time from it to the next one.

    Parameters
    ----------
    aspects
        One for each group.
    green_s
        How long the running pattern shows it. [s]
    change_s
        Yellow and red that follow before the next stage. [s]
    """

    aspects: tuple[Aspect, ...]
    green_s: float
    change_s: float


def drawn_plans(running: Plan, *, count: int, seed: int) -> tuple[Plan, ...]:
    """Return the running plan and others drawn at random.

    Parameters
    ----------
    running
        What the signals show today.
    count
        Plans to return, the running one among them.
    seed
        Dice; the first plans of a longer set are those of a shorter one.
    """
    plans = [running]
    for number in range(1, count):
        rng = random.Random(f"{seed} {number}")
        shared = _drawn_cycle_s(rng) if rng.random() < _SHARED_CYCLE else None
        patterns = [_drawn(pattern, shared, rng) for pattern in running.patterns]
        plans.append(Plan(name=f"drawn {number}", patterns=tuple(patterns)))
    return tuple(plans)


def annealed_plans(
    network: Network,
    running: Plan,
    evaluator: TableEvaluator,
    *,
    count: int,
    priced: int,
    seed: int,
) -> tuple[Plan, ...]:
    """Return plans that the optimiser finds from the running one; they differ from one another.

    Parameters
    ----------
    network, running
        Signals and what they show today.
    evaluator
        The fast model.
    count
        Plans to return, at most.
    priced
        Plans that the optimiser may price for them.
    seed
        Its dice; the same inputs give the same plans.
    """
    workshop = Workshop.of(running, network)
    annealer = Annealer(Painter(workshop, evaluator), Mover(workshop), random.Random(seed))
    annealer.run(
        [workshop.start()],
        lambda: max(0.0, 1.0 - annealer.evaluations / priced),
        lambda _: None,
    )
    found = annealer.archive.diverse(count)
    return tuple(workshop.plan(one, f"annealed {place}") for place, one in enumerate(found, 1))


def stages_of(pattern: Pattern) -> tuple[Stage, ...]:
    """Return the stages of a pattern: its intervals without yellow, each with what follows.

    An interval counts as a stage where some group is green and none is about to change.
    """
    intervals = pattern.intervals()
    firsts = [i for i, interval in enumerate(intervals) if _is_stage(interval)]
    stages = []
    for place, first in enumerate(firsts):
        following = firsts[(place + 1) % len(firsts)]
        between = (following - first - 1) % len(intervals)
        change_s = sum(
            intervals[(first + 1 + k) % len(intervals)].duration_s for k in range(between)
        )
        interval = intervals[first]
        stages.append(
            Stage(aspects=interval.aspects, green_s=interval.duration_s, change_s=change_s)
        )
    return tuple(stages)


def staged_pattern(
    pattern: Pattern, stages: Sequence[Stage], greens_s: Sequence[int], offset_s: float
) -> Pattern:
    """Show stages one after another; groups that end show yellow for the time between.

    Parameters
    ----------
    pattern
        Gives the names.
    stages, greens_s
        Stages in their order and how long each is shown. [s]
    offset_s
        Offset, taken modulo the cycle. [s]
    """
    lengths_s = [green + stage.change_s for green, stage in zip(greens_s, stages, strict=True)]
    cycle_s = rounded_s(sum(lengths_s))
    starts_s = list(accumulate(lengths_s[:-1], initial=0.0))
    timings = []
    for index, timing in enumerate(pattern.groups):
        line: list[tuple[float, Aspect]] = []
        for place, (start_s, green_s, stage) in enumerate(
            zip(starts_s, greens_s, stages, strict=True)
        ):
            now = stage.aspects[index]
            after = stages[(place + 1) % len(stages)].aspects[index]
            line.append((rounded_s(start_s), now))
            if stage.change_s > 0:
                line.append((rounded_s(start_s + green_s), _between(now, after)))
        runs = cyclic_runs(_joined(line), cycle_s)
        timings.append(GroupTiming.from_runs(timing.group, runs, cycle_s))
    return Pattern(
        intersection=pattern.intersection,
        program=pattern.program,
        cycle_s=cycle_s,
        offset_s=rounded_s(offset_s % cycle_s) % cycle_s,
        groups=tuple(timings),
    )


def _is_stage(interval: Interval) -> bool:
    shows_green = any(aspect in GREENS for aspect in interval.aspects)
    changing = {Aspect.YELLOW, Aspect.YELLOW_MAJOR, Aspect.RED_AMBER}
    return shows_green and not changing.intersection(interval.aspects)


def _between(now: Aspect, after: Aspect) -> Aspect:
    if now not in GREENS:
        return now if now is after else Aspect.RED
    return now if after in GREENS else Aspect.YELLOW


def _joined(line: Sequence[tuple[float, Aspect]]) -> list[tuple[float, Aspect]]:
    joined: list[tuple[float, Aspect]] = []
    for start_s, aspect in line:
        if not joined or joined[-1][1] is not aspect:
            joined.append((start_s, aspect))
    return joined


def _drawn_cycle_s(rng: random.Random) -> int:
    growth: float = (LONGEST_CYCLE_S / SHORTEST_CYCLE_S) ** rng.random()
    return round(SHORTEST_CYCLE_S * growth)


def _drawn(pattern: Pattern, shared_s: int | None, rng: random.Random) -> Pattern:
    stages = list(stages_of(pattern))
    if len(stages) < 2:
        return pattern
    if rng.random() < _NEW_ORDER:
        rng.shuffle(stages)
    lost_s = sum(stage.change_s for stage in stages)
    cycle_s = shared_s or _drawn_cycle_s(rng)
    free_s = max(0, round(cycle_s - lost_s) - SHORTEST_GREEN_S * len(stages))
    spread = rng.choice(_SPREADS)
    shares = [stage.green_s * rng.lognormvariate(0.0, spread) for stage in stages]
    sums = list(accumulate(shares, initial=0.0))
    marks = [round(free_s * value / sums[-1]) for value in sums]
    greens = [SHORTEST_GREEN_S + b - a for a, b in pairwise(marks)]
    return staged_pattern(pattern, stages, greens, rng.randrange(LONGEST_CYCLE_S))
