"""Running plans of real networks: skeletons show them again, and moves keep their rules."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.errors import InfeasibleError
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern, check_plan
from citybrain.model.violations import Rule
from optimizer.greens import scaled_gaps, shortest_gaps
from optimizer.moves import Mover
from optimizer.skeleton import Skeleton
from optimizer.workshop import Workshop
from sim.sumo.network import read_network
from sim.sumo.programs import read_programs, running_plan
from sim.sumo.tls_reader import read_declarations
from tests.sim.sources import CITY_NET, FOKR_FILES, NO_RESCO, raw_programs, resco_net

COLOGNE = resco_net("cologne8")


@dataclass(frozen=True)
class Town:
    """A network and what its signals show today."""

    network: Network
    running: Plan


@cache
def city() -> Town:
    area = open_area(CITY_NET.parent, None, SafetyLimits())
    return Town(area.network, area.running)


@cache
def read(*files: Path) -> Town:
    declarations = read_declarations(files)
    network = read_network(files[0], declarations, SafetyLimits())
    return Town(network, running_plan(read_programs(declarations, network), network))


def fokr() -> Town:
    return read(*FOKR_FILES)


def cologne() -> Town:
    if COLOGNE is None or not COLOGNE.exists():
        pytest.skip(NO_RESCO)
    return read(COLOGNE)


def states(pattern: Pattern, indices: Sequence[tuple[int, ...]]) -> list[str]:
    """Return SUMO's state string in every second of one cycle from master time 0."""
    size = 1 + max(index for group in indices for index in group)
    shown = []
    for second in range(round(pattern.cycle_s)):
        local_s = (second - pattern.offset_s) % pattern.cycle_s
        letters = [" "] * size
        for timing, places in zip(pattern.groups, indices, strict=True):
            timeline = timing.timeline(pattern.cycle_s)
            letter = [aspect for start_s, aspect in timeline if start_s <= local_s][-1].value
            for index in places:
                letters[index] = letter
        shown.append("".join(letters))
    return shown


TOWNS = pytest.mark.parametrize("town", [city, fokr, cologne], ids=lambda town: town.__name__)


@TOWNS
def test_running_gaps_show_what_the_running_plan_shows(town: Callable[[], Town]) -> None:
    assert town().running.patterns
    for pattern in town().running.patterns:
        skeleton = Skeleton.of(pattern, town().network.intersections[pattern.intersection])
        again = skeleton.render(skeleton.running, pattern.offset_s, "again")
        for old, new in zip(pattern.groups, again.groups, strict=True):
            assert new.runs(again.cycle_s) == old.runs(pattern.cycle_s)
        assert (again.cycle_s, again.offset_s) == (pattern.cycle_s, pattern.offset_s)


def test_plan_of_46_intervals_is_shown_second_by_second() -> None:
    """Compare with the file itself, read without citybrain's code."""
    longest = max(raw_programs(FOKR_FILES[1]), key=lambda program: len(program.phases))
    assert len(longest.phases) == 46
    town = fokr()
    pattern = town.running.pattern(longest.intersection)
    intersection = town.network.intersections[longest.intersection]
    skeleton = Skeleton.of(pattern, intersection)
    again = skeleton.render(skeleton.running, pattern.offset_s, "again")
    shown = states(again, [group.indices for group in intersection.groups])
    assert shown == [longest.state_at(second) for second in range(len(shown))]


@TOWNS
def test_unsafe_gaps_are_refused(town: Callable[[], Town]) -> None:
    for skeleton in Workshop.of(town().running, town().network).skeletons.values():
        shortest = shortest_gaps(skeleton)
        assert shortest is not None
        assert skeleton.render(shortest, 0.0, "p").cycle_s == sum(shortest)
        for span in skeleton.spans:
            if span.minimum_s <= 0 or span.count == 0:
                continue
            size = len(skeleton.running)
            inside = {(span.first + step) % size for step in range(span.count)}
            gaps_s = [0.0 if i in inside else gap for i, gap in enumerate(skeleton.running)]
            with pytest.raises(InfeasibleError, match="bounds"):
                skeleton.render(gaps_s, 0.0, "p")
        with pytest.raises(InfeasibleError, match="bounds"):
            skeleton.render([-1.0, *skeleton.running[1:]], 0.0, "p")


@TOWNS
def test_other_cycles_keep_the_rules(town: Callable[[], Town]) -> None:
    for name, skeleton in Workshop.of(town().running, town().network).skeletons.items():
        intersection = town().network.intersections[name]
        for more_s in (0, 7, 20):
            cycle_s = round(sum(skeleton.running)) + more_s
            gaps_s = scaled_gaps(skeleton, skeleton.running, cycle_s)
            if gaps_s is not None:
                found = check_pattern(skeleton.render(gaps_s, 0.0, "p"), intersection)
                assert [str(v) for v in found if v.rule is not Rule.CYCLE] == []


@pytest.mark.integration
@pytest.mark.parametrize(("town", "steps"), [(city, 200), (fokr, 40), (cologne, 20)])
def test_hundreds_of_random_moves_keep_the_rules(town: Callable[[], Town], steps: int) -> None:
    network = town().network
    workshop = Workshop.of(town().running, network)
    mover, candidate, rng = Mover(workshop), workshop.start(), random.Random(7)
    for _ in range(steps):
        reach_s = rng.choice((2.0, 5.0, 13.0))
        if rng.random() < 0.2:
            candidate = mover.stretched(candidate, rng, reach_s=reach_s)
        else:
            candidate = mover.perturbed(candidate, rng, share=0.5, reach_s=reach_s)
        assert check_plan(workshop.plan(candidate, "p"), network) == ()
        for name, timing in candidate.timings:
            low_s, high_s = workshop.cycle_ranges_s[name]
            assert low_s <= timing.cycle_s <= high_s
            assert 0 <= timing.offset_s < timing.cycle_s
