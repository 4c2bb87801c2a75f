"""The law of fair comparison: every way to accept, to reject and to leave open."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.verdict import Decision, Estimate, Outcome, Verdict
from citybrain.store.verdicts import verdict_of, verdict_text
from sim.judgement import contradictions, delay_change, judge
from sim.proof import Study, draw_verdict
from sim.statistics import estimate, paired_change
from tests.report import builders

T_975 = {1: 12.706204736, 3: 3.182446305, 4: 2.776445105, 9: 2.262157163}
"""Student's t, 97.5 %, by degrees of freedom: Abramowitz and Stegun, table 26.10."""

Counts = dict[str, tuple[int, ...]]

FALLS, RISES, OPEN = (
    (-3.0, -2.0, -4.0, -3.0, -3.0),
    (3.0, 2.0, 4.0, 3.0, 3.0),
    (-9.0, 9.0, -1, 2, 0),
)
SURELY, BY_CHANCE, NEVER = (1, 1, 1, 1, 1), (0, 0, 5, 0, 0), (0, 0, 0, 0, 0)


def outcomes(delays_s: Sequence[float], **counts: Sequence[int]) -> list[Outcome]:
    """Return one outcome of 100 vehicles per seed, with given mean delays and counts."""
    bare = [
        Outcome(
            seed=seed,
            vehicle_count=100,
            delay_s=100 * delay_s,
            unfinished_veh=0,
            never_inserted_veh=0,
            teleports=0,
            collisions=0,
            stops=0,
        )
        for seed, delay_s in enumerate(delays_s, 1)
    ]
    return [
        replace(outcome, **{name: values[index] for name, values in counts.items()})
        for index, outcome in enumerate(bare)
    ]


def decision_on(change_s: Sequence[float], before: Counts, after: Counts) -> Decision:
    running = outcomes([40.0] * len(change_s), **before)
    proposed = outcomes([40.0 + change for change in change_s], **after)
    return judge(running, proposed).decision


CASES = [
    ("delay falls, nothing else", FALLS, {}, {}, Decision.ACCEPT),
    ("delay rises", RISES, {}, {}, Decision.REJECT),
    ("delay may be chance", OPEN, {}, {}, Decision.INCONCLUSIVE),
    ("nothing changes", NEVER, {}, {}, Decision.INCONCLUSIVE),
    ("counts fall with delay", FALLS, {"teleports": SURELY}, {}, Decision.ACCEPT),
    ("delay rises though counts fall", RISES, {"teleports": SURELY}, {}, Decision.REJECT),
    *(
        (f"{name} {how}", FALLS, {}, {name: values}, decision)
        for name in ("unfinished_veh", "teleports", "collisions")
        for how, values, decision in (
            ("rise by chance", BY_CHANCE, Decision.INCONCLUSIVE),
            ("surely rise", SURELY, Decision.REJECT),
        )
    ),
    (
        "more kept out, by chance",
        FALLS,
        {},
        {"never_inserted_veh": BY_CHANCE},
        Decision.INCONCLUSIVE,
    ),
    ("more kept out, surely", FALLS, {}, {"never_inserted_veh": SURELY}, Decision.REJECT),
    (
        "kept out rises by chance while the stranded fall",
        FALLS,
        {"unfinished_veh": (9, 9, 9, 9, 9)},
        {"never_inserted_veh": BY_CHANCE},
        Decision.ACCEPT,
    ),
    (
        "kept out surely rises while the stranded fall",
        FALLS,
        {"unfinished_veh": (9, 9, 9, 9, 9)},
        {"never_inserted_veh": SURELY},
        Decision.REJECT,
    ),
    (
        "as many stranded, more under way and fewer kept out",
        FALLS,
        {"never_inserted_veh": (2, 2, 2, 2, 2)},
        {"unfinished_veh": (2, 2, 2, 2, 2)},
        Decision.ACCEPT,
    ),
    ("a count surely rises, delay open", OPEN, {}, {"collisions": SURELY}, Decision.REJECT),
    ("a count by chance, delay open", OPEN, {}, {"collisions": BY_CHANCE}, Decision.INCONCLUSIVE),
]


