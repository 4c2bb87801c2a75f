"""Approval: named persons, bound to every byte of a plan, and nothing in the ledger is believed."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybrain.controllers.signatures import Register
from citybrain.engine.approval.acts import (
    approve,
    propose,
    reject,
)
from citybrain.engine.approval.checks import check_approved
from citybrain.engine.street.desk import find_plan
from citybrain.engine.street.settings import read_street
from citybrain.errors import CitybrainError, InputError, UnsafePlanError
from citybrain.model.approval import State, may_become
from citybrain.model.statements import Role
from citybrain.model.verdict import Decision
from citybrain.store.ledger.audit import read_audit, verify_audit
from citybrain.store.ledger.plans import KeptPlan, add_plan, set_state
from citybrain.store.ledger.pushes import Running, set_running
from citybrain.store.plans import plan_text
from citybrain.store.verdicts import verdict_text
from tests.engine.approval_kit import (
    Office,
    at_work,
    better_plan,
    may_go,
    office,
    proposal,
    proven,
    running_plan,
    tamper,
    verdict_on,
)

__all__ = ["at_work"]


def approved(at_work: Office) -> str:
    key = proven(at_work)
    approve(at_work.desk, key, at_work.keys["berta"], "looks right")
    return key


def test_a_proven_plan_with_an_approval_may_go(at_work: Office) -> None:
    key = proven(at_work)
    with pytest.raises(UnsafePlanError, match="is proven, must be approved"):
        may_go(at_work, key)
    assert approve(at_work.desk, key[:8], at_work.keys["berta"], "ok").state is State.APPROVED
    may_go(at_work, key)
    told = [(record.who, record.what) for record in read_audit(at_work.desk.ledger)]
    assert ("Berta Oz", "signed: approve") in told
    assert verify_audit(at_work.desk.ledger).faults == ()


def test_a_plan_without_a_proof_goes_no_further(at_work: Office) -> None:
    plan = replace(proposal(), verdict=None)
    key = propose(at_work.desk, plan, at_work.keys["anna"], "first look").hash
    assert find_plan(at_work.desk, key).state is State.PROPOSED
    with pytest.raises(UnsafePlanError, match="is proposed, must be proven"):
        approve(at_work.desk, key, at_work.keys["berta"], "ok")
    assert proven(at_work) == key
    approve(at_work.desk, key, at_work.keys["berta"], "ok")
    may_go(at_work, key)


@pytest.mark.parametrize("decision", [Decision.REJECT, Decision.INCONCLUSIVE])
def test_a_verdict_that_does_not_accept_proves_nothing(at_work: Office, decision: Decision) -> None:
    plan = replace(proposal(), verdict=verdict_on(better_plan(), decision))
    with pytest.raises(UnsafePlanError, match=f"verdict is '{decision.value}'"):
        propose(at_work.desk, plan, at_work.keys["anna"], "why not")


def test_a_verdict_that_its_own_runs_contradict_proves_nothing(at_work: Office) -> None:
    """What somebody has written over a verdict's answer."""
    rejected = verdict_on(better_plan(), Decision.REJECT)
    forged = replace(rejected, decision=Decision.ACCEPT)
    plan = replace(proposal(), verdict=forged)
    with pytest.raises(UnsafePlanError, match="it says 'accept', its runs say 'reject'"):
        propose(at_work.desk, plan, at_work.keys["anna"], "in a hurry")


def test_the_verdict_of_another_plan_proves_nothing(at_work: Office) -> None:
    plan = replace(proposal(), verdict=verdict_on(better_plan(green_s=24.0)))
    with pytest.raises(UnsafePlanError, match="verdict is about another plan"):
        propose(at_work.desk, plan, at_work.keys["anna"], "borrowed")


def test_nobody_approves_what_they_proposed(at_work: Office) -> None:
    key = proven(at_work)
    with pytest.raises(UnsafePlanError, match="proposed by Anna Ng; somebody else must"):
        approve(at_work.desk, key, at_work.keys["anna"], "my own")


@pytest.mark.parametrize("name", ["dora", "batch"])
def test_a_key_signs_only_what_its_roles_allow(at_work: Office, name: str) -> None:
    key = proven(at_work)
    with pytest.raises(UnsafePlanError, match="may not approve"):
        approve(at_work.desk, key, at_work.keys[name], "ok")


