"""Delay by a second route: raw tripinfo of a plain SUMO call against what citybrain states."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation
from sim.proof import Study, prove
from sim.sumo.evaluator import SumoEvaluator
from sim.sumo.outcome import RunFiles, read_outcome
from sim.sumo.programs import write_programs
from sim.sumo.routes import SpecialTypes
from tests.sim.raw_runs import CITY, RawRun, departed, raw_run
from tests.sim.sources import CROSS_NET, NO_RESCO, resco_folder

pytestmark = pytest.mark.integration

SECONDS = 900
STUDY = Study(
    scenario="",
    begin_s=0.0,
    end_s=SECONDS,
    demand="",
    detector_fits=(),
    caveats=(),
    versions={},
    hashes={},
)
needs_resco = pytest.mark.skipif(resco_folder() is None, reason=NO_RESCO)


def shortened(config: Path, seconds: int = SECONDS) -> StudyArea:
    area = open_area(config, None, SafetyLimits())
    end_s = area.scenario.begin_s + seconds
    return replace(area, scenario=replace(area.scenario, end_s=end_s))


def resco_config(name: str) -> Path:
    folder = resco_folder()
    assert folder is not None
    return folder / name / f"{name}.sumocfg"


def evaluated(area: StudyArea, plans: Sequence[Plan], seed: int) -> list[Outcome]:
    with SumoEvaluator(
        area.scenario, area.network, workers=1, timeout_s=120.0, with_movements=True
    ) as evaluator:
        return evaluator.evaluate([Evaluation(plan=plan, seed=seed) for plan in plans])


def plain_run(area: StudyArea, folder: Path, seed: int) -> RawRun:
    """Run the untouched configuration up to the area's end."""
    end_s = f"{area.scenario.end_s:g}"
    return raw_run(area.scenario.config, folder, "--end", end_s, "--seed", str(seed))


def assert_told_alike(outcome: Outcome, raw: RawRun) -> None:
    """Compare delay and every count with the raw trips and SUMO's own statistics."""
    assert outcome.mean_delay_s == pytest.approx(raw.mean_delay_s, rel=1e-9)
    assert outcome.vehicle_count == len(raw.trips)
    assert outcome.never_inserted_veh == len(raw.kept_out)
    assert outcome.never_inserted_veh == raw.statistic("vehicles", "waiting")
    assert outcome.unfinished_veh == raw.statistic("vehicles", "running")
    assert outcome.teleports == raw.statistic("teleports", "total")
    assert outcome.collisions == raw.statistic("safety", "collisions")
    inserted = raw.statistic("vehicles", "inserted")
    assert outcome.vehicle_count == inserted + outcome.never_inserted_veh
    assert outcome.stops == sum(int(trip.attrib["waitingCount"]) for trip in raw.trips)


def test_the_verdict_states_the_delay_of_the_raw_trips(tmp_path: Path) -> None:
    area = shortened(CITY / "midday.sumocfg")
    shifted = Plan(
        name="shifted",
        patterns=tuple(
            replace(pattern, offset_s=(pattern.offset_s + 7 * place) % pattern.cycle_s)
            for place, pattern in enumerate(area.running.patterns)
        ),
    )
    seeds = (1, 2)
    with SumoEvaluator(area.scenario, area.network, workers=1, timeout_s=120.0) as evaluator:
        verdict = prove(evaluator, area.network, (area.running, shifted), seeds, STUDY)

    programs = tmp_path / "shifted.add.xml"
    write_programs(shifted, area.network, programs)
    additional = ",".join(map(str, (*area.scenario.additional_files, programs)))
    before = [plain_run(area, tmp_path / f"before-{seed}", seed) for seed in seeds]
    options = ("--end", str(SECONDS), "--additional-files", additional, "--seed")
    after = [
        raw_run(area.scenario.config, tmp_path / f"after-{seed}", *options, str(seed))
        for seed in seeds
    ]
    old_s, new_s = (sum(run.mean_delay_s for run in runs) / 2 for runs in (before, after))
    assert verdict.delay_before_s.mean == pytest.approx(old_s, rel=1e-9)
    assert verdict.delay_after_s.mean == pytest.approx(new_s, rel=1e-9)
    assert verdict.delay_change_s.mean == pytest.approx(new_s - old_s, rel=1e-9)
    assert verdict.saving.mean == pytest.approx((old_s - new_s) / old_s, rel=1e-9)
    assert old_s != new_s
    for outcome, raw in zip((*verdict.running, *verdict.proposed), (*before, *after), strict=True):
        assert_told_alike(outcome, raw)


