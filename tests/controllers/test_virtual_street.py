"""Virtual units drive junctions of a SUMO run: their colours and detectors close the loop."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.secrets import V3, Secret
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.engine.area import StudyArea, open_area
from citybrain.engine.virtual_units import Drive, live_street, open_agent, read_installed
from citybrain.ports.controllers import Outcome, Receipt
from citybrain.ports.evaluation import Evaluation
from sim.sumo.evaluator import SumoEvaluator
from sim.sumo.live_junction import LiveSettings
from tests.controllers.virtual_street_kit import SECRET, unit_files
from tests.controllers.virtual_units_kit import MIDNIGHT_S, command, get

pytestmark = pytest.mark.integration
END_S = 600.0


@cache
def area() -> StudyArea:
    whole = open_area(Path("scenarios/crossing_arterials"), "midday", SafetyLimits())
    return replace(whole, scenario=replace(whole.scenario, end_s=END_S))


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    before_s = MIDNIGHT_S - 400
    paths = unit_files(tmp_path, "J1", "J3")
    installed = [read_installed(path, before_s, area()) for path in paths]
    for one in installed:
        command(one.unit, 1)
        one.unit.advance(MIDNIGHT_S - 200)
        one.unit.advance(MIDNIGHT_S - 100)
        one.unit.advance(MIDNIGHT_S)
    with live_street(area(), installed, LiveSettings(step_s=1.0, seed=7)) as street:
        yield Drive(street, installed, MIDNIGHT_S)


def unit(drive: Drive, name: str) -> VirtualUnit:
    return next(one.unit for one in drive.installed if one.file.name == name)


def test_units_that_run_todays_plan_cost_what_todays_programs_cost(drive: Drive) -> None:
    while drive.street.time_s < END_S:
        drive.step()
    driven = drive.street.outcome()
    with SumoEvaluator(area().scenario, area().network, workers=1, timeout_s=120) as evaluator:
        own = evaluator.evaluate([Evaluation(plan=area().running, seed=7)])[0]
    assert all(one.unit.pattern_status == 1 for one in drive.installed)
    assert all(one.unit.monitor.tripped is None for one in drive.installed)
    assert driven.vehicle_count == own.vehicle_count
    assert driven.delay_s == pytest.approx(own.delay_s, rel=0.02)


def test_a_new_plan_changes_the_street_and_the_units_count_it(drive: Drive) -> None:
    controller = unit(drive, "J1")
    controller.database.write(controller.schema.slot(objects.PATTERN_CYCLE_TIME, 2), 60)
    for phase in (2, 4):
        controller.database.write(controller.schema.slot(objects.SPLIT_TIME, 2, phase), 30)
    command(controller, 2)
    greens = []
    while drive.street.time_s < 400:
        drive.step()
        greens.append(drive.street.states["J1"][3] == "G")
    begins = [at for at in range(200, 400) if greens[at] and not greens[at - 1]]
    assert controller.pattern_status == 2
    assert [later - at for at, later in pairwise(begins)] == [60, 60]
    counted = [get(controller, objects.DETECTOR_VOLUME, n) for n in range(1, 9)]
    assert sum(int(each) for each in counted) > 0


def test_a_push_over_snmp_is_proven_and_seen_on_the_street(drive: Drive) -> None:
    """Push, run, measure: the manager is citybrain's own, the street is SUMO."""
    shown = []
    drive.on_step = lambda _: shown.append(drive.street.states["J1"][3])

    async def push() -> Receipt:
        agent = open_agent(drive.installed, time.time)
        running = asyncio.create_task(drive.run(speed=50, until_s=5000))
        credentials = V3(user="writer", auth_key=Secret(SECRET), priv_key=Secret(SECRET))
        wires = Wires(credentials)
        session = SnmpSession("J1", await wires.to("127.0.0.1", agent.ports["J1"]), Patience())
        link = NtcipLink(session)
        own = await link.read_plan(1)
        splits = tuple(replace(each, split_s=35) for each in own.splits)
        try:
            receipt = await link.push(
                replace(own, pattern=2, cycle_s=70, offset_s=5, splits=splits)
            )
            proven_s = drive.street.time_s
            while drive.street.time_s < proven_s + 560:
                await asyncio.sleep(0.1)
            return receipt
        finally:
            running.cancel()
            wires.close()
            agent.close()

    receipt = asyncio.run(push())
    begins = [
        at
        for at in range(len(shown) - 220, len(shown))
        if shown[at] == "G" and shown[at - 1] != "G"
    ]
    assert receipt.outcome is Outcome.RUNS
    assert {later - at for at, later in pairwise(begins)} == {70}
    assert {at % 70 for at in begins} == {5}


def test_in_free_the_street_is_served_by_its_detectors(drive: Drive) -> None:
    controller = unit(drive, "J1")
    controller.switch(Fault.FREE, is_on=True)
    shown = set()
    while drive.street.time_s < 200:
        drive.step()
        shown.add(drive.street.states["J1"][3])
    assert controller.pattern_status == 254
    assert {"G", "y", "r"} <= shown


def test_a_unit_without_power_leaves_its_junction_dark(drive: Drive) -> None:
    unit(drive, "J3").lose_power()
    drive.step()
    assert set(drive.street.states["J3"]) == {"O"}
    assert "O" not in drive.street.states["J1"]