def test_a_plan_without_patterns_is_not_even_proposed(at_work: Office) -> None:
    empty = proposal(replace(better_plan(), patterns=()))
    with pytest.raises(UnsafePlanError, match="has no pattern; there is nothing to prove"):
        propose(at_work.desk, empty, at_work.keys["anna"], "safe by being nothing")


@pytest.mark.parametrize("comment", ["", "  "])
def test_an_approval_needs_a_comment(at_work: Office, comment: str) -> None:
    key = proven(at_work)
    with pytest.raises(InputError, match="has no comment"):
        approve(at_work.desk, key, at_work.keys["berta"], comment)


def test_two_keys_of_one_person_are_one_person(tmp_path: Path) -> None:
    with office(tmp_path, "persons = 2") as at_work:
        key = proven(at_work)
        for name in ("berta", "berta2"):
            assert approve(at_work.desk, key, at_work.keys[name], "ok").state is State.PROVEN
        assert approve(at_work.desk, key, at_work.keys["carl"], "ok").state is State.APPROVED
        may_go(at_work, key)


def respelled(at_work: Office, **persons: str) -> Office:
    """Return the office with a register that spells some persons in other ways."""
    keys = tuple(
        replace(key, person=persons.get(key.name, key.person)) for key in at_work.desk.register.keys
    )
    return replace(at_work, desk=replace(at_work.desk, register=Register(keys=keys)))


@pytest.mark.parametrize("name", ["berta oz", "BERTA  OZ", " Berta Oz "])
def test_a_person_in_two_spellings_is_one_person(tmp_path: Path, name: str) -> None:
    with office(tmp_path, "persons = 2") as opened:
        at_work = respelled(opened, berta2=name)
        key = proven(at_work)
        for signer in ("berta", "berta2"):
            approve(at_work.desk, key, at_work.keys[signer], "ok")
        assert find_plan(at_work.desk, key).state is State.PROVEN
        tamper(at_work.desk, "UPDATE plans SET state = 'approved'")
        with pytest.raises(UnsafePlanError, match="2 approvals are needed, given by"):
            may_go(at_work, key)


def test_nobody_approves_their_own_plan_in_another_spelling(at_work: Office) -> None:
    key = proven(at_work)
    other = respelled(at_work, carl="anna ng")
    with pytest.raises(UnsafePlanError, match="proposed by anna ng; somebody else must"):
        approve(other.desk, key, other.keys["carl"], "my own")


def test_a_name_that_is_spelled_better_voids_no_approval(at_work: Office) -> None:
    key = approved(at_work)
    may_go(respelled(at_work, berta="BERTA OZ"), key)


def test_an_approval_grows_old(at_work: Office) -> None:
    key = approved(at_work)
    at_work.clock.pass_days(90)
    may_go(at_work, key)
    at_work.clock.pass_days(0.01)
    with pytest.raises(UnsafePlanError, match="1 approvals are needed, given by nobody"):
        may_go(at_work, key)


def test_a_rejected_plan_never_goes(at_work: Office) -> None:
    key = approved(at_work)
    assert reject(at_work.desk, key, at_work.keys["carl"], "school").state is State.REJECTED
    for setting_back in ("", "UPDATE plans SET state = 'approved'"):
        if setting_back:
            tamper(at_work.desk, setting_back)
        with pytest.raises(UnsafePlanError, match="rejected"):
            may_go(at_work, key)
    with pytest.raises(InputError, match="in the ledger already"):
        proven(at_work)


FORGERIES = [
    ("UPDATE plans SET state = 'proposed'", "is proposed, must be"),
    ("DELETE FROM signatures WHERE key = 'berta'", "approvals are needed, given by nobody"),
    ("DELETE FROM signatures WHERE key = 'anna'", "nobody has signed for its proposal"),
    ("UPDATE signatures SET key = 'carl' WHERE key = 'berta'", "Carl Pohl did not sign"),
    ("UPDATE signatures SET key = 'eve' WHERE key = 'berta'", "eve is not registered"),
    ("UPDATE signatures SET signature = 'AAAA' WHERE key = 'berta'", "did not sign"),
    ("UPDATE signatures SET statement = replace(statement, 'looks', 'is')", "did not sign"),
    ("UPDATE documents SET content = replace(content, ': 23.0', ': 33.0')", "approval is void"),
    ("UPDATE documents SET content = replace(content, 'accept', 'reject')", "approval is void"),
    ("UPDATE documents SET content = content || ' '", "approval is void"),
    ("UPDATE plans SET verdict_hash = ''", "was not proven"),
    ("UPDATE audit SET hash = 'x' WHERE number = 3", "the log was written anew"),
]


