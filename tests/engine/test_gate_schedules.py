"""Plans that the units' own clocks start: signed as such, and never written over meanwhile."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from citybrain.controllers.ntcip import encoding
from citybrain.engine.approval.acts import approve, approve_automatically, propose
from citybrain.engine.gate.gate import Gate
from citybrain.engine.gate.recovery import settle_unfinished
from citybrain.engine.street.desk import Desk, find_plan, proposed_schedule, signed_by
from citybrain.errors import UnsafePlanError
from citybrain.model.approval import State
from citybrain.model.schedule import read_schedule
from citybrain.model.statements import Act
from citybrain.ports.controllers import Outcome, PatternAt, Receipt, Step
from citybrain.store.ledger.audit import verify_audit
from citybrain.store.ledger.plans import add_signature
from citybrain.store.ledger.pushes import running
from tests.engine.approval_kit import better_plan, office, proposal
from tests.engine.fake_units import FakeFleet, FakeUnit, Killed, restarted
from tests.engine.gate_yard import UNITS, Yard, approved, network

PLACES = "[schedule]\nentry = 2\nday_plan = 3\nfirst_action = 9\n"
WORDS = read_schedule("mon-fri 00:00=9 06:30=plan").words
COMMANDED, BEFORE = 7, 9


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with office(tmp_path, f"\n{PLACES}") as at_work:
        fleet = FakeFleet({unit: FakeUnit(unit) for unit in UNITS}, network())
        asked = replace(proposal(), schedule=WORDS)
        key = propose(at_work.desk, asked, at_work.keys["anna"], "in the morning").hash
        approve(at_work.desk, key, at_work.keys["berta"], "not at night")
        yield Yard(at_work, fleet, Gate(desk=at_work.desk, fleet=fleet), key)


def scheduled(yard: Yard) -> dict[str, int]:
    with yard.at_work.desk.ledger.reading() as connection:
        return {unit: row.scheduled for unit, row in running(connection).items() if row.plan_hash}


def test_every_unit_gets_the_day_plan_that_was_signed(yard: Yard) -> None:
    carried = yard.carry_out(yard.order())
    assert {result.outcome for result in carried.results} == {"SCHEDULED"}
    assert carried.is_done
    for unit in yard.fleet.units.values():
        assert unit.pattern == 0
        assert unit.schedule is not None
        assert unit.schedule.weekdays == (0, 1, 2, 3, 4)
        assert unit.schedule.events == (
            PatternAt(hour=0, minute=0, pattern=BEFORE),
            PatternAt(hour=6, minute=30, pattern=COMMANDED),
        )
        places = unit.schedule.entry, unit.schedule.day_plan, unit.schedule.first_action
        assert places == (2, 3, 9)
    assert scheduled(yard) == dict.fromkeys(UNITS, COMMANDED)
    assert yard.state() is State.ACTIVE
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


@pytest.mark.parametrize("way", ["_day_bits", "_event_writes"])
def test_the_second_checker_sees_what_is_written(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """An encoding that goes wrong is found before anything is written."""
    wrong = {"_day_bits": 0b10, "_event_writes": ()}[way]
    monkeypatch.setattr(encoding, way, lambda *_: wrong)
    with pytest.raises(UnsafePlanError, match="K1: the day plan to be written is not what was"):
        yard.carry_out(yard.order())
    assert [unit.sets for unit in yard.fleet.units.values()] == [0, 0, 0]


def test_an_order_for_another_time_is_refused(yard: Yard) -> None:
    desk, keys = yard.at_work.desk, yard.at_work.keys
    said = desk.register.vouch(yard.order()).statement
    for words in ("", read_schedule("daily 00:00=plan").words):
        forged = keys["dora"].sign(replace(said, schedule=words))
        with pytest.raises(UnsafePlanError, match="it was proposed to run mon,tue"):
            yard.carry_out(forged)


def test_an_approval_for_another_time_does_not_count(yard: Yard) -> None:
    desk, keys = yard.at_work.desk, yard.at_work.keys
    plan = proposal(better_plan(green_s=24.0))
    key = propose(desk, replace(plan, verdict=None, schedule=WORDS), keys["anna"], "first").hash
    propose(desk, replace(plan, schedule=WORDS), keys["anna"], "with its proof")
    approval = signed_by(desk, keys["berta"], Act.APPROVE, find_plan(desk, key), ("fine", ()))
    statement = desk.register.vouch(approval).statement
    assert statement.schedule == WORDS
    approve(desk, key, keys["berta"], "fine")
    assert find_plan(desk, key).state is State.APPROVED
    with desk.ledger.writing("berta") as writing:
        by_command = keys["anna"].sign(
            replace(statement, act=Act.PROPOSE, person="Anna Ng", schedule="")
        )
        add_signature(writing, key, by_command, "signed: propose")
    with pytest.raises(UnsafePlanError, match="1 approvals are needed, given by nobody"):
        yard.carry_out(yard.order(key=key))


@pytest.mark.parametrize(("first", "then"), [(WORDS, ""), ("", WORDS)])
def test_the_proof_of_a_plan_does_not_change_when_it_runs(
    yard: Yard, first: str, then: str
) -> None:
    desk, anna = yard.at_work.desk, yard.at_work.keys["anna"]
    plan = replace(proposal(better_plan(green_s=24.0)), schedule=first)
    key = propose(desk, replace(plan, verdict=None), anna, "first").hash
    with pytest.raises(UnsafePlanError, match=r"was proposed to run (mon,tue|by command).*, not "):
        propose(desk, replace(plan, schedule=then), anna, "with its proof")
    assert find_plan(desk, key).state is State.PROPOSED
    assert propose(desk, plan, anna, "with its proof").state is State.PROVEN
    assert proposed_schedule(find_plan(desk, key)) == first


def test_a_schedule_needs_a_person(yard: Yard) -> None:
    desk, keys = yard.at_work.desk, yard.at_work.keys
    plan = replace(proposal(better_plan(green_s=24.0)), schedule=WORDS)
    propose(desk, plan, keys["batch"], "at night")
    with pytest.raises(UnsafePlanError, match="needs a person"):
        approve_automatically(desk, plan, keys["batch"], "inside the bounds")


def test_a_schedule_runs_no_pattern_that_citybrain_writes(yard: Yard) -> None:
    words = read_schedule("mon 00:00=8 06:30=plan").words
    plan = replace(proposal(better_plan(green_s=24.0)), schedule=words)
    with pytest.raises(UnsafePlanError, match="pattern 8 of the schedule is written by citybrain"):
        propose(yard.at_work.desk, plan, yard.at_work.keys["anna"], "second pattern")


def test_a_street_without_places_takes_no_schedule(tmp_path: Path) -> None:
    with office(tmp_path) as at_work, pytest.raises(UnsafePlanError, match=r"add \[schedule\]"):
        propose(at_work.desk, replace(proposal(), schedule=WORDS), at_work.keys["anna"], "x")


def test_a_commanded_plan_waits_until_the_schedule_is_rolled_back(yard: Yard) -> None:
    yard.carry_out(yard.order())
    second = approved(yard.at_work, green_s=25.0)
    with pytest.raises(UnsafePlanError, match=r"K1 runs plan .* by its own clock; roll that back"):
        yard.carry_out(yard.order(key=second))
    assert yard.carry_out(yard.order(Act.ROLL_BACK)).is_done
    assert scheduled(yard) == {}
    assert yard.carry_out(yard.order(key=second)).is_done


def ends(monkeypatch: pytest.MonkeyPatch, way: str, outcome: Outcome) -> None:
    """Let every push, or every roll-back, end like this from now on."""
    act = getattr(FakeUnit, way)

    async def ended(self: FakeUnit, *arguments: object) -> Receipt:
        return replace(await act(self, *arguments), outcome=outcome, reason="broken")

    monkeypatch.setattr(FakeUnit, way, ended)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNKNOWN])
@pytest.mark.parametrize("way", ["push", "rollback"])
def test_a_day_plan_that_may_stand_is_still_guarded_against(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, way: str
) -> None:
    if way == "rollback":
        yard.carry_out(yard.order())
    with monkeypatch.context() as broken:
        ends(broken, way, outcome)
        yard.carry_out(yard.order(Act.PUSH if way == "push" else Act.ROLL_BACK))
    second = approved(yard.at_work, green_s=25.0)
    with pytest.raises(UnsafePlanError, match="by its own clock; roll that back"):
        yard.carry_out(yard.order(key=second))
    yard.at_work.clock.instant += timedelta(seconds=1)
    assert yard.carry_out(yard.order(Act.ROLL_BACK)).is_done
    assert yard.carry_out(yard.order(key=second)).is_done


def test_a_unit_under_its_own_control_waits_for_what_it_waited_for_before(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the time base is the former one again, or starts nothing of what was written."""
    desk, keys = yard.at_work.desk, yard.at_work.keys
    plan = replace(proposal(better_plan(green_s=25.0)), schedule=WORDS)
    second = propose(desk, plan, keys["anna"], "later").hash
    approve(desk, second, keys["berta"], "fine")
    ends(monkeypatch, "push", Outcome.FALLBACK)
    yard.carry_out(yard.order())
    assert scheduled(yard) == {}
    monkeypatch.undo()
    yard.at_work.clock.instant += timedelta(seconds=1)
    yard.carry_out(yard.order())
    ends(monkeypatch, "push", Outcome.FALLBACK)
    yard.carry_out(yard.order(key=second))
    assert set(yard.runs().values()) == {yard.key}


