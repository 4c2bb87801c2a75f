"""Persons: every spelling of a name is one person, and no other name is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.errors import InputError
from citybrain.model.persons import check_name, is_same_person, person_of

NAMES = st.text(st.characters(codec="utf-8"))
INVISIBLE = "\u034f\u115f\u1160\u17b4\u180b\u180f\u2800\u3164\ufe00\ufe0f\uffa0\U000e0100"
SPACES = st.text(" \t\n\u00a0", min_size=1)


@given(name=NAMES)
def test_what_is_told_of_a_name_is_told_of_itself(name: str) -> None:
    assert person_of(person_of(name)) == person_of(name)


@given(name=NAMES, form=st.sampled_from(["NFC", "NFD"]))
def test_composed_and_decomposed_are_one_person(name: str, form: str) -> None:
    spelled = unicodedata.normalize(form, name)  # type: ignore[arg-type]
    assert is_same_person(spelled, name)


@given(words=st.lists(st.text("ABcdé", min_size=1), min_size=1), space=SPACES)
def test_spaces_and_capitals_tell_nobody_apart(words: list[str], space: str) -> None:
    name = " ".join(words)
    assert is_same_person(f"{space}{space.join(words)}{space}", name)
    assert is_same_person(name.upper(), name.lower())


@given(one=st.text("abc"), other=st.text("abc"))
def test_other_names_are_other_persons(one: str, other: str) -> None:
    assert is_same_person(one, other) == (one == other)


@pytest.mark.parametrize("name", ["", " ", "\u00a0", "\t\n"])
def test_a_blank_name_names_nobody(name: str) -> None:
    with pytest.raises(InputError, match="key eva: names a blank person"):
        check_name("key eva", name)


@pytest.mark.parametrize("sign", ["\u200b", "\x1b", "\n", "\u202e", "\u00ad", "\u00a0", *INVISIBLE])
def test_a_name_with_what_nobody_sees_is_refused(sign: str) -> None:
    told = f"unprintable character U\\+{ord(sign):04X}"
    with pytest.raises(InputError, match=told):
        check_name("key eva", f"Eva{sign} Roth")


@pytest.mark.parametrize("name", ["Zoë Müller", "José", "李小龍", "김민준", "Nguyễn", "עדה", "അമ്മ"])
def test_names_of_all_scripts_are_names(name: str) -> None:
    check_name("key eva", name)
    check_name("key eva", unicodedata.normalize("NFD", name))
