"""Plan files: lossless, byte-stable, and clear about what is wrong with them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from citybrain.errors import InputError
from citybrain.model.plan import Plan, Provenance
from citybrain.store.plan_format import plan_schema
from citybrain.store.plans import plan_text, read_plan, write_plan
from tests.model.crossroads import Crossroads
from tests.model.strategies import plans

SCHEMA = Path(__file__).parents[2] / "docs" / "plan.schema.json"


def example() -> Plan:
    provenance = Provenance(
        inputs={"network": "ab12"},
        settings={"seconds_budget": 60.0, "seed": 1},
        versions={"sumo": "1.28.0"},
        seeds=(1001, 1002),
        evaluations=40,
    )
    return Plan(name="morning", patterns=(Crossroads().pattern(),), provenance=provenance)


@given(plans())
def test_a_plan_survives_its_file(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> None:
    path = tmp_path_factory.getbasetemp() / "any.plan.json"
    write_plan(plan, path)
    again = read_plan(path)
    assert again == plan
    assert plan_text(again) == path.read_text(encoding="utf-8")


def test_equal_plans_give_equal_bytes(tmp_path: Path) -> None:
    write_plan(example(), tmp_path / "a.json")
    write_plan(example(), tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_the_published_schema_is_current() -> None:
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert published == plan_schema(), "write plan_schema() to docs/plan.schema.json"


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file where a folder should be")
    with pytest.raises(InputError, match="cannot be written"):
        write_plan(example(), tmp_path / "folder" / "plan.json")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_keeps_the_earlier_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    path.write_text("earlier")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"No space left on device.*free space"):
        write_plan(example(), path)
    assert path.read_text() == "earlier"
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.json"]


def _window(content: dict[str, Any]) -> dict[str, Any]:
    window: dict[str, Any] = content["patterns"][0]["groups"][1]["windows"][0]
    return window


def _later_version(content: dict[str, Any]) -> None:
    content["version"] = 2


def _unknown_key(content: dict[str, Any]) -> None:
    _window(content)["colour"] = "green"


def _unknown_letter(content: dict[str, Any]) -> None:
    _window(content)["segments"][0]["aspect"] = "q"


def _negative_time(content: dict[str, Any]) -> None:
    _window(content)["segments"][1]["duration_s"] = -3


def _too_long(content: dict[str, Any]) -> None:
    _window(content)["segments"][1]["duration_s"] = 500


def _twice(content: dict[str, Any]) -> None:
    content["patterns"] *= 2


def _no_cycle(content: dict[str, Any]) -> None:
    del content["patterns"][0]["cycle_s"]


BAD = [
    (_later_version, "version is 2, this citybrain reads 1"),
    (_unknown_key, r"patterns 0 \(J\) groups 1 \(2\) windows 0 colour.*not permitted"),
    (_unknown_letter, r"groups 1 \(2\) windows 0 segments 0 aspect"),
    (_negative_time, r"segments 1 duration_s.*greater than 0"),
    (_too_long, r"pattern of J: J: group 2: window .* reaches into"),
    (_twice, "plan morning holds an intersection twice"),
    (_no_cycle, r"patterns 0 \(J\) cycle_s.*required"),
]


@pytest.mark.parametrize(("spoil", "told"), BAD)
def test_a_bad_plan_is_refused_by_name(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], None], told: str
) -> None:
    path = tmp_path / "plan.json"
    content = json.loads(plan_text(example()))
    spoil(content)
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=told) as caught:
        read_plan(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (plan_text(example())[:200], "is no complete JSON"),
        ("[]", "is no plan of citybrain"),
        ('{"format": "citybrain verdict 1"}', "is no plan of citybrain"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        read_plan(path)


def test_a_missing_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist; check the path"):
        read_plan(tmp_path / "none.json")


def test_deep_nesting_and_doubled_names_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    for text, what in (
        ("[" * 200_000, "is nested too deeply"),
        ('{"name": 1, "name": 2}', "a name stands twice"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=what) as caught:
            read_plan(path)
        assert "\n" not in str(caught.value)