@pytest.mark.parametrize(("statement", "told"), FORGERIES)
def test_what_is_forged_in_the_ledger_voids_the_approval(
    at_work: Office, statement: str, told: str
) -> None:
    key = approved(at_work)
    tamper(at_work.desk, statement)
    with pytest.raises(UnsafePlanError, match=told):
        may_go(at_work, key)


def test_a_plan_whose_proposer_signed_nothing_is_approved_by_nobody(at_work: Office) -> None:
    """Else who wrote it past the commands could be its only approver."""
    plan = better_plan()
    with at_work.desk.ledger.writing("Nobody Known") as writing:
        key = add_plan(writing, plan.name, plan_text(plan), verdict_text(verdict_on(plan)))
        set_state(writing, key, State.PROVEN, "its verdict accepts it")
    with pytest.raises(UnsafePlanError, match="nobody who may propose has signed for it"):
        approve(at_work.desk, key, at_work.keys["anna"], "mine")


def test_a_plan_goes_though_its_proposer_may_propose_no_more(at_work: Office) -> None:
    key = approved(at_work)
    register = at_work.desk.register
    keys = tuple(
        replace(each, roles=each.roles - {Role.PROPOSE}) if each.name == "anna" else each
        for each in register.keys
    )
    later = replace(at_work, desk=replace(at_work.desk, register=replace(register, keys=keys)))
    may_go(later, key)


def test_a_plan_that_runs_is_not_rejected_whatever_the_ledger_calls_it(at_work: Office) -> None:
    key = approved(at_work)
    with at_work.desk.ledger.writing("gate") as writing:
        set_running(writing, "K1", Running(plan_hash=key, push_id="", pattern=1))
    with pytest.raises(UnsafePlanError, match="runs in K1; roll back what runs, then reject it"):
        reject(at_work.desk, key, at_work.keys["carl"], "school")


def test_an_approval_of_one_plan_is_none_of_another(at_work: Office) -> None:
    approved(at_work)
    other = propose(
        at_work.desk, proposal(better_plan(green_s=40.0)), at_work.keys["anna"], "bolder"
    ).hash
    tamper(
        at_work.desk,
        "UPDATE signatures SET plan_hash = :other WHERE key = 'berta'",
        other=other,
    )
    tamper(at_work.desk, "UPDATE plans SET state = 'approved'")
    with pytest.raises(UnsafePlanError, match="approvals are needed, given by nobody"):
        may_go(at_work, other)


@pytest.fixture
def voucher(at_work: Office) -> tuple[Office, KeptPlan]:
    return at_work, find_plan(at_work.desk, approved(at_work))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(min_value=0), byte=st.integers(min_value=32, max_value=126))
def test_every_changed_byte_voids_the_approval(
    voucher: tuple[Office, KeptPlan], place: int, byte: int
) -> None:
    at_work, plan = voucher
    index = place % len(plan.text)
    forged = replace(plan, text=plan.text[:index] + chr(byte) + plan.text[index + 1 :])
    if forged == plan:
        check_approved(at_work.desk, forged, running_plan)
    else:
        with pytest.raises(CitybrainError):
            check_approved(at_work.desk, forged, running_plan)


def test_states_follow_one_another_in_order() -> None:
    path = [State.PROPOSED, State.PROVEN, State.APPROVED, State.ACTIVE, State.RETIRED]
    for earlier in path:
        allowed = {later for later in path if may_become(earlier, later)}
        after = path[path.index(earlier) + 1 :][:1]
        assert allowed == ({State.ACTIVE} if earlier is State.RETIRED else set(after))
    assert not any(may_become(State.REJECTED, state) for state in State)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("keys = 3", "keys"),
        ("persons = 2", "persons"),
        ("patterns = [1, 254]", "patterns.1"),
        ("patterns = [2, 2]", "patterns: both are 2; name two: what runs is never written over"),
        ("[approval]\npersons = 0", "approval.persons"),
        ("[approval.automatic]\nenabled = true", "approval.automatic.junctions"),
        ("keys =", "is not valid TOML"),
    ],
)
def test_a_slip_in_the_settings_is_told_by_name(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "street.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        read_street(path)
