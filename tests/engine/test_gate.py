"""The gate: it takes only what was signed, approved and proven, and the ledger tells the truth."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from citybrain.engine.approval import approve, propose, reject
from citybrain.engine.approval_desk import find_plan, signed_by
from citybrain.engine.gate import Carried, Gate
from citybrain.engine.gate_recovery import settle_unfinished
from citybrain.engine.pushing import UnitResult
from citybrain.errors import CitybrainError, InputError, UnsafePlanError
from citybrain.model.approval import State
from citybrain.model.network import Network
from citybrain.model.statements import Act, Signed
from citybrain.ports.controllers import (
    DaySchedule,
    Listener,
    Receipt,
    Step,
    StepNote,
    UnitPlan,
    no_listener,
)
from citybrain.store.ledger.audit import verify_audit
from citybrain.store.ledger.pushes import open_alarms, pushes_of, running
from citybrain.store.ledger.stops import set_stop, stop_by_file
from tests.engine.approval_kit import Office, better_plan, office, proposal, tamper
from tests.engine.fake_units import AT, FakeFleet, FakeUnit, Killed, restarted
from tests.model.crossroads import Crossroads
from tests.report import builders

UNITS = ("K1", "K2", "K3")


@dataclass
class Yard:
    """A gate with three units, and an approved plan."""

    at_work: Office
    fleet: FakeFleet
    gate: Gate
    key: str

    def order(
        self, act: Act = Act.PUSH, key: str = "", who: str = "dora", units: tuple[str, ...] = ()
    ) -> Signed:
        plan = find_plan(self.at_work.desk, key or self.key)
        return signed_by(self.at_work.desk, self.at_work.keys[who], act, plan, ("go", units))

    def carry_out(self, order: Signed) -> Carried:
        return asyncio.run(self.gate.carry_out(order, quiet))

    def state(self, key: str = "") -> State:
        return find_plan(self.at_work.desk, key or self.key).state

    def runs(self) -> dict[str, str]:
        with self.at_work.desk.ledger.reading() as connection:
            return {unit: row.plan_hash for unit, row in running(connection).items()}

    def alarms(self) -> list[tuple[object, object]]:
        with self.at_work.desk.ledger.reading() as connection:
            return [(alarm["unit"], alarm["kind"]) for alarm in open_alarms(connection)]


def quiet(unit: str, what: str, result: UnitResult | None = None) -> None:
    """Hear nothing."""


def network() -> Network:
    roads = Crossroads()
    asked = replace(
        roads.intersection(), minimum_cycle_s=30.0, maximum_cycle_s=120.0, maximum_reds_s={}
    )
    return replace(builders.arterial(()), intersections={"J": asked})


def approved(at_work: Office, green_s: float = 23.0) -> str:
    plan = proposal(better_plan(green_s=green_s))
    key = propose(at_work.desk, plan, at_work.keys["anna"], "less delay").hash
    approve(at_work.desk, key, at_work.keys["berta"], "looks right")
    return key


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with office(tmp_path) as at_work:
        fleet = FakeFleet({unit: FakeUnit(unit) for unit in UNITS}, network())
        yield Yard(at_work, fleet, Gate(desk=at_work.desk, fleet=fleet), approved(at_work))


def test_an_approved_plan_is_pushed_to_every_unit(yard: Yard) -> None:
    carried = yard.carry_out(yard.order())
    assert carried.is_done
    assert {unit.cycle_s for unit in yard.fleet.units.values()} == {50}
    assert yard.state() is State.ACTIVE
    assert yard.runs() == dict.fromkeys(UNITS, yard.key)
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


def test_each_unit_fails_on_its_own(yard: Yard) -> None:
    yard.fleet.units["K1"].is_silent = True
    yard.fleet.units["K2"].breaks_at = Step.PROVE
    carried = yard.carry_out(yard.order())
    told = {result.unit: result.outcome for result in carried.results}
    assert told == {"K1": "REFUSED", "K2": "ROLLED_BACK", "K3": "RUNS"}
    assert not carried.is_done
    assert yard.runs() == {"K3": yard.key}
    assert yard.fleet.units["K2"].cycle_s == 47
    assert yard.alarms() == [("K2", "rolled_back")]
    with yard.at_work.desk.ledger.reading() as connection:
        (push,) = pushes_of(connection, yard.key)
    assert push["ended_at"]


def test_a_unit_that_gets_in_step_keeps_no_other_waiting(yard: Yard) -> None:
    all_are_written = asyncio.Event()
    written: list[str] = []

    class Slow(FakeUnit):
        async def push(
            self,
            plan: UnitPlan,
            schedule: DaySchedule | None = None,
            listener: Listener = no_listener,
        ) -> Receipt:
            receipt = await super().push(plan, schedule, listener)
            written.append(self.unit)
            if len(written) == len(UNITS):
                all_are_written.set()
            await asyncio.wait_for(all_are_written.wait(), 5)
            return receipt

    yard.gate.at_once = 1
    yard.fleet.units = {unit: Slow(unit) for unit in UNITS}
    assert yard.carry_out(yard.order()).is_done


class Busy:
    """Counts the units that are written to at the same time."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def write(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.002)
        self.now -= 1


