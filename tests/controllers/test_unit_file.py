"""Files of virtual units: each phase is described once, and nothing names one that is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.controllers.virtual.unit_file import unit_file
from citybrain.errors import InputError
from tests.controllers.virtual_units_kit import quad_file


def table(**changes: object) -> dict[str, Any]:
    return quad_file().model_dump() | changes


def pattern(**changes: object) -> list[dict[str, object]]:
    return [{"number": 1, "cycle_s": 90, "splits_s": {2: 45}, "coordinated": [2]} | changes]


def test_a_whole_file_is_taken_as_it_is() -> None:
    assert unit_file(table(), "k1.toml") == quad_file()


SLIPS = [
    ({"rings": [[1, 2, 3, 4, 9], [5, 6, 7, 8]]}, "rings: names phase 9"),
    ({"rings": [[1, 2, 3, 4], [5, 6, 7]]}, "rings: names phase 8 0 times"),
    ({"rings": [[1, 2, 3, 4], [4, 5, 6, 7, 8]]}, "rings: names phase 4 2 times"),
    ({"barriers": []}, "barriers: names phase 1 0 times"),
    ({"barriers": [[1, 2, 5, 6], [3, 4, 7, 8, 9]]}, "barriers: names phase 9"),
    ({"patterns": pattern(coordinated=[9])}, "patterns.0.coordinated: names phase 9"),
    ({"patterns": pattern(splits_s={9: 45})}, "patterns.0.splits_s: names phase 9"),
    ({"patterns": pattern(walks=[9])}, "patterns.0.walks: names phase 9"),
    ({"detectors": {1: 9}}, "detectors: names phase 9"),
    ({"monitor": {"conflicts": [(1, 9)]}}, "monitor.conflicts: names phase 9"),
    ({"phases": [*table()["phases"], table()["phases"][0]]}, "phases: names phase 1 2 times"),
]


@pytest.mark.parametrize(("change", "told"), SLIPS)
def test_a_phase_that_is_misnamed_is_told_with_its_place(
    change: dict[str, object], told: str
) -> None:
    with pytest.raises(InputError, match=f"k1.toml, {told}"):
        unit_file(table(**change), "k1.toml")


@given(left=st.sets(st.integers(min_value=1, max_value=8), max_size=7))
def test_rings_and_barriers_serve_the_phases_that_are_described(left: set[int]) -> None:
    asked = table(phases=[p for p in table()["phases"] if p["number"] not in left])
    asked |= {"patterns": [], "detectors": {}}
    if left:
        with pytest.raises(InputError, match=f"rings: names phase {min(left)}"):
            unit_file(asked, "k1.toml")
    for key in ("rings", "barriers"):
        asked[key] = [[n for n in part if n not in left] for part in asked[key]]
    assert unit_file(asked, "k1.toml").rings == asked["rings"]
