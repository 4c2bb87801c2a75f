"""The gate as a process and three units over SNMP: dry run, push, a broken unit, roll-back."""

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks._street_kit import gate_process
from citybrain.controllers.virtual.faults import Fault
from tests.cli.towns import Terminal
from tests.engine.unit_street import CORRIDOR, JUNCTIONS, UnitStreet, unit_street

pytestmark = pytest.mark.integration


@dataclass
class Room:
    """A control room: commands with the keys of people, units that can be broken."""

    street: UnitStreet
    terminal: Terminal

    def __call__(self, *words: str, key: str = "", code: int = 0) -> dict[str, Any]:
        told = self.terminal(*self.words(*words, key=key), "--json")
        assert told.code == code, told.errors or told.output
        answer: dict[str, Any] = json.loads(told.output)
        return answer

    def words(self, *words: str, key: str = "") -> tuple[str, ...]:
        folder = self.street.folder
        signed = ("--key", str(folder / f"{key}.key"), "--comment", "tested") if key else ()
        return (*words, "--street", str(folder / "street.toml"), *signed)

    def approved(self, schedule: str = "") -> str:
        """Have the plan proposed and approved, for the units' own clocks if there is a schedule."""
        verdict = str(self.street.folder / "verdict.json")
        plan = str(CORRIDOR / "plan.json")
        more = ("--schedule", schedule) if schedule else ()
        told = self("plan", "propose", plan, "--verdict", verdict, *more, key="anna")
        key = str(told["plan"])
        self("plan", "approve", key, key="berta")
        return key

    def patterns(self) -> dict[str, int]:
        """Return the pattern that each unit says it runs."""
        return {name: one["pattern"] for name, one in self.status().items()}

    def status(self) -> dict[str, dict[str, Any]]:
        """Return what each unit says of itself."""
        told = self.terminal(*self.words("controllers", "status"), "--json")
        units: dict[str, dict[str, Any]] = json.loads(told.output)["units"]
        return units


def outcomes(told: dict[str, Any]) -> dict[str, str]:
    return {one["unit"]: one["outcome"] for one in told["units"]}


@pytest.fixture
def room(tmp_path: Path, terminal: Terminal) -> Iterator[Room]:
    with unit_street(tmp_path) as street:
        yield Room(street, terminal)


def test_a_plan_is_shown_pushed_kept_and_rolled_back(room: Room) -> None:
    key = room.approved()
    dry = room("plan", "push", key)
    assert dry["hindrance"] == ""
    changes = {change["object_name"]: change for change in dry["units"]["J1"]["changes"]}
    assert changes["patternCycleTime.2"] == {
        "object_name": "patternCycleTime.2",
        "old": "0",
        "new": "60",
    }
    assert changes["splitTime.2.2"]["new"] == "38"
    before = room.patterns()
    with gate_process(room.street.folder):
        assert outcomes(room("plan", "push", key, "--really", key="dora")) == dict.fromkeys(
            JUNCTIONS, "RUNS"
        )
        assert room.patterns() == dict.fromkeys(JUNCTIONS, 2)
        assert room("plan", "history")["running"] == dict.fromkeys(JUNCTIONS, key)
        assert room("plan", "push", key)["units"]["J1"]["changes"] == []
        back = room("plan", "rollback", key, "--really", key="dora")
        assert outcomes(back) == dict.fromkeys(JUNCTIONS, "ROLLED_BACK")
    assert room.patterns() == before
    assert room("plan", "history", key)["state"] == "retired"
    assert room("audit", "verify")["faults"] == []


def test_a_unit_that_lies_goes_back_and_the_others_run(room: Room) -> None:
    key = room.approved()
    room.street.fault("J2", Fault.LYING_READBACK)
    with gate_process(room.street.folder):
        told = room("plan", "push", key, "--really", key="dora", code=1)
        assert {name: outcomes(told)[name] for name in ("J1", "J3")} == {"J1": "RUNS", "J3": "RUNS"}
        assert outcomes(told)["J2"] != "RUNS"
        room.street.fault("J2", Fault.LYING_READBACK, is_on=False)
        again = room("plan", "push", key, "--really", "--units", "J2", key="dora")
        assert outcomes(again) == {"J2": "RUNS"}
    assert [alarm["unit"] for alarm in room("plan", "history")["alarms"]][:1] == ["J2"]


def test_a_schedule_starts_the_plan_by_the_units_own_clocks(room: Room) -> None:
    """It is Monday at the units, soon after midnight."""
    key = room.approved("mon-fri 00:00=plan 05:00=1")
    dry = room("plan", "push", key)["units"]["J1"]["changes"]
    changes = {change["object_name"]: change["new"] for change in dry}
    assert changes["dayPlanHour.2.2"] == "5"
    assert changes["timeBaseScheduleDayPlan.2"] == "2"
    room.street.fault("J2", Fault.HALF_STORED)
    with gate_process(room.street.folder):
        told = outcomes(room("plan", "push", key, "--really", key="dora", code=1))
        assert told == {"J1": "RUNS", "J2": told["J2"], "J3": "RUNS"}
        assert told["J2"] != "RUNS"
        seen = {name: (one["control"], one["pattern"]) for name, one in room.status().items()}
        assert seen == {"J1": ("TIMEBASE", 2), "J2": ("TIMEBASE", 1), "J3": ("TIMEBASE", 2)}
        back = room("plan", "rollback", key, "--really", key="dora")
        assert outcomes(back) == {"J1": "ROLLED_BACK", "J3": "ROLLED_BACK"}
    assert set(room.patterns().values()) == {1}