@pytest.mark.parametrize("at_once", [1, 2])
def test_units_that_fail_together_go_back_a_few_at_a_time(yard: Yard, at_once: int) -> None:
    """All are written to, look for their proof together, and find none."""
    there, back = Busy(), Busy()
    all_look = asyncio.Barrier(len(UNITS))

    class Failing(FakeUnit):
        async def push(
            self,
            plan: UnitPlan,
            schedule: DaySchedule | None = None,
            listener: Listener = no_listener,
        ) -> Receipt:
            former = (await super().push(plan)).former
            for step in (Step.OPEN, Step.PROVE, Step.ABORT, Step.PROVE):
                waited = listener(StepNote(unit=self.unit, step=step, at=AT, former=former))
                if waited is not None:
                    await waited
                if step is Step.PROVE:
                    await all_look.wait()
                else:
                    await (there if step is Step.OPEN else back).write()
            return await self.rollback(former)

    yard.gate.at_once = at_once
    yard.fleet.units = {unit: Failing(unit) for unit in UNITS}
    outcomes = {result.outcome for result in yard.carry_out(yard.order()).results}
    assert outcomes == {"ROLLED_BACK"}
    assert (there.most, back.most) == (at_once, at_once)


def test_an_order_may_name_its_units(yard: Yard) -> None:
    carried = yard.carry_out(yard.order(units=("K2",)))
    assert [result.unit for result in carried.results] == ["K2"]
    assert yard.runs() == {"K2": yard.key}
    with pytest.raises(UnsafePlanError, match="unit K9 has no part in this plan"):
        yard.carry_out(yard.order(units=("K9",)))


def test_no_order_is_carried_out_twice(yard: Yard) -> None:
    order = yard.order()
    yard.carry_out(order)
    with pytest.raises(UnsafePlanError, match="carried out before"):
        yard.carry_out(order)


class Followed:
    """Notes whether units are kept under control."""

    is_kept = True

    async def let_go(self, units: object) -> None:
        self.is_kept = False

    def follow(self) -> None:
        self.is_kept = True


def test_an_order_that_is_refused_late_leaves_no_unit_without_control(yard: Yard) -> None:
    order = yard.order()
    yard.carry_out(order)
    yard.gate.watch = watch = Followed()
    with pytest.raises(UnsafePlanError, match="carried out before"):
        yard.carry_out(order)
    assert watch.is_kept


@pytest.mark.parametrize("minutes", [2, -2])
def test_an_order_must_be_fresh(yard: Yard, minutes: int) -> None:
    order = yard.order()
    yard.at_work.clock.instant += timedelta(minutes=minutes)
    with pytest.raises(UnsafePlanError, match="s old; sign a new one"):
        yard.carry_out(order)


def refused(yard: Yard, order: Signed, told: str) -> None:
    with pytest.raises(CitybrainError, match=told):
        yard.carry_out(order)
    assert [unit.sets for unit in yard.fleet.units.values()] == [0, 0, 0]
    assert yard.fleet.opened == 0, "no link that may write was opened"


def test_a_plan_that_is_not_approved_is_refused(yard: Yard) -> None:
    desk, keys = yard.at_work.desk, yard.at_work.keys
    key = propose(desk, proposal(better_plan(green_s=24.0)), keys["anna"], "next").hash
    refused(yard, yard.order(key=key), "is proven, must be approved")


def test_a_rejected_plan_is_refused(yard: Yard) -> None:
    order = yard.order()
    reject(yard.at_work.desk, yard.key, yard.at_work.keys["carl"], "school")
    refused(yard, order, "is rejected")


def test_an_unsafe_plan_is_refused_though_people_approved_it(yard: Yard) -> None:
    refused(yard, yard.order(key=approved(yard.at_work, green_s=10.0)), "minimum green")


