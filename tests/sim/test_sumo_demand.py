"""Who of a SUMO demand drives on streets."""

import re
from pathlib import Path

import pytest

from sim.queue_model.sumo_demand import routed_days
from sim.sumo.scenario import open_scenario
from tests.cli.odd_towns import NET, Streets, crossing, scenario

pytestmark = pytest.mark.integration

TRACK = Streets([("T", 500.0, 0.0, "priority"), ("U", 900.0, 0.0, "priority")], [("T", "U")])
DEMAND = """<vType id="train" vClass="rail"/><vType id="wheel" vClass="bicycle"/>
<vehicle id="car" depart="1"><route edges="Jw.J J.Je"/></vehicle>
<vehicle id="ice" type="train" depart="2"><route edges="T.U"/></vehicle>
<vehicle id="rider" type="wheel" depart="3"><route edges="Jw.J J.Je"/></vehicle>"""


def test_trains_on_tracks_of_their_own_are_left_out(tmp_path: Path) -> None:
    config = scenario(tmp_path, crossing("J") + TRACK, DEMAND)
    net = tmp_path / NET
    text, found = re.subn(r'(<lane id="T.U_0" index="0")', r'\1 allow="rail"', net.read_text())
    assert found == 1
    net.write_text(text)

    (day,) = routed_days(open_scenario(config), seeds=(1,), timeout_s=60.0)

    assert [trip.vclass for trip in day] == ["passenger", "bicycle"]
