"""A real SUMO run: loops of both kinds on the same spots, and the turns that vehicles made."""

import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from citybrain.config import SafetyLimits
from citybrain.model.flows import DemandSource, Detector, DetectorKind, Quality
from detectors.feed import FeedClock, count_feed
from detectors.turning import estimate_turning_demand
from sim.sumo.network import read_network
from sim.sumo.run import SUMO_HOME, sumo_binary, sumo_environment
from sim.sumo.tls_reader import read_declarations
from tests.detectors.feeds import START, detector

pytestmark = pytest.mark.integration

NET = SUMO_HOME / "tools" / "game" / "cross" / "cross.net.xml"
APPROACHES = ("1si_0", "1si_1", "1si_2", "2si_0", "2si_1", "2si_2", "3si_0", "3si_1")
APPROACHES += ("4si_0", "4si_1")
EXITS = ("1o_0", "2o_0", "3o_0", "4o_0")
END_S = 3600
CLOCK = FeedClock(start=START, recorded=(START, START + timedelta(seconds=END_S)))


@dataclass(frozen=True)
class Run:
    """Folder with the outputs, and the inventory of the loops."""

    folder: Path
    inventory: tuple[Detector, ...]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("loops")
    loops = [
        f'<inductionLoop id="{lane}.loop" lane="{lane}" pos="-15" period="900" file="e1.xml"/>'
        f'<instantInductionLoop id="{lane}.loop" lane="{lane}" pos="-15" file="instant.xml"/>'
        for lane in APPROACHES + EXITS
    ]
    (folder / "loops.add.xml").write_text(f"<additional>{''.join(loops)}</additional>")
    trips = [
        f'<flow id="{a}{b}" begin="0" end="{END_S - 300}" period="exp(0.0{2 + (a + b) % 3})" '
        f'from="{a}fi" to="{b}fo"/>'
        for a in range(1, 5)
        for b in range(1, 5)
        if a != b
    ]
    (folder / "trips.rou.xml").write_text(f"<routes>{''.join(trips)}</routes>")
    options = ["-n", NET, "-r", "trips.rou.xml", "-a", "loops.add.xml", "--end", str(END_S)]
    subprocess.run(
        [sumo_binary(), *options, "--vehroute-output", "driven.xml", "--seed", "3", "-W"],
        cwd=folder,
        env=sumo_environment(),
        check=True,
        capture_output=True,
    )
    approaches = [detector(f"{lane}.loop", lane) for lane in APPROACHES]
    exits = [detector(f"{lane}.loop", lane, DetectorKind.EXIT, 15.0) for lane in EXITS]
    return Run(folder, (*approaches, *exits))


def test_both_kinds_of_loops_agree_with_each_other_and_with_sumo(run: Run) -> None:
    pulses = count_feed(run.folder / "instant.xml", run.inventory, clock=CLOCK)
    intervals = count_feed(run.folder / "e1.xml", run.inventory, clock=CLOCK)
    assert pulses.repairs.lines == ()
    assert intervals.repairs.lines == ()
    assert pulses.flows.lanes == intervals.flows.lanes
    assert pulses.flows.start == intervals.flows.start == START
    assert set(pulses.flows.quality) == {Quality.BELIEVED}
    entered = np.zeros_like(pulses.flows.count_veh)
    for interval in ET.parse(run.folder / "e1.xml").iter("interval"):
        row = round(float(interval.get("begin", "")) / 900)
        column = intervals.flows.lanes.index(interval.get("id", "").removesuffix(".loop"))
        entered[row, column] = int(interval.get("nVehEntered", ""))
    totals_veh = pulses.flows.count_veh.sum(axis=0)
    for of_sumo in (entered, intervals.flows.count_veh):
        np.testing.assert_array_equal(totals_veh, of_sumo.sum(axis=0))
        # SUMO closes an interval between two steps, a pulse begins within one
        assert np.abs(pulses.flows.count_veh - of_sumo).max() <= 1
    np.testing.assert_allclose(pulses.flows.occupancy, intervals.flows.occupancy, atol=2e-3)


def test_turns_equal_the_driven_ones_where_exits_are_counted(run: Run) -> None:
    flows = count_feed(run.folder / "e1.xml", run.inventory, clock=CLOCK).flows
    network = read_network(NET, read_declarations([NET]), SafetyLimits())
    demand = estimate_turning_demand(flows, network, detectors=run.inventory)
    driven: Counter[str] = Counter()
    for route in ET.parse(run.folder / "driven.xml").iter("route"):
        _, before, after, _ = route.get("edges", "").split()
        driven[f"{before}->{after}"] += 1
    assert demand.unobservable == ()
    sources = Counter(found.source for found in demand.movements.values())
    assert sources == {DemandSource.EXCLUSIVE_LANES: 8, DemandSource.LEAST_SQUARES: 4}
    for name, found in demand.movements.items():
        assert found.flow_vph == pytest.approx(driven[name], abs=3.0), name
