"""Orders that the gate refuses: of others, twice, changed, too old, or while pushes are stopped."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from citybrain.engine.approval.acts import propose, reject
from citybrain.engine.gate.pushing import UnitResult
from citybrain.engine.gate.watch import Watch
from citybrain.engine.street.desk import find_plan
from citybrain.engine.street.stopping import RELEASED, check_released, release
from citybrain.errors import CitybrainError, InputError, UnsafePlanError
from citybrain.model.approval import State
from citybrain.model.statements import Signed
from citybrain.ports.controllers import Step
from citybrain.store.ledger.audit import read_audit
from citybrain.store.ledger.stops import set_stop, stop_by_file
from tests.engine.approval_kit import better_plan, proposal, tamper
from tests.engine.gate_yard import Yard, approved, yard

__all__ = ["yard"]


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


@pytest.mark.parametrize("kind", ["file", "ledger", "damaged file", "endless file"])
def test_the_kill_switch_stops_every_order(yard: Yard, kind: str) -> None:
    street = yard.at_work.desk.street
    order = yard.order()
    if kind == "file":
        stop_by_file(street.kill_file, "anna", "smoke", "now")
    elif kind == "ledger":
        set_stop(yard.at_work.desk.ledger, "anna", "smoke", is_on=True)
    else:
        street.kill_file.write_text("" if kind == "damaged file" else "[" * 200_000)
    refused(yard, order, "all pushes are stopped")


def test_pushes_go_again_only_by_a_signature_that_is_younger_than_the_stop(yard: Yard) -> None:
    desk, anna = yard.at_work.desk, yard.at_work.keys["anna"]
    set_stop(desk.ledger, "anna", "smoke", is_on=True)
    release(desk, anna, "no smoke any more")
    check_released(desk)
    set_stop(desk.ledger, "anna", "smoke again", is_on=True)
    set_stop(desk.ledger, "mallory", "nobody looks", is_on=False)
    later = later_order(yard)
    refused(yard, later, "nobody with a key has let them go since")
    (signed,) = [r for r in read_audit(desk.ledger) if r.what == RELEASED]
    with desk.ledger.writing("mallory") as writing:
        writing.note(RELEASED, "kill switch", json.loads(signed.detail))
    refused(yard, later, "nobody with a key has let them go since")
    release(desk, anna, "looked again")
    assert yard.carry_out(later).is_done


def later_order(yard: Yard) -> Signed:
    """Return an order of a later instant, so that it is another one."""
    yard.at_work.clock.instant += timedelta(seconds=1)
    return yard.order()


def test_a_watch_that_cannot_follow_is_no_part_of_an_order(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        where, what = "ledger", "is locked"
        raise InputError(where, what, "wait")

    yard.gate.watch = Watch(yard.at_work.desk, {}, yard.fleet)
    monkeypatch.setattr(yard.gate.watch, "follow", fails)
    assert yard.carry_out(yard.order()).is_done


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