def died(yard: Yard, step: Step) -> None:
    """Let the gate die in the push to the second unit."""
    yard.fleet.units["K2"].dies_at = step
    yard.gate.at_once = 1
    with pytest.raises(Killed):
        yard.carry_out(yard.order())
    yard.fleet.units = {unit: restarted(fake) for unit, fake in yard.fleet.units.items()}


def settled(desk: Desk, yard: Yard) -> dict[str, str]:
    results = asyncio.run(settle_unfinished(desk, yard.fleet))
    return {result.unit: result.outcome for result in results}


@pytest.mark.parametrize("step", [Step.OPEN, Step.PROVE])
def test_a_gate_that_dies_in_a_scheduled_push_finds_the_truth(yard: Yard, step: Step) -> None:
    died(yard, step)
    settled(yard.at_work.desk, yard)
    assert ("K2" in scheduled(yard)) is (step is Step.PROVE)
    assert scheduled(yard)["K1"] == COMMANDED
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


def test_a_dead_gate_is_followed_up_by_the_order_and_not_by_later_words(yard: Yard) -> None:
    desk, anna = yard.at_work.desk, yard.at_work.keys["anna"]
    died(yard, Step.PROVE)
    said = desk.register.vouch(find_plan(desk, yard.key).signed[0]).statement
    with desk.ledger.writing("anna") as writing:
        add_signature(writing, yard.key, anna.sign(replace(said, schedule="")), "signed: propose")
    assert settled(desk, yard) == {"K2": "SCHEDULED"}
    assert scheduled(yard)["K2"] == COMMANDED


def test_settings_without_places_leave_a_unit_open_and_let_no_other_wait(yard: Yard) -> None:
    desk = yard.at_work.desk
    died(yard, Step.PROVE)
    yard.fleet.units["K3"].dies_at = Step.ABORT
    with pytest.raises(Killed):
        yard.carry_out(yard.order(Act.ROLL_BACK, units=("K3",)))
    yard.fleet.units["K3"] = restarted(yard.fleet.units["K3"])
    bare = replace(desk, street=replace(desk.street, places=None))
    assert settled(bare, yard) == {"K2": "UNKNOWN", "K3": "ROLLED_BACK"}
    assert ("K2", "unsettled") in yard.alarms()
    assert settled(desk, yard) == {"K2": "SCHEDULED"}


def test_a_unit_that_is_silent_after_a_death_is_guarded_until_it_answers(yard: Yard) -> None:
    died(yard, Step.PROVE)
    yard.fleet.units["K2"].is_silent = True
    assert settled(yard.at_work.desk, yard) == {"K2": "UNKNOWN"}
    second = approved(yard.at_work, green_s=25.0)
    with pytest.raises(UnsafePlanError, match=r"K2 runs plan .* by its own clock"):
        yard.carry_out(yard.order(key=second, units=("K2",)))
