"""What the manager lets through is what a unit can run, rings that wait at a barrier included."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.encoding import obstacles
from citybrain.controllers.ntcip.image import Image, read_image
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.session import Pair
from citybrain.controllers.ntcip.syntax import Instance, Value
from citybrain.controllers.virtual.access import read
from citybrain.controllers.virtual.configuration import Tables
from citybrain.controllers.virtual.layout import CannotRunError, lay_out
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.ports.controllers import PhaseSplit
from tests.controllers.virtual_units_kit import PHASE, unit_of

TEE = {
    "rings": [[2, 4], [6]],
    "barriers": [[2, 6], [4]],
    "phases": [{"number": n, **PHASE} for n in (2, 4, 6)],
    "patterns": [
        {"number": 1, "cycle_s": 60, "splits_s": {2: 35, 4: 25, 6: 35}, "coordinated": [2, 6]}
    ],
    "detectors": {},
}


class Memory:
    """Reads a unit without a network."""

    def __init__(self, unit: VirtualUnit) -> None:
        self._unit = unit
        self.unit = unit.settings.name
        self.patience = Patience()

    async def get(self, instances: Sequence[Instance]) -> dict[str, Value | None]:
        return {each.oid: read(self._unit, self._slot(each)) for each in instances}

    async def set(self, pairs: Sequence[Pair]) -> None:
        pytest.fail(f"reading an image sets {len(pairs)} objects")

    def _slot(self, instance: Instance) -> object:
        row = instance.oid.removeprefix(instance.object_type.oid).split(".")[1:]
        numbers = [] if row == ["0"] else map(int, row)
        return self._unit.schema.slot(instance.object_type, *numbers)


def image_of(unit: VirtualUnit) -> Image:
    return asyncio.run(read_image(Memory(unit), 1))


TEE_IMAGE, TEE_UNIT = image_of(unit_of(**TEE)), unit_of(**TEE)
SPLIT_S = st.integers(11, 14)


def can_run(unit: VirtualUnit, cycle_s: int, splits_s: dict[int, int]) -> bool:
    pattern = Tables(unit.schema, unit.database.values).pattern(1)
    splits = {n: replace(s, time_s=splits_s.get(n, 0)) for n, s in pattern.splits.items()}
    try:
        lay_out(unit.machine.settings, replace(pattern, cycle_s=cycle_s, splits=splits))
    except CannotRunError:
        return False
    return True


@given(SPLIT_S, SPLIT_S, SPLIT_S, st.integers(22, 28))
def test_a_plan_for_a_tee_is_refused_exactly_where_the_unit_could_not_run_it(
    main_s: int, side_s: int, opposite_s: int, cycle_s: int
) -> None:
    splits_s = {2: main_s, 4: side_s, 6: opposite_s}
    splits = tuple(PhaseSplit(phase=n, split_s=split_s) for n, split_s in splits_s.items())
    plan = replace(TEE_IMAGE.plan(), cycle_s=cycle_s, splits=splits)
    assert (not obstacles(plan, TEE_IMAGE)) == can_run(TEE_UNIT, cycle_s, splits_s)


def test_phases_stand_between_the_barriers_that_the_unit_tells() -> None:
    assert {each & {2, 4, 6} for each in TEE_IMAGE.barriers()} >= {
        frozenset({2, 6}),
        frozenset({4}),
    }
    quad = image_of(unit_of())
    assert {frozenset({1, 2, 5, 6}), frozenset({3, 4, 7, 8})} <= set(quad.barriers())


@pytest.mark.parametrize(
    ("splits_s", "told"),
    [
        ({2: 35, 4: 25, 6: 30}, r"rings do not meet at a barrier: splits of \(2,\) add up to 35 s"),
        ({2: 30, 4: 25, 6: 30}, "between the barriers add up to 55 s, the cycle is 60 s"),
    ],
)
def test_the_barrier_that_is_missed_is_named(splits_s: dict[int, int], told: str) -> None:
    splits = tuple(PhaseSplit(phase=n, split_s=split_s) for n, split_s in splits_s.items())
    (found,) = obstacles(replace(TEE_IMAGE.plan(), splits=splits), TEE_IMAGE)[:1]
    assert re.search(told, found)


def test_a_timed_phase_that_no_sum_would_count_stops_the_push() -> None:
    plan = TEE_IMAGE.plan()
    rows = {objects.PHASE_CONCURRENCY.at(phase) for phase in range(1, TEE_IMAGE.phases + 1)}
    silent = dict.fromkeys((oid for oid in rows if oid.endswith(".4")), None)
    without_4 = replace(TEE_IMAGE, values={**TEE_IMAGE.values, **silent})
    short = replace(plan, cycle_s=35)
    assert any("phaseConcurrency of phase 4" in told for told in obstacles(short, without_4))
    apart = replace(short, rings=((2,), (6,)))
    assert any("phase 4 is timed and stands in no ring" in t for t in obstacles(apart, TEE_IMAGE))