@pytest.mark.parametrize(
    ("change_s", "before", "after", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_every_case_of_the_law(
    change_s: Sequence[float], before: Counts, after: Counts, expected: Decision
) -> None:
    assert decision_on(change_s, before, after) is expected


def test_an_interval_that_touches_zero_is_open_and_one_beside_it_is_not() -> None:
    spread = T_975[3] * estimate_error((1.0, 2.0, 3.0, 4.0))
    values = [-value for value in (1.0, 2.0, 3.0, 4.0)]
    just_inside = [value + 2.5 - spread * 0.999 for value in values]
    just_outside = [value + 2.5 - spread * 1.001 for value in values]
    assert decision_on(just_inside, {}, {}) is Decision.INCONCLUSIVE
    assert decision_on(just_outside, {}, {}) is Decision.ACCEPT


def test_a_single_seed_is_never_enough() -> None:
    assert decision_on((-20.0,), {}, {}) is Decision.INCONCLUSIVE
    assert decision_on((20.0,), {}, {"collisions": (50,)}) is Decision.INCONCLUSIVE


def test_reasons_name_the_interval_and_every_count_that_rises() -> None:
    running = outcomes([40.0, 42.0, 41.0, 43.0])
    proposed = outcomes(
        [38.0, 40.0, 38.0, 40.0], teleports=(1, 0, 0, 0), unfinished_veh=(2, 2, 2, 2)
    )
    answer = judge(running, proposed)
    assert answer.decision is Decision.REJECT
    assert answer.reasons == (
        "delay falls: -2.5 s/veh, 95 % interval -3.4 to -1.6",
        "stranded vehicles rise from 0 to 8 over all seeds, certainly",
        "teleports rise from 0 to 1 over all seeds, perhaps by chance",
    )


def test_an_accepted_plan_says_why() -> None:
    reasons = judge(outcomes([9.0, 8.0, 9.0]), outcomes([5.0, 4.0, 5.0])).reasons
    assert reasons[0].startswith("delay falls: -4.0 s/veh")
    assert reasons[1] == "no count of stranded vehicles, teleports or collisions rises"


def test_unpaired_outcomes_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        judge(outcomes([1.0, 2.0]), outcomes([1.0]))


def estimate_error(values: Sequence[float]) -> float:
    """Return the standard error of the mean, written out."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))


@pytest.mark.parametrize(
    "values",
    [(3.0, 5.0), (1.0, 2.0, 3.0, 4.0), (-1.5, 0.25, 8.0, -3.0, 2.0), tuple(map(float, range(10)))],
)
def test_an_estimate_is_the_interval_computed_by_hand(values: tuple[float, ...]) -> None:
    found = estimate(values)
    mean = sum(values) / len(values)
    half = T_975[len(values) - 1] * estimate_error(values)
    assert found.mean == pytest.approx(mean)
    assert found.low == pytest.approx(mean - half, rel=1e-8)
    assert found.high == pytest.approx(mean + half, rel=1e-8)


def test_a_textbook_interval() -> None:
    """Law, "Simulation Modeling and Analysis", section 4.5: mean 1.34, variance 0.17."""
    found = estimate([1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09])
    assert found.mean == pytest.approx(1.343, abs=5e-4)
    assert found.high - found.mean == pytest.approx(2.262 * math.sqrt(0.17 / 10), rel=0.01)


def test_a_single_value_is_unbounded() -> None:
    found = estimate([7.0])
    assert (found.mean, found.low, found.high) == (7.0, -math.inf, math.inf)


seconds = st.floats(-1e4, 1e4)


@given(st.lists(seconds, min_size=2, max_size=30), seconds)
def test_an_estimate_moves_with_its_values(values: list[float], shift: float) -> None:
    one, other = estimate(values), estimate([value + shift for value in values])
    for name in ("mean", "low", "high"):
        assert getattr(other, name) == pytest.approx(getattr(one, name) + shift, abs=1e-6)


@given(st.lists(st.tuples(seconds, seconds), min_size=2, max_size=30))
def test_a_change_reverses_when_the_plans_are_exchanged(pairs: list[tuple[float, float]]) -> None:
    before, after = zip(*pairs, strict=True)
    there, back = paired_change(before, after), paired_change(after, before)
    assert there.mean == pytest.approx(-back.mean, abs=1e-9)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)


def test_delay_is_compared_per_vehicle_not_in_total() -> None:
    before = [replace(o, vehicle_count=200, delay_s=200 * 30.0) for o in outcomes([0.0, 0.0])]
    assert delay_change(before, outcomes([35.0, 35.0])).mean == pytest.approx(5.0)


def drawn(running: Sequence[Outcome], proposed: Sequence[Outcome]) -> Verdict:
    study = Study(
        scenario="s",
        begin_s=0.0,
        end_s=1.0,
        demand="d",
        detector_fits=(),
        caveats=(),
        versions={},
        hashes={},
    )
    return draw_verdict(("old", "new"), (running, proposed), builders.arterial(()), study)


DELAYS_S = st.lists(st.floats(0.1, 500.0), min_size=2, max_size=12)


@given(st.data(), DELAYS_S)
def test_a_verdict_follows_from_its_runs_also_after_it_was_written(
    data: st.DataObject, before_s: list[float]
) -> None:
    after_s = data.draw(st.lists(st.floats(0.1, 500.0), min_size=(n := len(before_s)), max_size=n))
    verdict = drawn(outcomes(before_s), outcomes(after_s))
    assert contradictions(verdict) == ()
    assert contradictions(verdict_of(verdict_text(verdict), "verdict")) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: replace(v, decision=Decision.REJECT), "its runs say 'accept'"),
        (lambda v: replace(v, saving=Estimate(mean=0.9, low=0.8, high=1.0)), "saving"),
        (lambda v: replace(v, delay_change_s=Estimate(mean=-9, low=-9, high=-9)), "change of"),
        (lambda v: replace(v, delay_before_s=v.delay_after_s), "delay before is not"),
        (lambda v: replace(v, delay_after_s=v.delay_before_s), "delay after is not"),
        (lambda v: replace(v, worst_seed=1), "worst seed is 1, its runs say 2"),
        (lambda v: replace(v, proposed=v.proposed[::-1]), "paired by seed"),
        (lambda v: replace(v, running=v.running[:1] * 5, proposed=v.proposed[:1] * 5), "paired"),
        (lambda v: replace(v, running=(), proposed=()), "no runs"),
        (
            lambda v: replace(v, proposed=tuple(replace(o, collisions=9) for o in v.proposed)),
            "it says 'accept', its runs say 'reject'",
        ),
    ],
)
def test_what_does_not_follow_from_the_runs_is_told(
    change: Callable[[Verdict], Verdict], told: str
) -> None:
    verdict = drawn(outcomes([40.0] * 5), outcomes([40.0 + each for each in FALLS]))
    assert verdict.decision is Decision.ACCEPT
    assert any(told in each for each in contradictions(change(verdict)))


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("vehicle_count", 0),
        ("vehicle_count", -100),
        *(("delay_s", value) for value in (-1.0, math.nan, math.inf)),
        *((name, -1) for name in ("unfinished_veh", "never_inserted_veh", "teleports")),
        ("collisions", -1),
        ("stops", -1),
    ],
)
def test_runs_that_no_street_can_have_prove_nothing(figure: str, value: float) -> None:
    """Nobody asks what follows from them: a delay below zero is a large saving."""
    proposed = outcomes([40.0 + each for each in FALLS])
    verdict = drawn(outcomes([40.0] * 5), proposed)
    proposed[2] = replace(proposed[2], **{figure: value})  # type: ignore[arg-type]
    told = (f"the run of seed 3 has {value:g} {figure}",)
    assert contradictions(replace(verdict, proposed=tuple(proposed))) == told