def test_a_plan_whose_time_has_not_come_waits_in_the_unit(room: Room) -> None:
    key = room.approved("mon 00:00=1 23:00=plan")
    with gate_process(room.street.folder):
        told = room("plan", "push", key, "--really", key="dora")
    assert set(outcomes(told).values()) == {"SCHEDULED"}
    assert set(room.patterns().values()) == {1}
    assert room("plan", "push", key)["units"]["J1"]["changes"] == []
    assert room("plan", "history")["running"] == dict.fromkeys(JUNCTIONS, key)


def test_other_safety_times_in_a_unit_stop_its_push(room: Room) -> None:
    key = room.approved()
    room.street.fault("J3", Fault.OTHER_SAFETY_TIMES)
    dry = room("plan", "push", key, code=1)
    assert dry["units"]["J3"]["differences"]
    told = room.terminal(*room.words("plan", "push", key)).output
    assert told.endswith("nothing was written; the gate would not push it to J3\n")
    with gate_process(room.street.folder):
        told = room("plan", "push", key, "--really", key="dora", code=1)
    assert outcomes(told) == {"J1": "RUNS", "J2": "RUNS", "J3": "REFUSED"}


def test_the_kill_switch_reaches_a_gate_at_work(room: Room) -> None:
    key = room.approved()
    with gate_process(room.street.folder):
        room("kill-switch", "on", "--comment", "smoke", "--person", "Otto")
        dry = room("plan", "push", key, code=1)
        assert dry["hindrance"] == "all pushes are stopped by Otto: smoke"
        words = room.words("plan", "push", key, "--really", key="dora")
        told = room.terminal(*words)
        assert (told.code, "stopped by Otto: smoke" in told.complaint) == (1, True)
        room("kill-switch", "off", key="anna")
        assert set(outcomes(room("plan", "push", key, "--really", key="dora")).values()) == {"RUNS"}


def test_what_people_read_names_objects_old_and_new(room: Room) -> None:
    key = room.approved()
    told = room.terminal(*room.words("plan", "push", key))
    assert "J2: " in told.output
    assert "patternCycleTime.2" in told.output
    assert "0 → 60" in told.output
    assert "nothing was written; --really has the gate push it" in told.output
    probed = room.terminal(*room.words("controllers", "probe"))
    assert "citybrain virtual controller 1" in probed.output
    read = room.terminal(*room.words("controllers", "read", "1", "--units", "J1"))
    assert "cycle 80 s, offset 0 s, splits 2: 40, 4: 40" in read.output
    for phase, minimum_s in ((2, 8), (4, 5)):
        green = (
            f"  phase {phase}: minimum green {minimum_s} s, walk 0 s, pedestrian clearance 0 s, "
        )
        assert f"{green}yellow 3.0 s, red clearance 2.0 s\n" in read.output


def test_what_a_unit_lacks_is_told_with_its_consequence(room: Room) -> None:
    room.street.fault("J2", Fault.MISSING_OBJECTS)
    told = room.terminal(*room.words("controllers", "probe", "--units", "J2")).output
    assert "  lacks maxDayPlans.0: no day plan can be written\n" in told
    consequence = "the order of phases is not compared with the plan"
    assert f"  lacks sequenceData.1.1: {consequence}\n" in told


def test_a_unit_that_flashes_is_told_first(room: Room) -> None:
    room.street.fault("J2", Fault.CONFLICT)
    words = room.words("controllers", "status", "--units", "J1,J2")
    until_s = time.monotonic() + 20
    while "J2           FLASHES (mmu), " not in (told := room.terminal(*words)).output:
        assert time.monotonic() < until_s, told.output
    assert told.code == 1
    assert "shortAlarmStatus 130, pattern " in told.output
    assert "J1           pattern " in told.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_gate_that_is_told_to_end_has_not_failed(room: Room, number: signal.Signals) -> None:
    with gate_process(room.street.folder) as process:
        process.send_signal(number)
        assert process.stdout is not None
        told = process.stdout.read()
        assert process.wait(20) == 0
    assert told.endswith(
        "the gate has ended; what it commanded runs until the units' backup time\n"
    )


def test_a_gate_whose_files_others_may_change_does_not_start(
    room: Room, terminal: Terminal
) -> None:
    settings = room.street.folder / "gate-controllers.toml"
    settings.chmod(0o666)
    told = terminal("gate", "run", "--config", room.street.folder / "gate.toml")
    assert (told.code, "may be changed by others" in told.complaint) == (2, True)


def test_the_start_that_makes_the_seal_says_so_and_no_other(room: Room) -> None:
    said = []
    for _ in range(2):
        with gate_process(room.street.folder) as process:
            process.terminate()
            said.append("keep a copy" in process.communicate(timeout=30)[0])
    assert said == [True, False]
