"""Safety data in a file: lossless, and clear about what is wrong with them."""

from dataclasses import replace
from pathlib import Path

import pytest

from citybrain.errors import InfeasibleError, InputError
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.safety import Basis, SafetyData
from citybrain.second_opinion import read_grounds
from citybrain.store.safety import read_safety, safety_of, safety_text, write_safety
from tests.model.nema.units import tee
from tests.second_opinion.kit import safety


def full() -> SafetyData:
    """Return data that use every part of the file."""
    one = safety()
    return replace(
        one,
        intersection=replace(
            one.intersection,
            name='the "old" gate \\ é',
            yielding=frozenset(),
            caveats=("a note",),
        ),
        pedestrian_clearances_s={"2": 4.5},
        changes=frozenset({"yG"}),
        bases={"1": Basis(speed_mps=13.89, way_m=20.5, grade=-0.02)},
        plan_step_s=0.5,
    )


def test_safety_data_survive_their_file(tmp_path: Path) -> None:
    data = {full().intersection.name: full(), "J": safety()}
    write_safety(data, tmp_path / "safety.toml")
    assert read_safety(tmp_path / "safety.toml") == data


def test_both_checkers_can_read_the_file() -> None:
    assert set(read_grounds(safety_text({"J": full()}))) == {full().intersection.name}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('format = "citybrain safety"', "", "is no safety data of version 1"),
        ("cycle_s = [47.0, 47.0]", "cycle_s = [47.0]", "intersections.J.cycle_s.1"),
        ('["1", "2", 6.0]', '["1", "2", -6.0]', "intersections.J.intergreens_s.0.2"),
        ('  ["1", "2", 6.0],\n', "", "no intergreen from 1 to 2"),
        ("yellow_s = 3.0", 'yellow_s = "3.0"', "intersections.J.groups.1.yellow_s"),
        ("yellow_s = 3.0", "yelow_s = 3.0", "intersections.J.groups.1.yelow_s"),
        ('conflicts = [["1", "2"]]', 'conflicts = [["1", "9"]]', "group 9 is named"),
        ("yielding = []", 'yielding = [["1", "2"]]', "only one can be"),
        ("plan_step_s", "plan_step_s = ", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(old: str, new: str, what: str) -> None:
    text = safety_text({"J": safety()})
    assert old in text
    with pytest.raises(InputError) as caught:
        safety_of(text.replace(old, new, 1), "safety.toml")
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_deep_nesting_is_one_line() -> None:
    with pytest.raises(InputError, match="is not valid TOML"):
        safety_of("a = " + "[" * 100_000, "safety.toml")


def test_unsigned_data_are_a_draft() -> None:
    assert safety().is_signed
    assert not replace(safety(), signed_by=" ").is_signed


def on_the_tee(phase_map: PhaseMap, conflict: tuple[str, str]) -> SafetyData:
    """Return data of a T-junction with one conflict and minimum greens of 8 s."""
    one = safety().intersection
    groups = tuple(
        replace(one.groups[0], name=output.group, minimum_green_s=8.0 - output.is_walk)
        for output in phase_map.outputs
        if output.group not in {"2", "7"}
    )
    rest = tuple(replace(one.groups[0], name=name, minimum_green_s=5.0) for name in ("2", "7"))
    names = [output.group for output in phase_map.outputs]
    intersection = replace(
        one,
        groups=tuple(sorted((*groups, *rest), key=lambda group: names.index(group.name))),
        conflicts=frozenset({conflict}),
        intergreens_s={conflict: 5.0, conflict[::-1]: 5.0},
        yellows_s={"1": 4.2},
        red_ambers_s={},
        maximum_reds_s={},
    )
    return SafetyData(intersection=intersection, phase_map=phase_map)


def test_a_unit_that_could_show_a_conflict_is_refused() -> None:
    assert on_the_tee(tee(), ("1", "4")).phase_map == tee()
    with pytest.raises(InfeasibleError, match="groups 1 and 3 conflict, but their phases 2 and 6"):
        on_the_tee(tee(), ("1", "3"))


def test_a_unit_set_below_the_data_is_refused() -> None:
    short = tuple(replace(p, minimum_green_s=7) if p.number == 2 else p for p in tee().phases)
    with pytest.raises(InfeasibleError, match="phase 2 is set to 7 s of green, group 1 asks for 8"):
        on_the_tee(replace(tee(), phases=short), ("1", "4"))


def test_a_phase_map_survives_the_file() -> None:
    text = safety_text({"J": on_the_tee(tee(), ("1", "4"))})
    again = safety_of(text, "safety.toml")
    assert again["J"].phase_map == tee()
    assert safety_text(again) == text