FLOW_VPH, TRIP_EVERY_S = 2400, 2
END_S = 600


def overfull_cross(folder: Path) -> Path:
    """Write a scenario that wants far more in than its signal lets through."""
    trips = "\n".join(
        f'<trip id="trip.{depart_s}" depart="{depart_s}" from="2fi" to="1fo"/>'
        for depart_s in range(0, END_S + 100, TRIP_EVERY_S)
    )
    (folder / "full.rou.xml").write_text(
        f"""<routes>
        <flow id="flow" from="1fi" to="2fo" begin="0" end="3600" vehsPerHour="{FLOW_VPH}"/>
        {trips}
        </routes>""",
        encoding="utf-8",
    )
    config = folder / "full.sumocfg"
    config.write_text(
        f"""<configuration>
        <net-file value="{CROSS_NET}"/><route-files value="full.rou.xml"/>
        <end value="{END_S}"/><time-to-teleport value="60"/>
        </configuration>""",
        encoding="utf-8",
    )
    return config


def test_vehicles_kept_out_are_charged_until_the_end(tmp_path: Path) -> None:
    area = open_area(overfull_cross(tmp_path), None, SafetyLimits())
    outcome = evaluated(area, [area.running], seed=3)[0]
    raw = plain_run(area, tmp_path / "raw", 3)
    assert_told_alike(outcome, raw)

    flow_every_s = 3600 / FLOW_VPH
    wanted_s = {f"trip.{time_s}": float(time_s) for time_s in range(0, END_S, TRIP_EVERY_S)}
    flow_veh = sum(number * flow_every_s <= END_S - 1 for number in range(END_S))
    wanted_s |= {f"flow.{number}": number * flow_every_s for number in range(flow_veh)}
    assert {trip.attrib["id"] for trip in raw.trips} == wanted_s.keys()

    for kind in ("trip", "flow"):
        kept_out = [trip for trip in raw.kept_out if trip.attrib["id"].startswith(kind)]
        assert len(kept_out) > 20
        charged_s = sum(float(trip.attrib["departDelay"]) for trip in kept_out)
        owed_s = sum(END_S - wanted_s[trip.attrib["id"]] for trip in kept_out)
        assert charged_s == pytest.approx(owed_s, abs=0.01 * len(kept_out))
        assert all(float(trip.attrib["timeLoss"]) == 0 for trip in kept_out)


RECKLESS = """<vType id="reckless" jmDriveAfterRedTime="1000" jmIgnoreFoeProb="1"
    jmIgnoreJunctionFoeProb="1"/>"""


def reckless_cross(folder: Path, *options: str) -> StudyArea:
    """Write a scenario of drivers who heed neither signals nor each other, and open it."""
    ways = (("1fi", "2fo"), ("2fi", "1fo"), ("3fi", "4fo"), ("4fi", "3fo"))
    flows = "".join(
        f'<flow id="{start}" type="reckless" from="{start}" to="{end}" begin="0" end="600"'
        ' period="6"/>'
        for start, end in ways
    )
    (folder / "wild.rou.xml").write_text(f"<routes>{RECKLESS}{flows}</routes>", encoding="utf-8")
    config = folder / "wild.sumocfg"
    config.write_text(
        f"""<configuration>
        <net-file value="{CROSS_NET}"/><route-files value="wild.rou.xml"/><end value="{END_S}"/>
        <collision.check-junctions value="true"/>{"".join(options)}
        </configuration>""",
        encoding="utf-8",
    )
    return open_area(config, None, SafetyLimits())


def test_teleports_and_collisions_are_those_that_sumo_counts(tmp_path: Path) -> None:
    area = reckless_cross(
        tmp_path, '<time-to-teleport value="15"/>', '<collision.action value="teleport"/>'
    )
    outcome = evaluated(area, [area.running], seed=6)[0]
    assert_told_alike(outcome, plain_run(area, tmp_path / "raw", 6))
    assert outcome.teleports > 0
    assert outcome.collisions > 0


