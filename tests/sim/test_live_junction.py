"""A run with colours from outside: what stays when it cannot start."""

import tempfile
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.errors import InputError
from sim.sumo import live_junction
from sim.sumo.live_junction import LiveSettings, LiveStreet

SCENARIO = Path(__file__).parents[2] / "scenarios" / "crossing_arterials"


def test_a_run_that_cannot_start_leaves_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    area = open_area(SCENARIO, "midday", SafetyLimits())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(live_junction, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="libsumo: is not installed"):
        LiveStreet(area.scenario, area.network, LiveSettings())
    assert list(tmp_path.iterdir()) == []
