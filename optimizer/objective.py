"""What a search minimises: one number for what a plan did to everyone on some days."""

from collections.abc import Callable, Mapping, Sequence

from citybrain.config import PAYING_WEIGHT, Objective
from citybrain.model.verdict import Outcome

EXCESS_COST_S = 600.0
"""Charge for each stranded vehicle, teleport or collision beyond those of the running plan; it
tells a search which way leads back to plans that can be accepted. [s]"""

_BY_CHANCE_VEH, _CERTAIN_VEH = 0.5, 0.25
"""Vehicles never inserted, more in each run than under the running plan, that may be chance on one
or two days, and on many: they are part of the stranded, and the verdict holds a rise of this part
against a plan only if it is certain.  Whoever departs in the last second gets in, or not, by the
instant of the cycle; on every other day, that is no chance any more. [veh]"""

MARGIN_VEH = 1.0
"""Stranded vehicles that a plan should spare in each run, so that other days do not turn an
equal count into a rise. [veh]"""

_HARMS: tuple[Callable[[Outcome], int], ...] = (
    lambda outcome: outcome.stranded_veh,
    lambda outcome: outcome.teleports,
    lambda outcome: outcome.collisions,
)

_SPARED: tuple[Callable[[Outcome], float], ...] = (
    lambda outcome: outcome.walking_delay_s,
    lambda outcome: outcome.bicycle_delay_s,
    lambda outcome: outcome.bus_delay_s,
)
"""Summed delays of those who are not to pay. [s]"""

_STANDARD = Objective()


def cost_s(
    outcomes: Sequence[Outcome], running: Sequence[Outcome], objective: Objective = _STANDARD
) -> float:
    """Return what a plan costs, per vehicle that wanted to travel.

    Parameters
    ----------
    outcomes
        Runs of the plan.
    running
        Runs of the running plan on the same days.
    objective
        What counts for how much.

    Returns
    -------
    float
        Delay of drivers and of people on foot, and what else the objective counts.  A plan that
        strands more vehicles or has more teleports or collisions than the running plan costs
        more than the running plan, whatever it saves: such a plan would not be accepted.  One
        that strands about as many is charged a little, so that other days do not tip it over;
        one that lets people on foot, bicycles, buses or a bounded movement pay for the others is
        charged what they pay, several times. [s/veh]
    """
    own_s = _own_s(outcomes, objective)
    vehicles = max(1, sum(outcome.vehicle_count for outcome in outcomes))
    own_s += PAYING_WEIGHT * _beyond_bound_s(outcomes, running, objective) / vehicles
    if outcomes == running:
        return own_s
    own_s += PAYING_WEIGHT * _paid_s(outcomes, running) / vehicles
    excess = _excess(outcomes, running)
    if excess > 0:
        own_s = max(own_s, _own_s(running, objective))
    return own_s + EXCESS_COST_S * (excess + _short_of_margin(outcomes, running)) / vehicles


def _own_s(outcomes: Sequence[Outcome], objective: Objective) -> float:
    """Return the weighted sum of the objective, mean over runs, per vehicle [s/veh]."""
    means_s = [
        (
            outcome.delay_s
            + objective.stop_s * outcome.stops
            + objective.walking_weight * outcome.walking_delay_s
            + (objective.bus_weight - 1.0) * outcome.bus_delay_s
        )
        / max(1, outcome.vehicle_count)
        for outcome in outcomes
    ]
    return sum(means_s) / len(means_s)


def _paid_s(outcomes: Sequence[Outcome], running: Sequence[Outcome]) -> float:
    """Return what those lose more who are not to pay for the cars, over all runs [s]."""
    return sum(max(0.0, sum(map(lost, outcomes)) - sum(map(lost, running))) for lost in _SPARED)


def _beyond_bound_s(
    outcomes: Sequence[Outcome], running: Sequence[Outcome], objective: Objective
) -> float:
    """Return what movements wait beyond the bound, or beyond today where that is more [s]."""
    if objective.worst_movement_s is None:
        return 0.0
    before, after = _waits(running), _waits(outcomes)
    beyond_s = 0.0
    for movement, (delay_s, count) in after.items():
        old_s, old_count = before.get(movement, (0.0, 0))
        bound_s = max(objective.worst_movement_s, old_s / old_count if old_count else 0.0)
        beyond_s += max(0.0, delay_s - bound_s * count)
    return beyond_s


def _waits(outcomes: Sequence[Outcome]) -> Mapping[str, tuple[float, int]]:
    """Return movement → summed delay [s] and vehicles over some runs."""
    waits: dict[str, tuple[float, int]] = {}
    for outcome in outcomes:
        for movement, delay_s in outcome.movement_delay_s.items():
            sum_s, count = waits.get(movement, (0.0, 0))
            waits[movement] = sum_s + delay_s, count + outcome.movement_count.get(movement, 0)
    return waits


def _excess(outcomes: Sequence[Outcome], running: Sequence[Outcome]) -> float:
    """Return how many more vehicles are harmed than in the running plan, over all runs [veh]."""
    risen = sum(max(0, sum(map(count, outcomes)) - sum(map(count, running))) for count in _HARMS)
    days = list(zip(outcomes, running, strict=True))
    more = sum(after.never_inserted_veh - before.never_inserted_veh for after, before in days)
    # days on which others are let in who are kept out today do not make up for these
    anew = sum(after.never_inserted_veh for after, before in days if not before.never_inserted_veh)
    by_chance = min(_BY_CHANCE_VEH * len(running), max(1.0, _CERTAIN_VEH * len(running)))
    return risen + max(0.0, max(more, anew) - by_chance)


def _short_of_margin(outcomes: Sequence[Outcome], running: Sequence[Outcome]) -> float:
    """Return how many stranded vehicles are missing to the margin, over all runs [veh]."""
    stranded = sum(outcome.stranded_veh for outcome in outcomes)
    before = sum(outcome.stranded_veh for outcome in running)
    margin = min(MARGIN_VEH * len(running), before)
    return min(margin, max(0.0, stranded - (before - margin)))
