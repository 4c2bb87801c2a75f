"""Units that safety data tell of bound what is searched."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from citybrain.config import ProofSettings, SafetyLimits, SearchSettings
from citybrain.engine import retiming
from citybrain.engine.area import StudyArea, open_area
from citybrain.engine.bounds import check_feasible, with_safety
from citybrain.errors import InfeasibleError
from citybrain.model.nema.phases import PhaseMap
from citybrain.store.safety import read_safety
from optimizer.retime import Task

pytestmark = pytest.mark.integration

CORRIDOR = Path(__file__).parents[2] / "scenarios" / "corridor"


@pytest.fixture(scope="module")
def corridor() -> StudyArea:
    path = CORRIDOR / "safety.toml"
    area = open_area(CORRIDOR / "corridor.sumocfg", None, SafetyLimits())
    return with_safety(area, read_safety(path), path)


class AskedError(Exception):
    """Stands for a search that would begin now."""


def test_units_of_the_safety_data_reach_the_search(
    corridor: StudyArea, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Mapping[str, PhaseMap]] = []

    def search(task: Task, *_: object, **__: object) -> None:
        asked.append(task.phase_maps)
        raise AskedError

    monkeypatch.setattr(retiming, "retime", search)
    settings = retiming.Settings(search=SearchSettings(), proof=ProofSettings(workers=1))
    with pytest.raises(AskedError):
        retiming.retime_area(
            corridor, None, settings, tmp_path, clock=lambda: 0.0, progress=lambda *_: None
        )
    assert asked == [corridor.phase_maps]
    assert set(corridor.phase_maps) == {"J1", "J2", "J3"}


def test_a_unit_that_cannot_show_the_running_plan_is_refused_before_anything_is_searched(
    corridor: StudyArea,
) -> None:
    unit = corridor.phase_maps["J2"]
    slow = replace(unit, phases=tuple(replace(p, minimum_green_s=120) for p in unit.phases))
    with pytest.raises(InfeasibleError, match=r"J2: .* cycle of 250 s is outside 30 to 180 s"):
        check_feasible(replace(corridor, phase_maps={**corridor.phase_maps, "J2": slow}))
