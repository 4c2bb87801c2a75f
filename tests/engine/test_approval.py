"""Approval: named persons, bound to every byte of a plan, and nothing in the ledger is believed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybrain.cli.escaping import visible
from citybrain.controllers.signatures import Register
from citybrain.engine.approval import (
    approve,
    approve_automatically,
    check_plan_name,
    propose,
    reject,
)
from citybrain.engine.approval_checks import check_approved
from citybrain.engine.approval_desk import find_plan
from citybrain.engine.approval_settings import read_street
from citybrain.errors import CitybrainError, InputError, UnsafePlanError
from citybrain.model.approval import State, may_become
from citybrain.model.verdict import Decision
from citybrain.store.ledger.audit import read_audit, verify_audit
from citybrain.store.ledger.plans import KeptPlan
from tests.engine.approval_kit import (
    Office,
    better_plan,
    office,
    proposal,
    running_plan,
    tamper,
    verdict_on,
)

AUTOMATIC = """
[approval.automatic]
enabled = true
junctions = ["J"]
cycle_s = 3
offset_s = 4
split_s = 3
seeds = 3
saving = 0.2
"""


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as opened:
        yield opened


def proven(at_work: Office) -> str:
    return propose(at_work.desk, proposal(), at_work.keys["anna"], "less delay").hash


def approved(at_work: Office) -> str:
    key = proven(at_work)
    approve(at_work.desk, key, at_work.keys["berta"], "looks right")
    return key


def may_go(at_work: Office, key: str) -> None:
    check_approved(at_work.desk, find_plan(at_work.desk, key), running_plan)


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


BAD_NAMES = (" ", "a\nb", "a\x1b[2J", "a\u202eb", "a\u2028b", "a\x9bb", " a", "a ", "a" * 65)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_plan_needs_a_name_that_people_can_read(at_work: Office, name: str) -> None:
    plan = replace(better_plan(), name=name)
    with pytest.raises(InputError, match="its name is no line of 1 to 64 printable characters"):
        propose(at_work.desk, proposal(plan), at_work.keys["anna"], "odd")
    assert not read_audit(at_work.desk.ledger)


@pytest.mark.parametrize("name", ["a" * 64, "Früh 07:00–09:00", "早高峰"])
def test_names_of_all_languages_are_names(at_work: Office, name: str) -> None:
    plan = proposal(replace(better_plan(), name=name))
    kept = propose(at_work.desk, plan, at_work.keys["anna"], "less delay")
    assert find_plan(at_work.desk, name) == kept


@given(name=st.text(max_size=80))
def test_a_name_that_is_taken_is_shown_as_it_is(name: str) -> None:
    try:
        check_plan_name(name, "plan")
    except InputError:
        return
    assert visible(name) == name == name.strip()
    assert 0 < len(name) <= 64


def test_a_name_of_two_plans_is_told_with_their_hashes(at_work: Office) -> None:
    """A job that recomputes a plan every night calls it the same every night."""
    first = proven(at_work)
    name = find_plan(at_work.desk, first).name
    other = proposal(replace(better_plan(green_s=24.0), name=name))
    second = propose(at_work.desk, other, at_work.keys["anna"], "again").hash
    told = ", ".join(sorted((first[:12], second[:12])))
    with pytest.raises(InputError, match=f"means more than one plan: {told}; give one of these"):
        find_plan(at_work.desk, name)
    reject(at_work.desk, first, at_work.keys["berta"], "too bold")
    assert find_plan(at_work.desk, name).hash == second
    assert find_plan(at_work.desk, first).state is State.REJECTED


def test_six_characters_of_a_hash_name_a_plan(at_work: Office) -> None:
    key = proven(at_work)
    assert {find_plan(at_work.desk, key[:count]).hash for count in range(6, 65)} == {key}
    for count in range(6):
        with pytest.raises(InputError, match="give its name or 6 characters of its hash"):
            find_plan(at_work.desk, key[:count])


def test_a_whole_hash_is_that_plan_whatever_others_are_called(at_work: Office) -> None:
    first = proven(at_work)
    other = proposal(replace(better_plan(green_s=24.0), name=first))
    propose(at_work.desk, other, at_work.keys["anna"], "in disguise")
    assert find_plan(at_work.desk, first).hash == first


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


def test_automatic_approval_is_off_unless_the_settings_say_otherwise(at_work: Office) -> None:
    propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
    with pytest.raises(UnsafePlanError, match="automatic approval is off"):
        approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")


def test_a_small_well_proven_change_needs_no_person_where_the_settings_say_so(
    tmp_path: Path,
) -> None:
    with office(tmp_path, AUTOMATIC) as at_work:
        key = propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly").hash
        plan = approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
        assert plan.state is State.APPROVED
        may_go(at_work, key)
        reject(at_work.desk, key, at_work.keys["carl"], "not tonight")
        with pytest.raises(UnsafePlanError, match="is rejected"):
            may_go(at_work, key)


def test_an_automatic_approval_grows_old_as_a_persons_does(tmp_path: Path) -> None:
    with office(tmp_path, f"valid_days = 10\n{AUTOMATIC}") as at_work:
        key = propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly").hash
        approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
        at_work.clock.pass_days(10)
        may_go(at_work, key)
        at_work.clock.pass_days(0.01)
        with pytest.raises(UnsafePlanError, match="its automatic approval is older than 10 days"):
            may_go(at_work, key)
        approve(at_work.desk, key, at_work.keys["berta"], "still good")
        may_go(at_work, key)


OUTSIDE = [
    ("junctions", '["K"]', "J is no junction of automatic approval"),
    ("cycle_s", "2.9", "the cycle changes by 3 s, at most 2.9 s"),
    ("offset_s", "3", "the offset changes by 4 s, at most 3 s"),
    ("split_s", "2", "group 1: a green changes by 3 s, at most 2 s"),
    ("seeds", "4", "the proof has 3 seeds, 4 are asked for"),
    ("saving", "0.21", "saving may be 20.0%, 21.0% is asked for"),
]


@pytest.mark.parametrize(("setting", "value", "told"), OUTSIDE)
def test_what_leaves_a_bound_needs_a_person(
    tmp_path: Path, setting: str, value: str, told: str
) -> None:
    lines = [line for line in AUTOMATIC.splitlines() if not line.startswith(f"{setting} ")]
    with office(tmp_path, "\n".join([*lines, f"{setting} = {value}"])) as at_work:
        propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
        with pytest.raises(UnsafePlanError, match=told):
            approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")


def test_the_gate_looks_at_the_bounds_again(tmp_path: Path) -> None:
    with office(tmp_path, AUTOMATIC) as at_work:
        key = propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly").hash
        approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
        moved_on = replace(running_plan(), patterns=better_plan(offset_s=9.0).patterns)
        with pytest.raises(UnsafePlanError, match="the offset changes by 5 s"):
            check_approved(at_work.desk, find_plan(at_work.desk, key), lambda: moved_on)


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
