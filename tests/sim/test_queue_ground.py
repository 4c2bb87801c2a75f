"""What of a scenario's options the queue model heeds."""

from dataclasses import replace

import pytest

from sim.queue_model.ground import read_ground
from tests.sim.queue_streets import area


@pytest.mark.parametrize(
    ("told", "patience_s"),
    [((), 300.0), ((("time-to-teleport", "120"),), 120.0), ((("time-to-teleport", "-1"),), 172800)],
)
def test_drivers_are_as_patient_as_the_scenario_says(
    told: tuple[tuple[str, str], ...], patience_s: float
) -> None:
    scene = area()
    scenario = replace(scene.scenario, options=told)

    assert read_ground(scenario, scene.network).patience_s == patience_s