def test_an_order_of_somebody_who_may_not_push_is_refused(yard: Yard) -> None:
    with pytest.raises(UnsafePlanError, match="key berta of Berta Oz may not push"):
        yard.order(who="berta")
    plan = find_plan(yard.at_work.desk, yard.key)
    dora = yard.order()
    forged = yard.at_work.keys["berta"].sign(
        replace(
            yard.at_work.desk.register.vouch(dora).statement, person="Berta Oz", comment="sneak"
        )
    )
    assert plan.state is State.APPROVED
    refused(yard, forged, "needs a key with the role 'push'")


def test_a_changed_order_is_refused(yard: Yard) -> None:
    order = yard.order(units=("K1",))
    refused(yard, replace(order, statement=order.statement.replace("K1", "K2")), "did not sign")


def test_an_approval_is_no_order(yard: Yard) -> None:
    plan = find_plan(yard.at_work.desk, yard.key)
    refused(yard, plan.signed[-1], "says push or roll back, not 'approve'")


def test_a_log_that_was_changed_stops_the_gate(yard: Yard) -> None:
    order = yard.order()
    tamper(yard.at_work.desk, "UPDATE audit SET who = 'x' WHERE number = 2")
    refused(yard, order, "the audit log is not whole: record 2 was changed")


def test_a_table_changed_past_the_log_stops_the_gate(yard: Yard) -> None:
    order = yard.order()
    tamper(yard.at_work.desk, "UPDATE documents SET content = replace(content, '23', '33')")
    refused(yard, order, "the audit log is not whole: document")


@pytest.mark.parametrize("kind", ["file", "ledger", "damaged file"])
def test_the_kill_switch_stops_every_order(yard: Yard, kind: str) -> None:
    street = yard.at_work.desk.street
    order = yard.order()
    if kind == "file":
        stop_by_file(street.kill_file, "anna", "smoke", "now")
    elif kind == "ledger":
        set_stop(yard.at_work.desk.ledger, "anna", "smoke", is_on=True)
    else:
        street.kill_file.write_text("")
    refused(yard, order, "all pushes are stopped")


@pytest.mark.parametrize("step", [Step.READ, Step.OPEN, Step.WRITE, Step.ACTIVATE, Step.PROVE])
def test_the_kill_switch_stops_between_any_two_steps(yard: Yard, step: Step) -> None:
    street = yard.at_work.desk.street

    def stop_at(unit: str, what: str, result: UnitResult | None = None) -> None:
        if what == step.value:
            stop_by_file(street.kill_file, "anna", "smoke", "now")

    yard.gate.at_once = 1
    carried = asyncio.run(yard.gate.carry_out(yard.order(), stop_at))
    finished = [result.outcome for result in carried.results].count("RUNS")
    assert finished == (1 if step is Step.PROVE else 0)
    for unit in yard.fleet.units.values():
        assert (unit.cycle_s, unit.pattern) in {(47, 0), (50, 7)}
    assert all("smoke" in r.reason for r in carried.results if r.outcome != "RUNS")


def test_a_roll_back_brings_every_unit_back(yard: Yard) -> None:
    yard.carry_out(yard.order())
    second = approved(yard.at_work, green_s=25.0)
    yard.carry_out(yard.order(key=second))
    assert (yard.state(), yard.state(second)) == (State.RETIRED, State.ACTIVE)
    assert yard.carry_out(yard.order(Act.ROLL_BACK, second)).is_done
    assert (yard.state(), yard.state(second)) == (State.ACTIVE, State.RETIRED)
    assert {unit.cycle_s for unit in yard.fleet.units.values()} == {50}
    assert yard.carry_out(yard.order(Act.ROLL_BACK)).is_done
    assert yard.state() is State.RETIRED
    assert {(unit.cycle_s, unit.pattern) for unit in yard.fleet.units.values()} == {(47, 0)}
    assert set(yard.runs().values()) == {""}
    yard.at_work.clock.instant += timedelta(seconds=1)
    with pytest.raises(UnsafePlanError, match="nothing to roll back"):
        yard.carry_out(yard.order(Act.ROLL_BACK))
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


