"""Keys and signatures: what is signed, who may read a key, and what a register must be."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybrain.controllers.signatures import new_key, read_key, read_register
from citybrain.errors import CitybrainError, InputError, UnsafePlanError
from citybrain.model.audit import EMPTY
from citybrain.model.statements import Act, Signed, Statement, read_statement


def statement(comment: str = "looks right") -> Statement:
    return Statement(
        act=Act.APPROVE,
        plan_hash="a" * 64,
        verdict_hash="b" * 64,
        person="Anna Ng",
        comment=comment,
        at="2026-03-17T06:30:00.000+00:00",
        log=EMPTY,
        units=("J1",),
    )


def registered(folder: Path) -> tuple[Path, Signed]:
    key = new_key(folder / "anna.key")
    register = folder / "keys.toml"
    who = 'name = "anna"\nperson = "Anna Ng"'
    register.write_text(f'[[key]]\n{who}\npublic = "{key.public}"\nroles = ["approve"]\n')
    return register, key.sign(statement())


def test_a_signature_vouches_for_its_statement(tmp_path: Path) -> None:
    register, signed = registered(tmp_path)
    vouched = read_register(register).vouch(signed)
    assert (vouched.statement, vouched.person) == (statement(), "Anna Ng")


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(min_value=0), byte=st.integers(min_value=1, max_value=255))
def test_no_changed_statement_is_vouched_for(tmp_path: Path, place: int, byte: int) -> None:
    register = tmp_path / "keys.toml"
    if not register.exists():
        registered(tmp_path)
    signed = read_key(tmp_path / "anna.key").sign(statement())
    index = place % len(signed.statement)
    letter = chr(ord(signed.statement[index]) ^ byte)
    text = signed.statement[:index] + letter + signed.statement[index + 1 :]
    with pytest.raises(CitybrainError):
        read_register(register).vouch(
            Signed(statement=text, key=signed.key, signature=signed.signature)
        )


@given(comment=st.text(min_size=1).filter(str.strip))
def test_a_statement_is_read_as_it_was_written(comment: str) -> None:
    assert read_statement(statement(comment).text) == statement(comment)


def test_only_the_canonical_text_is_a_statement() -> None:
    text = statement().text
    for changed in (text.replace(":", ": "), text.replace("citybrain statement 1", "x"), "{}", "["):
        with pytest.raises(InputError, match="signed statement"):
            read_statement(changed)


def test_a_key_is_a_file_of_its_owner_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    key = new_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="exists already; a key is never overwritten"):
        new_key(path)
    assert read_key(path).public == key.public
    assert "PRIVATE" not in repr(key)
    path.chmod(0o640)
    with pytest.raises(InputError, match=r"is open to others \(mode 640\); chmod 600 anna.key"):
        read_key(path)


def test_a_passphrase_protects_a_key(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    key = new_key(path, "correct horse")
    assert read_key(path, "correct horse").public == key.public
    for passphrase, told in (("", "needs a passphrase"), ("wrong", "passphrase is another one")):
        with pytest.raises(InputError, match=told):
            read_key(path, passphrase)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    path.write_text("no key")
    path.chmod(0o600)
    with pytest.raises(InputError, match="is no key"):
        read_key(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_key(tmp_path / "none.key")


PUBLIC = "A" * 43 + "="


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('[[key]]\nname = "a"\nperson = "A"\npublic = "short"\nroles = []', "no public key of 32"),
        ('[[key]]\nname = "a"\nperson = "A"\npublic = "x"\nroles = ["king"]', "key.0.roles.0"),
        (f'[[key]]\nname = "a"\nperson = "A"\npublic = "{PUBLIC}"\nroles = []\n' * 2, "twice"),
        ("[[key", "is not valid TOML"),
    ],
)
def test_a_slip_in_the_register_is_told_by_name(tmp_path: Path, lines: str, told: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(lines)
    with pytest.raises(InputError, match=told):
        read_register(path)


def register_of(folder: Path, *persons: str) -> Path:
    lines = []
    for number, person in enumerate(persons):
        public = new_key(folder / f"k{number}.key").public
        lines += ["[[key]]", f'name = "k{number}"', f"person = {json.dumps(person)}"]
        lines += [f'public = "{public}"', 'roles = ["approve"]']
    path = folder / "keys.toml"
    path.write_text("\n".join(lines))
    return path


def test_a_person_may_have_two_keys_and_one_spelling(tmp_path: Path) -> None:
    assert len(read_register(register_of(tmp_path, "Berta Oz", "Berta Oz")).keys) == 2


@pytest.mark.parametrize("other", ["berta oz", "Berta  Oz", "Berta Oz ", "BERTA OZ"])
def test_one_person_in_two_spellings_is_refused(tmp_path: Path, other: str) -> None:
    told = rf"keys.toml: key k1: '{other}' and 'Berta Oz' of key k0 are one person; spell"
    with pytest.raises(InputError, match=told):
        read_register(register_of(tmp_path, "Berta Oz", other))


def test_composed_and_decomposed_accents_are_one_person(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are one person"):
        read_register(register_of(tmp_path, "Zoé", "Zoe\u0301"))


@pytest.mark.parametrize("person", [" ", "Eva\u200b Roth", "Eva\u00a0Roth", "\u202eEva"])
def test_a_person_whose_name_nobody_can_read_is_refused(tmp_path: Path, person: str) -> None:
    with pytest.raises(InputError, match=r"keys.toml: key k0: names a (blank )?person"):
        read_register(register_of(tmp_path, person))


def test_a_register_that_others_may_write_is_refused(tmp_path: Path) -> None:
    register, signed = registered(tmp_path)
    register.chmod(0o664)
    with pytest.raises(InputError, match="is open to others"):
        read_register(register)
    register.chmod(0o644)
    (tmp_path / "keys.toml").write_text("")
    with pytest.raises(UnsafePlanError, match="anna is not registered"):
        read_register(register).vouch(signed)
