"""Both checkers refuse the same damage, each in one line with group, second and limit."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from citybrain.errors import InfeasibleError
from citybrain.model.safety import SafetyData
from citybrain.second_opinion.ground import read_grounds
from citybrain.second_opinion.judging import judge
from citybrain.store.safety import safety_text
from tests.model.nema.units import tee
from tests.second_opinion.kit import changed, content, first, safety, second, walking, window

GOLDEN = Path(__file__).with_name("refusals.json")


def _meeting(**more: Any) -> SafetyData:
    """Return data in which the two groups may be green together."""
    data = safety()
    asked = replace(
        data.intersection,
        conflicts=frozenset(),
        intergreens_s={},
        maximum_reds_s={},
        **{key: value for key, value in more.items() if key != "overlaps_s"},
    )
    return replace(
        data,
        intersection=asked,
        red_clearances_s={},
        overlaps_s=more.get("overlaps_s", {}),
    )


GREEN, YELLOW = 1, 2
PAIR = frozenset({("1", "2")})
EARLY = changed(*window(1), "start_s", to=10.0)
DAMAGES: dict[str, tuple[dict[str, Any], SafetyData]] = {
    "1 no pattern": (content() | {"patterns": []}, safety()),
    "2 groups": (changed("groups", to=content()["patterns"][0]["groups"][:1]), safety()),
    "3 cycle": (
        changed("cycle_s", to=48.0),
        replace(
            safety(),
            intersection=replace(safety().intersection, maximum_reds_s={}),
        ),
    ),
    "4 steps": (changed("offset_s", to=0.5), safety()),
    "4 steps of a change": (changed(*window(0), "start_s", to=0.04), safety()),
    "5 conflict": (EARLY, safety()),
    "6 intergreen": (changed(*window(1), "start_s", to=25.9), safety()),
    "7 yielding": (EARLY, _meeting(yielding=PAIR)),
    "8 separation": (
        content(),
        _meeting(yielding=PAIR, protections_s={("1", "2"): 6.1}),
    ),
    "9 overlap": (EARLY, _meeting(overlaps_s={("1", "2"): 9.9})),
    "10 minimum green": (
        changed(*window(1), "segments", GREEN, "duration_s", to=14.9),
        safety(),
    ),
    "11 pedestrian clearance": (content(), walking(safety())),
    "12 change": (changed(*window(0), "segments", YELLOW, "aspect", to="u"), safety()),
    "13 yellow": (changed(*window(0), "segments", YELLOW, "duration_s", to=2.9), safety()),
    "14 red-amber": (
        changed(
            *window(0),
            "segments",
            to=content()["patterns"][0]["groups"][0]["windows"][0]["segments"][1:],
        ),
        safety(),
    ),
    "15 red clearance": (
        changed(*window(0), "segments", YELLOW, "duration_s", to=4.1),
        replace(safety(), red_clearances_s={"1": 3.0}),
    ),
    "15 promised red clearance": (changed(*window(0), "red_clearance_s", to=3.1), safety()),
    "16 maximum red": (
        content(),
        replace(
            safety(),
            intersection=replace(safety().intersection, maximum_reds_s={"1": 26.9}),
        ),
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damage_is_refused_in_the_known_words(name: str, request: pytest.FixtureRequest) -> None:
    plan, data = DAMAGES[name]
    found = {"first": first(plan, data)[0], "second": second(plan, data)[0]}
    known = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    if request.config.getoption("--update-golden"):
        text = json.dumps(known | {name: found}, indent=1, sort_keys=True)
        GOLDEN.write_text(text + "\n", encoding="utf-8")
        known[name] = found
    assert found == known[name]
    number = int(name.split(maxsplit=1)[0])
    assert any(f"breaks rule {number} " in line for line in found["second"])


def test_a_plan_that_just_keeps_every_rule_passes_both() -> None:
    assert first(content(), safety())[0] == []
    assert second(content(), safety())[0] == []


def test_a_plan_that_the_unit_cannot_show_is_refused_by_the_first() -> None:
    data = safety()
    pairs = replace(data.intersection, conflicts=frozenset(), intergreens_s={})
    other = replace(pairs, groups=tuple(
        replace(data.intersection.groups[0], name=o.group, minimum_green_s=1.0)
        for o in tee().outputs
    ), maximum_reds_s={}, yellows_s={}, red_ambers_s={})  # fmt: skip
    unit = replace(data, intersection=other, phase_map=tee(), red_clearances_s={},
                   changes=frozenset({"rr"}))  # fmt: skip
    plan = changed("groups", to=[{"group": o.group, "windows": []} for o in tee().outputs])
    (line,) = first(plan, unit)[0]
    assert line.startswith("J: group")
    assert "what the controller can run" in line


@pytest.mark.parametrize("colour", "oO")
def test_no_group_starts_to_flash_whatever_changes_the_data_allow(colour: str) -> None:
    """What may be green beside a group that flashes for a while, nobody has said."""
    with pytest.raises(InfeasibleError, match=f"'y{colour}': a group that flashes or is dark"):
        replace(safety(), changes=frozenset({f"y{colour}"}))
    arrow = replace(safety(), changes=frozenset({"ys", "sr"}))
    segments = content()["patterns"][0]["groups"][1]["windows"][0]["segments"]
    flashing = (
        safety_text({"J": arrow}).replace('"ys"', f'"y{colour}"').replace('"sr"', f'"{colour}r"')
    )
    for aspect, text, is_refused in (
        ("s", safety_text({"J": arrow}), False),
        (colour, flashing, True),
    ):
        more = [*segments, {"aspect": aspect, "duration_s": 1.0}]
        plan = json.dumps(changed(*window(1), "segments", to=more))
        assert (12 in {found.rule for found in judge(plan, read_grounds(text))}) is is_refused
