"""What the reader of programs takes, and what it refuses by name."""

from pathlib import Path

import pytest

from citybrain.errors import InputError
from sim.sumo.groups import signal_groups
from sim.sumo.programs import read_programs
from sim.sumo.tls_reader import read_declarations
from tests.sim.sources import CROSS_NET

TWO_PHASES = '<phase duration="30" state="GGrr"/><phase duration="30" state="rrGG"/>'


def program(content: str, **attributes: str) -> str:
    given = {"id": "J", "type": "static", "programID": "p", "offset": "0"} | attributes
    written = " ".join(f'{name}="{value}"' for name, value in given.items())
    return f"<tlLogic {written}>{content}</tlLogic>"


def written(tmp_path: Path, *programs: str, name: str = "tls.add.xml") -> Path:
    path = tmp_path / name
    path.write_text(f"<additional>{''.join(programs)}</additional>")
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_declarations([path])
    return str(caught.value)


def test_the_program_that_is_loaded_last_runs(tmp_path: Path) -> None:
    path = written(tmp_path, program(TWO_PHASES), program(TWO_PHASES, programID="q"))
    assert read_declarations([path]).active == {"J": "q"}


def test_a_day_plan_overrules_the_program_loaded_last(tmp_path: Path) -> None:
    waut = '<WAUT id="w" startProg="p"/><wautJunction wautID="w" junctionID="J"/>'
    path = written(tmp_path, program(TWO_PHASES), program(TWO_PHASES, programID="q"), waut)
    assert read_declarations([path]).active == {"J": "p"}


def test_a_program_without_phases_moves_the_offset(tmp_path: Path) -> None:
    moved = written(tmp_path, '<tlLogic id="0" programID="0" offset="7"/>')
    library = read_programs(read_declarations([CROSS_NET, moved]))
    assert library.patterns["0", "0"].offset_s == 7.0
    assert library.active == {"0": "0"}


@pytest.mark.parametrize(("offset", "offset_s"), [("-5", 55.0), ("125", 5.0), ("60", 0.0)])
def test_an_offset_is_brought_into_the_cycle(tmp_path: Path, offset: str, offset_s: float) -> None:
    path = written(tmp_path, program(TWO_PHASES, offset=offset))
    assert read_programs(read_declarations([path])).patterns["J", "p"].offset_s == offset_s


@pytest.mark.parametrize(
    "content",
    [
        program(TWO_PHASES, type="delay_based"),
        program(TWO_PHASES, offset="begin"),
        program('<phase duration="30" state="GG" next="0"/><phase duration="3" state="rr"/>'),
    ],
)
def test_a_program_that_does_more_than_repeat_is_no_pattern(tmp_path: Path, content: str) -> None:
    declarations = read_declarations([written(tmp_path, content)])
    assert read_programs(declarations).patterns == {}
    assert declarations.active == {"J": "p"}


def test_groups_are_the_positions_that_agree_in_every_program(tmp_path: Path) -> None:
    other = '<phase duration="30" state="GGrr"/><phase duration="30" state="rrGy"/>'
    path = written(tmp_path, program(TWO_PHASES), program(other, programID="q"))
    groups = signal_groups(read_declarations([path]).patterns_of("J"))
    assert groups == {"1": (0, 1), "2": (2,), "3": (3,)}


BAD = [
    (program('<phase duration="30" state="GqrG"/>'), "program 'p' phase 0: state 'GqrG' holds"),
    (program('<phase duration="30" state="G"/><phase duration="3" state="yy"/>'), "phase 1: state"),
    (program('<phase duration="0" state="G"/>'), "phase 0: duration is 0 s"),
    (program('<phase duration="soon" state="G"/>'), "phase 0: 'soon' is no time"),
    (program('<phase state="G"/>'), "phase 0: element phase has no attribute duration"),
    (program(""), "tlLogic 'J' program 'p': has no phases"),
    (program(TWO_PHASES) * 2, "tlLogic 'J' program 'p': is declared already by"),
    ('<tlLogic id="J" programID="p">' + TWO_PHASES + "</tlLogic>", "has no attribute type"),
    ('<WAUT id="w"/>', "WAUT 'w': element WAUT has no attribute startProg"),
]


@pytest.mark.parametrize(("content", "told"), BAD)
def test_a_bad_program_is_refused_by_name(tmp_path: Path, content: str, told: str) -> None:
    path = written(tmp_path, content)
    message = refused(path)
    assert told in message
    assert str(path) in message
    assert ";" in message


@pytest.mark.parametrize("name", ["cut.add.xml", "cut.add.xml.gz"])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x1f\x8b\x08\x00abc" if name.endswith("gz") else b"<additional><tlLogic")
    assert "copy or export it again" in refused(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist; check the path" in refused(tmp_path / "none.add.xml")


def test_a_program_of_an_included_file_runs(tmp_path: Path) -> None:
    """Names are looked up from the file in which they stand, however deep."""
    for folder in ("outer", "inner"):
        (tmp_path / folder).mkdir()
    waut = '<WAUT id="w" startProg="q"/><wautJunction wautID="w" junctionID="J"/>'
    written(tmp_path / "inner", program(TWO_PHASES, programID="q"), waut)
    written(tmp_path / "outer", '<include href="../inner/tls.add.xml"/>', program(TWO_PHASES))
    path = written(tmp_path, '<include href="outer/tls.add.xml"/>')
    declarations = read_declarations([path])
    assert [one.program for one in declarations.programs] == ["q", "p"]
    assert declarations.active == {"J": "q"}
    (day_plan,) = declarations.day_plans
    assert list(day_plan.intersections) == ["J"]


def test_an_included_file_may_be_the_program_itself(tmp_path: Path) -> None:
    (tmp_path / "one.xml").write_text(program(TWO_PHASES))
    path = written(tmp_path, '<include href="one.xml"/>')
    assert read_declarations([path]).active == {"J": "p"}


def test_a_broken_program_is_told_with_the_file_in_which_it_stands(tmp_path: Path) -> None:
    written(tmp_path, program('<phase duration="0" state="G"/>'), name="inner.xml")
    path = written(tmp_path, '<include href="inner.xml"/>')
    assert refused(path).startswith(f"{tmp_path / 'inner.xml'}: tlLogic 'J' program 'p' phase 0")


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, '<include href="./tls.add.xml"/>')
    assert "tls.add.xml: is included by itself" in refused(path)
    inner = written(tmp_path, '<include href="outer.xml"/>', name="inner.xml")
    path = written(tmp_path, f'<include href="{inner}"/>', name="outer.xml")
    assert "outer.xml: is included by itself" in refused(path)


def test_a_file_that_is_included_and_missing_is_named(tmp_path: Path) -> None:
    assert "nowhere.xml: does not exist" in refused(
        written(tmp_path, '<include href="nowhere.xml"/>')
    )
