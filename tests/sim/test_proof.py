"""From outcomes to a verdict: tables, saving, worst seed and caveats."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from citybrain.model.network import Lane, Movement, Network
from citybrain.model.plan import Plan
from citybrain.model.verdict import Decision, DetectorFit, Outcome, Verdict
from citybrain.ports.evaluation import Evaluation
from sim.proof import Study, draw_verdict, prove

STUDY = Study(
    scenario="two streets",
    begin_s=0.0,
    end_s=3600.0,
    demand="counted",
    detector_fits=(DetectorFit(detector="d", measured_vph=99.0, modelled_vph=100.0, geh=0.1),),
    caveats=("the study's own caveat",),
    versions={"sumo": "1"},
    hashes={"network": "ab"},
)
TURNS = (("west", "north"), ("west", "east"), ("south", "north"), ("south", "east"))


def network() -> Network:
    """Return one signal with two approaches of two movements each."""
    lanes = [
        Lane(
            name=f"{edge}_0",
            edge=edge,
            length_m=100.0,
            speed_mps=10.0,
            shape=((0.0, 0.0), (100.0, 0.0)),
            for_vehicles=True,
        )
        for edge in ("west", "south", "north", "east")
    ]
    movements = [
        Movement(
            name=f"{start}->{end}",
            intersection="A",
            from_edge=start,
            to_edge=end,
            turn="through",
            lanes=(f"{start}_0",),
            groups=("g",),
        )
        for start, end in TURNS
    ]
    return Network(
        name="two.net.xml",
        lanes={lane.name: lane for lane in lanes},
        turns={"west": ("north", "east"), "south": ("north", "east")},
        movements={movement.name: movement for movement in movements},
        intersections={},
    )


def outcome(
    seed: int,
    mean_s: float,
    counts: Mapping[str, int] | None = None,
    delays_s: Mapping[str, float] | None = None,
) -> Outcome:
    return Outcome(
        seed=seed,
        vehicle_count=50,
        delay_s=50 * mean_s,
        unfinished_veh=0,
        never_inserted_veh=0,
        teleports=0,
        collisions=0,
        stops=0,
        movement_count=dict(counts or {}),
        movement_delay_s=dict(delays_s or {}),
    )


def verdict_on(before: Sequence[Outcome], after: Sequence[Outcome]) -> Verdict:
    return draw_verdict(("old", "new"), (before, after), network(), STUDY)


COUNTS = {"west->north": 10, "west->east": 30, "south->north": 20}
BEFORE = [
    outcome(s, 40.0 + s, COUNTS, {"west->north": 100, "west->east": 600, "south->north": 400})
    for s in (1, 2, 3)
]
AFTER = [
    outcome(
        s,
        30.0 + s * s,
        COUNTS,
        {"west->north": 150 + s, "west->east": 300, "south->north": 480 - s},
    )
    for s in (1, 2, 3)
]


def test_movements_and_approaches_come_with_the_largest_loss_first() -> None:
    verdict = verdict_on(BEFORE, AFTER)
    assert [part.name for part in verdict.movements] == [
        "west->north",
        "south->north",
        "west->east",
    ]
    assert [part.name for part in verdict.approaches] == ["south", "west"]


def test_a_part_is_the_mean_per_vehicle_over_the_seeds() -> None:
    verdict = verdict_on(BEFORE, AFTER)
    worst = verdict.movements[0]
    assert (worst.before_s, worst.after_s) == pytest.approx((10.0, 15.2))
    assert worst.change_s.mean == pytest.approx(5.2)
    half = 4.302652730 * 0.1 / 3**0.5
    assert (worst.change_s.low, worst.change_s.high) == pytest.approx((5.2 - half, 5.2 + half))
    west = verdict.approaches[1]
    assert (west.intersection, west.count_veh) == ("A", 40)
    assert (west.before_s, west.after_s) == pytest.approx((700 / 40, 452 / 40))


def test_a_movement_that_most_runs_never_saw_is_left_out() -> None:
    rare = {"south->east": 1}
    before = [outcome(s, 40.0, COUNTS | rare if s == 1 else COUNTS) for s in range(1, 5)]
    assert "south->east" not in {part.name for part in verdict_on(before, before).movements}
    often = [outcome(s, 40.0, COUNTS | rare if s < 3 else COUNTS) for s in range(1, 5)]
    assert "south->east" in {part.name for part in verdict_on(often, often).movements}


def test_a_saving_is_positive_and_scaled_by_the_delay_before() -> None:
    verdict = verdict_on(
        [outcome(s, d) for s, d in enumerate((40.0, 50.0, 60.0))],
        [outcome(s, d) for s, d in enumerate((36.0, 45.0, 54.0))],
    )
    assert verdict.delay_before_s.mean == pytest.approx(50.0)
    assert verdict.delay_change_s.mean == pytest.approx(-5.0)
    assert verdict.saving.mean == pytest.approx(0.1)
    assert verdict.saving.low == pytest.approx(-verdict.delay_change_s.high / 50.0)
    assert verdict.saving.high == pytest.approx(-verdict.delay_change_s.low / 50.0)
    assert verdict.saving.low < verdict.saving.mean < verdict.saving.high


def test_a_street_without_delay_saves_nothing() -> None:
    free = [outcome(seed, 0.0) for seed in (1, 2)]
    verdict = verdict_on(free, free)
    assert (verdict.saving.mean, verdict.decision) == (0.0, Decision.INCONCLUSIVE)


def test_the_worst_seed_is_the_one_with_the_largest_rise() -> None:
    after = [outcome(seed, mean_s) for seed, mean_s in ((11, 39.0), (12, 42.0), (13, 20.0))]
    before = [outcome(seed, mean_s) for seed, mean_s in ((11, 45.0), (12, 43.0), (13, 22.0))]
    assert verdict_on(before, after).worst_seed == 12


def test_few_seeds_are_a_caveat_and_ten_are_none() -> None:
    nine = [outcome(seed, 40.0 + seed) for seed in range(9)]
    assert verdict_on(nine, nine).caveats == (
        "only 9 paired seeds; a claim needs 10 or more",
        "the study's own caveat",
    )
    ten = [*nine, outcome(9, 41.0)]
    assert verdict_on(ten, ten).caveats == ("the study's own caveat",)


@pytest.mark.parametrize("which", ["before", "after"])
def test_vehicles_kept_out_are_a_caveat_of_the_tables(which: str) -> None:
    ten = [outcome(seed, 40.0 + seed) for seed in range(10)]
    kept_out = [replace(ten[0], never_inserted_veh=1), *ten[1:]]
    pair = (kept_out, ten) if which == "before" else (ten, kept_out)
    assert "never got in" in verdict_on(*pair).caveats[0]


@pytest.mark.parametrize(
    ("name", "count", "delay"),
    [
        ("people on foot", "walker_count", "walking_delay_s"),
        ("bicycles", "bicycle_count", "bicycle_delay_s"),
    ],
)
def test_people_who_surely_lose_are_named(name: str, count: str, delay: str) -> None:
    ten = [outcome(seed, 40.0) for seed in range(10)]
    before = [replace(one, **{count: 4, delay: 40.0}) for one in ten]
    surely = [replace(one, **{count: 4, delay: 60.0 + one.seed % 2}) for one in ten]
    perhaps = [replace(one, **{count: 4, delay: 40.0 + 50 * (one.seed == 3)}) for one in ten]
    assert verdict_on(before, surely).caveats[0].startswith(f"{name} lose 5.1 s each")
    assert verdict_on(before, perhaps).caveats == STUDY.caveats
    assert verdict_on(surely, before).caveats == STUDY.caveats


def test_a_verdict_carries_its_study() -> None:
    verdict = verdict_on(BEFORE, AFTER)
    assert (verdict.scenario, verdict.running_plan, verdict.proposed_plan) == (
        "two streets",
        "old",
        "new",
    )
    assert verdict.detector_fits == STUDY.detector_fits
    assert (verdict.versions, verdict.hashes, verdict.demand) == (
        {"sumo": "1"},
        {"network": "ab"},
        "counted",
    )
    assert verdict.seeds == (1, 2, 3)


class Recorder:
    """An evaluator that answers from its plan's name and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        self.asked = [(evaluation.plan.name, evaluation.seed) for evaluation in evaluations]
        return [
            outcome(one.seed, (40.0 if one.plan.name == "old" else 30.0) + one.seed)
            for one in evaluations
        ]


def test_both_plans_run_with_every_seed() -> None:
    recorder = Recorder()
    plans = (Plan(name="old", patterns=()), Plan(name="new", patterns=()))
    verdict = prove(recorder, network(), plans, (5, 3, 8), STUDY)
    assert sorted(recorder.asked) == sorted((name, s) for s in (5, 3, 8) for name in ("old", "new"))
    assert verdict.seeds == (5, 3, 8)
    assert [one.mean_delay_s for one in verdict.running] == [45.0, 43.0, 48.0]
    assert [one.mean_delay_s for one in verdict.proposed] == [35.0, 33.0, 38.0]
    assert verdict.decision is Decision.ACCEPT