def test_a_unit_that_is_back_with_something_left_behind_is_known_to_be_back(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former plan runs, a pattern that does not run could not be restored."""
    yard.carry_out(yard.order())
    back = FakeUnit.rollback

    async def imperfect(self: FakeUnit, *arguments: object) -> Receipt:
        return replace(await back(self, *arguments), reason="values were left")

    monkeypatch.setattr(FakeUnit, "rollback", imperfect)
    carried = yard.carry_out(yard.order(Act.ROLL_BACK))
    assert not carried.is_done
    assert yard.runs() == dict.fromkeys(UNITS, "")
    assert yard.state() is State.RETIRED


def test_a_plan_that_one_unit_still_runs_stays_active(yard: Yard) -> None:
    yard.carry_out(yard.order())
    second = approved(yard.at_work, green_s=25.0)
    yard.carry_out(yard.order(key=second, units=("K1", "K2")))
    assert (yard.state(), yard.state(second)) == (State.ACTIVE, State.ACTIVE)


WHOLE = {
    Step.READ: (47, 0),
    Step.OPEN: (47, 0),
    Step.WRITE: (47, 0),
    Step.STORE: (47, 0),
    Step.ACTIVATE: (50, 7),
    Step.PROVE: (50, 7),
    Step.ABORT: (47, 0),
}


@pytest.mark.parametrize("step", list(WHOLE))
def test_a_gate_that_dies_in_any_step_leaves_a_whole_plan_and_a_true_ledger(
    yard: Yard, step: Step
) -> None:
    yard.fleet.units["K2"].dies_at = step
    yard.gate.at_once = 1
    act = Act.PUSH
    if step is Step.ABORT:
        yard.carry_out(yard.order())
        act = Act.ROLL_BACK
    with pytest.raises(Killed):
        yard.carry_out(yard.order(act))
    yard.fleet.units = {unit: restarted(fake) for unit, fake in yard.fleet.units.items()}
    results = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    unit = yard.fleet.units["K2"]
    assert (unit.cycle_s, unit.pattern) == WHOLE[step]
    assert [r.unit for r in results] == ([] if step is Step.READ else ["K2"])
    is_new = WHOLE[step] == (50, 7)
    assert yard.runs().get("K2", "") == (yard.key if is_new else "")
    assert yard.runs()["K1"] == (yard.key if act is Act.PUSH else "")
    assert asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet)) == ()
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


@pytest.mark.parametrize("dies_at", [None, Step.OPEN])
def test_a_unit_that_was_free_keeps_its_command_and_is_not_said_to_run_a_plan(
    yard: Yard, dies_at: Step | None
) -> None:
    """Whether the push that fails there ends by itself or with the gate."""
    yard.carry_out(yard.order())
    second = approved(yard.at_work, green_s=25.0)
    unit = yard.fleet.units["K2"]
    unit.is_running, unit.breaks_at, unit.dies_at = False, Step.STORE, dies_at
    order = yard.order(key=second, units=("K2",))
    if dies_at is None:
        yard.carry_out(order)
    else:
        with pytest.raises(Killed):
            yard.carry_out(order)
        asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    with yard.at_work.desk.ledger.reading() as connection:
        row = running(connection)["K2"]
    assert (row.plan_hash, row.pattern) == ("", 7)
    assert ("K2", "not running") in yard.alarms()


def test_a_unit_that_somebody_else_commands_is_known_to_run_nothing(yard: Yard) -> None:
    yard.carry_out(yard.order())
    unit = yard.fleet.units["K2"]
    unit.pattern, unit.breaks_at = 9, Step.STORE
    yard.carry_out(yard.order(key=approved(yard.at_work, green_s=25.0), units=("K2",)))
    assert unit.pattern == 9
    assert yard.runs()["K2"] == ""


def test_a_unit_that_stays_silent_after_a_death_stays_open(yard: Yard) -> None:
    yard.fleet.units["K1"].dies_at = Step.WRITE
    with pytest.raises(Killed):
        yard.carry_out(yard.order())
    yard.fleet.units["K1"] = replace(restarted(yard.fleet.units["K1"]), is_silent=True)
    (told, *_) = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert (told.unit, told.outcome) == ("K1", "UNKNOWN")
    assert ("K1", "unsettled") in yard.alarms()
    yard.fleet.units["K1"].is_silent = False
    (again,) = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert (again.outcome, yard.fleet.units["K1"].cycle_s) == ("ROLLED_BACK", 47)


@pytest.mark.parametrize("act", [Act.PUSH, Act.ROLL_BACK])
def test_a_ledger_that_fails_lets_no_value_be_written(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    if act is Act.ROLL_BACK:
        yard.carry_out(yard.order())
    before = [unit.sets for unit in yard.fleet.units.values()]

    def fails(*_: object) -> None:
        where, what = "ledger", "cannot be used"
        raise InputError(where, what, "free space")

    monkeypatch.setattr("citybrain.engine.pushing.note_opening", fails)
    carried = yard.carry_out(yard.order(act))
    assert {result.outcome for result in carried.results} == {"REFUSED"}
    assert [unit.sets for unit in yard.fleet.units.values()] == before
