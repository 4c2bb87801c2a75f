"""How a plan is called: by a name that people can read, or by its hash."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.cli.escaping import visible
from citybrain.engine.approval.acts import (
    check_plan_name,
    propose,
    reject,
)
from citybrain.engine.street.desk import find_plan
from citybrain.errors import InputError
from citybrain.model.approval import State
from citybrain.store.ledger.audit import read_audit
from tests.engine.approval_kit import (
    Office,
    at_work,
    better_plan,
    proposal,
    proven,
)

__all__ = ["at_work"]

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
