"""Bounds that leave no pattern are named, none too many, with a sum that proves it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

from citybrain.errors import InfeasibleError
from optimizer.contradiction import Asked, Contradiction, find_contradiction
from optimizer.skeleton import Skeleton
from optimizer.workshop import Workshop
from tests.model.crossroads import Crossroads
from tests.optimizer.junctions import FEW, Junction, junctions, network_of, plan_of

SHARES = st.floats(0.2, 1.0)


def tightened(
    junction: Junction, share: float, more_s: int
) -> tuple[Skeleton, tuple[float, float]]:
    """Ask for more green and less red than the running pattern shows."""
    intersection = junction.intersection
    groups = tuple(
        replace(group, minimum_green_s=group.minimum_green_s + more_s)
        for group in intersection.groups
    )
    reds_s = {name: limit * share for name, limit in intersection.maximum_reds_s.items()}
    asking = replace(intersection, groups=groups, maximum_reds_s=reds_s)
    return Skeleton.of(junction.pattern, asking), (30.0, junction.pattern.cycle_s)


def asked_of(found: Contradiction) -> tuple[Asked, ...]:
    return (*found.shortest, *found.longest)


def covered(asked: tuple[Asked, ...], size: int) -> np.ndarray:
    """Return how often each gap is counted, times included."""
    counts = np.zeros(size)
    for each in asked:
        for step in range(each.span.count):
            counts[(each.span.first + step) % size] += each.times
    return counts


def fits(asked: list[Asked], size: int) -> bool:
    """Tell whether some gaps keep bounds: another formulation than the code's."""
    rows = [(-1 if each.is_longest else 1) * covered((each,), size) / each.times for each in asked]
    limits_s = [-each.limit_s if each.is_longest else each.limit_s for each in asked]
    if not rows:
        return True
    solved = linprog(np.zeros(size), A_ub=-np.array(rows), b_ub=-np.array(limits_s))
    return int(solved.status) == 0


@FEW
@given(junctions(), SHARES, st.integers(0, 20))
def test_a_contradiction_is_proven_by_its_sum_and_needs_every_bound(
    junction: Junction, share: float, more_s: int
) -> None:
    skeleton, cycle_range_s = tightened(junction, share, more_s)
    found = find_contradiction(skeleton, cycle_range_s)
    assume(found is not None)
    assert found is not None
    size = len(skeleton.running)
    assert found.excess_s > 0
    assert np.all(covered(found.shortest, size) <= covered(found.longest, size))
    everything = list(asked_of(found))
    assert not fits(everything, size)
    for each in everything:
        assert fits([other for other in everything if other is not each], size)


@FEW
@given(junctions(), st.integers(0, 20))
def test_gaps_exist_where_no_contradiction_is_found(junction: Junction, more_s: int) -> None:
    skeleton, cycle_range_s = tightened(junction, 1.0, more_s)
    workshop = Workshop.of(plan_of(junction), network_of(junction))
    workshop = replace(
        workshop, skeletons={"J": skeleton}, cycle_ranges_s={"J": (cycle_range_s[0], 180.0)}
    )
    found = find_contradiction(skeleton, workshop.cycle_ranges_s["J"])
    if found is None:
        gaps_s = workshop.start_splits()["J"].gaps_s
        assert skeleton.is_safe(gaps_s)
        assert sum(gaps_s) <= 180
    else:
        with pytest.raises(InfeasibleError):
            workshop.start_splits()


def refusal(green_s: float, maximum_cycle_s: float) -> str:
    junction = Crossroads(green_s=green_s, other_green_s=35.0)
    bounds = replace(
        junction.intersection(),
        minimum_cycle_s=30.0,
        maximum_cycle_s=maximum_cycle_s,
        maximum_reds_s={},
    )
    running = Junction(bounds, junction.pattern())
    with pytest.raises(InfeasibleError) as refused:
        Workshop.of(plan_of(running), network_of(running)).start()
    return str(refused.value)


def test_the_line_names_groups_bounds_numbers_and_the_mend() -> None:
    assert refusal(green_s=40.0, maximum_cycle_s=82.0) == (
        "J: its bounds leave no pattern in the running order of greens: minimum green of group 1 "
        "40 s + intergreen from 1 to 2 6 s + minimum green of group 2 35 s + intergreen from 2 to "
        "1 6 s = 87 s > longest cycle 82 s; allow a cycle of 87 s, or shorten times on the left "
        "by 5 s or more"
    )


def test_bounds_that_need_not_be_named_are_not() -> None:
    line = refusal(green_s=60.0, maximum_cycle_s=90.0)
    assert "minimum green of group 1 60 s + minimum green of group 2 35 s = 95 s > " in line
    assert "allow a cycle of 107 s" in line