def test_vehicles_that_sumo_takes_out_are_charged_until_the_end(tmp_path: Path) -> None:
    area = reckless_cross(tmp_path, '<collision.action value="remove"/>')
    outcome = evaluated(area, [area.running], seed=7)[0]
    raw = plain_run(area, tmp_path / "raw", 7)
    taken_out = [trip for trip in raw.trips if trip.get("vaporized") == "collision"]
    assert len(taken_out) > 10
    owed_s = sum(END_S - float(trip.attrib["arrival"]) for trip in taken_out)
    assert outcome.mean_delay_s == pytest.approx(raw.mean_delay_s + owed_s / len(raw.trips))
    assert outcome.unfinished_veh == raw.statistic("vehicles", "running") + len(taken_out)


@needs_resco
def test_a_gridlocked_network_is_charged_for_everyone(tmp_path: Path) -> None:
    area = shortened(resco_config("arterial4x4"))
    outcome = evaluated(area, [area.running], seed=4)[0]
    raw = plain_run(area, tmp_path / "raw", 4)
    assert_told_alike(outcome, raw)
    routes = ElementTree.parse(area.scenario.route_files[0]).getroot()
    wanted_s = {
        vehicle.attrib["id"]: float(vehicle.attrib["depart"])
        for vehicle in routes.iter("vehicle")
        if float(vehicle.attrib["depart"]) <= SECONDS - 1
    }
    assert {trip.attrib["id"] for trip in raw.trips} == wanted_s.keys()
    assert raw.kept_out
    for trip in raw.kept_out:
        owed_s = SECONDS - wanted_s[trip.attrib["id"]]
        assert float(trip.attrib["departDelay"]) == pytest.approx(owed_s, abs=0.01)


def assert_same_as_untouched(area: StudyArea, folder: Path, seed: int) -> None:
    """Compare the running plan, written as a program, with the scenario as it is."""
    outcome = evaluated(area, [area.running], seed)[0]
    raw = plain_run(area, folder / "raw", seed)
    untouched = read_outcome(
        RunFiles(trips=raw.trips_file, statistics=raw.statistics_file, routes=raw.routes_file),
        seed=seed,
        end_s=area.scenario.end_s,
        network=area.network,
        types=SpecialTypes(frozenset({"bicycle"}), frozenset({"bus"})),
    )
    assert outcome == untouched
    assert outcome.movement_delay_s
    assert_told_alike(outcome, raw)


def test_the_running_plan_is_the_untouched_city(tmp_path: Path) -> None:
    area = shortened(CITY / "morning.sumocfg")
    assert_same_as_untouched(area, tmp_path, seed=11)


@needs_resco
def test_the_running_plan_is_the_untouched_cologne(tmp_path: Path) -> None:
    area = shortened(resco_config("cologne1"))
    assert_same_as_untouched(area, tmp_path, seed=12)


def test_walkers_and_bicycles_are_told_from_the_raw_trips(tmp_path: Path) -> None:
    area = shortened(CITY / "morning.sumocfg", 600)
    outcome = evaluated(area, [area.running], seed=5)[0]
    raw = plain_run(area, tmp_path / "raw", 5)
    root = ElementTree.parse(raw.trips_file).getroot()
    lost_s = [
        sum(float(walk.get("timeLoss", "0")) for walk in person.iter("walk"))
        for person in root.iter("personinfo")
        if departed(person)
    ]
    assert outcome.walker_count == len(lost_s) > 0
    assert outcome.walking_delay_s == pytest.approx(sum(lost_s))
    assert outcome.longest_walking_delay_s == pytest.approx(max(lost_s))
    bicycles = [trip for trip in raw.trips if trip.attrib["id"].startswith("bicycle.")]
    assert outcome.bicycle_count == len(bicycles) > 0
    assert outcome.bicycle_delay_s == pytest.approx(
        sum(float(b.attrib["timeLoss"]) + float(b.attrib["departDelay"]) for b in bicycles)
    )
