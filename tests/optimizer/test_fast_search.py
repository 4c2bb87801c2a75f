"""Searching on a fast model: painted plans, annealing, finalists, and mending its bias."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.config import SearchSettings
from citybrain.model.pattern import Pattern
from citybrain.ports.blocks import Block, stacked
from citybrain.ports.tables import CODES, Prices, SignalTables
from optimizer.actuating import OPTIONS, Option
from optimizer.annealing import Annealer
from optimizer.candidate import Candidate
from optimizer.moves import Mover
from optimizer.painting import Painter
from optimizer.retime import Evaluators, Retiming, retime
from optimizer.starts import Starter
from optimizer.workshop import Workshop
from tests.optimizer.junctions import FEW, Junction, colours, junctions, network_of, plan_of
from tests.optimizer.two_stages import Formula, TableFormula, least_delay_s, task

FLOWS_VPH = {"A1": 800.0, "A2": 300.0, "B1": 200.0, "B2": 700.0}
GREENS_S = {"A": (20.0, 40.0), "B": (35.0, 25.0)}
BEST_S = (least_delay_s(800.0, 300.0) + least_delay_s(200.0, 700.0)) / sum(FLOWS_VPH.values())
DICE = st.integers(0, 2**32).map(random.Random)


class Recorder:
    """Keeps the tables that it is asked to price."""

    vehicles = 1.0
    neighbours = ()

    def __init__(self, junction: Junction) -> None:
        groups = tuple(timing.group for timing in junction.pattern.groups)
        self.groups = {junction.pattern.intersection: groups}
        self.seen: list[SignalTables] = []

    def price(self, tables: SignalTables) -> Prices:
        self.seen.append(tables)
        nothing = np.zeros((len(tables.start), 1))
        return Prices(nothing.sum(axis=1), nothing, nothing, nothing.sum(axis=1))


@FEW
@given(junctions(), DICE)
def test_a_painted_candidate_shows_what_its_plan_shows(
    junction: Junction, rng: random.Random
) -> None:
    workshop, recorder = Workshop.of(plan_of(junction), network_of(junction)), Recorder(junction)
    candidate = workshop.start()
    for _ in range(5):
        candidate = Mover(workshop).perturbed(candidate, rng, share=1.0, reach_s=8.0)
    Painter(workshop, recorder).prices([candidate])
    pattern = workshop.plan(candidate, "p").patterns[0]
    tables = recorder.seen[0]
    cycle_s = round(pattern.cycle_s)
    painted = tables.colour.reshape(-1, cycle_s)[:-1]
    letter = {code: aspect.value for aspect, code in reversed(CODES.items())}
    shown = [row[:cycle_s] for row in colours_from_zero(pattern)]
    same = str.maketrans({"u": letter[0], "Y": "y"})
    assert ["".join(letter[code] for code in row) for row in painted] == [
        row.translate(same) for row in shown
    ]
    assert tables.offset_s[0, 0] == round(pattern.offset_s) % cycle_s


@FEW
@given(junctions(), st.sampled_from(OPTIONS), DICE)
def test_a_painted_candidate_follows_as_its_plan_does(
    junction: Junction, option: Option, rng: random.Random
) -> None:
    workshop, recorder = Workshop.of(plan_of(junction), network_of(junction)), Recorder(junction)
    start = Mover(workshop).perturbed(workshop.start(), rng, share=1.0, reach_s=8.0)
    candidate = workshop.following([start], [option])[0]
    Painter(workshop, recorder).prices([candidate])
    pattern = workshop.plan(candidate, "p").patterns[0]
    wanted = stacked([[Block.of(pattern, [timing.group for timing in pattern.groups])]])
    for painted, told in zip(recorder.seen[0], wanted, strict=True):
        np.testing.assert_array_equal(painted, told)


def test_who_follows_whom_is_known_in_the_order_of_the_tables() -> None:
    work = task(GREENS_S, FLOWS_VPH)
    painter = Painter(Workshop.of(work.running, work.network), TableFormula(FLOWS_VPH))
    assert painter.names == ("A", "B")
    np.testing.assert_array_equal(painter.near, [[0.0, 1.0], [1.0, 0.0]])


def colours_from_zero(pattern: Pattern) -> list[str]:
    return colours(replace(pattern, offset_s=0.0))


def annealed(fast: TableFormula, plans: int) -> Annealer:
    work = task(GREENS_S, FLOWS_VPH)
    workshop = Workshop.of(work.running, work.network)
    annealer = Annealer(Painter(workshop, fast), Mover(workshop), random.Random(1))
    starts = list(Starter(workshop, work.network, work.demand).candidates())

    def left() -> float:
        return max(0.0, 1 - annealer.evaluations / plans)

    annealer.run(starts, left, lambda _best_s: None)
    return annealer


def test_annealing_comes_within_two_per_cent_of_the_best_plan() -> None:
    annealer = annealed(TableFormula(FLOWS_VPH), 4000)
    assert BEST_S <= annealer.archive.best()[1] <= 1.02 * BEST_S


def test_finalists_differ_and_begin_with_the_best() -> None:
    annealer = annealed(TableFormula(FLOWS_VPH), 2000)
    finalists = annealer.archive.diverse(8)
    assert len(set(finalists)) == 8
    assert finalists[0] == annealer.archive.best()[0]


def retimed(fast: TableFormula | None, formula: Formula, seed: int = 1) -> Retiming:
    settings = SearchSettings(
        seconds_budget=None, evaluation_budget=40, seed=seed, simulation_seeds=(1, 2)
    )
    return retime(
        task(GREENS_S, FLOWS_VPH),
        Evaluators(proving=formula, fast=(lambda: fast) if fast else None),
        settings,
        clock=lambda: 0.0,
        progress=lambda _done, _text: None,
    )


@pytest.mark.parametrize("factors", [{}, {"A": 1.6, "B": 0.6}])
def test_few_runs_suffice_where_a_fast_model_goes_ahead(factors: dict[str, float]) -> None:
    found = retimed(TableFormula(FLOWS_VPH, factors), Formula(FLOWS_VPH))
    assert found.evaluations <= 40
    assert found.model_evaluations >= 1000
    assert found.best_cost_s <= 1.04 * BEST_S


def test_the_same_seed_gives_the_same_plan() -> None:
    first, second = (retimed(TableFormula(FLOWS_VPH), Formula(FLOWS_VPH)) for _ in range(2))
    assert first == second


def test_a_scaled_model_tells_the_delay_that_was_seen() -> None:
    work = task(GREENS_S, FLOWS_VPH)
    workshop = Workshop.of(work.running, work.network)
    biased = Painter(workshop, TableFormula(FLOWS_VPH, {"A": 1.5, "B": 0.8}))
    true = Painter(workshop, TableFormula(FLOWS_VPH))
    starts: list[Candidate] = list(Starter(workshop, work.network, work.demand).candidates())[:4]
    biased.scale(starts, true.prices(starts).local_s.T.tolist())
    assert biased.prices(starts).mean_s == pytest.approx(true.prices(starts).mean_s)
