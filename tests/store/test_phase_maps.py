"""Phase maps: read as they are meant, and clear about what is wrong with them."""

from pathlib import Path

import pytest

from citybrain.errors import InputError
from citybrain.model.aspects import Aspect
from citybrain.store import phase_maps
from citybrain.store.phase_maps import read_phase_maps

EXAMPLE = "\n".join(
    line.removeprefix("    ") for line in (phase_maps.__doc__ or "").partition("::")[2].splitlines()
)


def test_the_example_of_the_docs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "phases.toml"
    path.write_text(EXAMPLE)
    (phase_map,) = read_phase_maps(path).values()
    assert [phase.number for phase in phase_map.phases] == [2, 4]
    assert phase_map.phase(4).clearance_s == 5.0
    assert phase_map.rings(1) == ((2, 4),)
    assert [output.group for output in phase_map.outputs] == ["main", "side"]
    assert phase_map.outputs[1].phases == {4: Aspect.PROTECTED}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("coordinated = [2]", "coordinated = [6]", "J: phase 6 is coordinated, but the unit has"),
        ("[[4]]", "[[5]]", r"sequence 1 serves phases \[2, 5\]"),
        ("yellow_s = 3.0", "yellow_s = 3.05", r"J.phases.2.yellow_s: .*multiple of 0.1"),
        ('"G"', '"r"', "group main follows phases with 'G' or 'g'"),
        ("minimum_green_s", "minimum_green", "J.phases.2.minimum_green_s: field required"),
        ("[J.groups]", "[J.groups", "is not valid TOML"),
    ],
)
def test_a_slip_is_told_by_name(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "phases.toml"
    assert old in EXAMPLE
    path.write_text(EXAMPLE.replace(old, new, 1))
    with pytest.raises(InputError, match=told):
        read_phase_maps(path)
