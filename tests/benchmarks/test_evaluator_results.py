"""What the evaluator benchmark calls a miss, and the plans it draws."""

from dataclasses import replace

from benchmarks._evaluator_results import Comparison
from benchmarks._plan_sets import LONGEST_CYCLE_S, annealed_plans, drawn_plans
from citybrain.model.plan import Plan
from sim.queue_model.pricing import TablePricer
from tests.sim.queue_streets import area, model, trips

GOOD = Comparison(
    network="grid4x4",
    sumo_s=tuple(float(n) for n in range(10, 74)),
    model_s=tuple(float(n) for n in range(10, 74)),
    sumo_cpu_s=2.0,
    model_cpu_s=0.001,
    two_gain=1.9,
    same_bytes=True,
)


def test_a_model_that_agrees_and_is_fast_misses_nothing() -> None:
    assert GOOD.misses() == []


def test_every_figure_beyond_its_target_is_a_miss_of_its_own() -> None:
    turned = replace(
        GOOD,
        model_s=tuple(2 * s for s in reversed(GOOD.sumo_s)),
        model_cpu_s=0.01,
        two_gain=1.0,
        same_bytes=False,
    )
    assert len(turned.misses()) == 5
    assert all(text.startswith("grid4x4: ") for text in turned.misses())


def test_drawn_plans_start_with_the_running_one_and_do_not_depend_on_their_number() -> None:
    running = area().running
    few = drawn_plans(running, count=3, seed=7)
    many = drawn_plans(running, count=6, seed=7)
    assert few[0] is running
    assert many[:3] == few


def test_drawn_cycles_stay_within_their_range_unless_the_stages_need_longer() -> None:
    running = area().running
    plans = drawn_plans(running, count=20, seed=7)[1:]
    assert all(p.cycle_s <= LONGEST_CYCLE_S + 30 for plan in plans for p in plan.patterns)
    assert len({p.cycle_s for plan in plans for p in plan.patterns}) > 10


def test_the_optimisers_own_plans_differ_are_liked_and_are_the_same_again() -> None:
    network, running = area().network, area().running
    busy = model(trips(2.0))

    def found() -> tuple[Plan, ...]:
        pricer = TablePricer(busy, network)
        return annealed_plans(network, running, pricer, count=3, priced=60, seed=7)

    plans = found()
    delays_s = busy.delays(busy.tables([running, *plans]))[:, 0]
    assert plans == found()
    assert len({plan.patterns for plan in plans}) == len(plans) == 3
    assert delays_s[1] < delays_s[0]
