"""The ledger: the same in SQLite and PostgreSQL, and brought forward from every version."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import create_engine, inspect, text

from citybrain.errors import InputError
from citybrain.store.ledger import Ledger, open_ledger
from citybrain.store.ledger.audit import verify_audit
from citybrain.store.ledger.migrations import MIGRATIONS, version
from citybrain.store.ledger.opening import holds_password
from citybrain.store.ledger.schema import METADATA
from tests.store.ledger_kit import clock

FIRST_VERSION = Path(__file__).parent / "ledger_v1.sql"


def test_the_migrations_give_the_tables_that_the_statements_ask_for(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == set(METADATA.tables)
        for table in METADATA.sorted_tables:
            columns = {column["name"] for column in found.get_columns(table.name)}
            assert columns == set(table.c.keys())
        assert version(connection) == len(MIGRATIONS)


def test_a_ledger_of_the_first_version_is_brought_forward(url: str, tmp_path: Path) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for statement in FIRST_VERSION.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.execute(text(statement.replace(":", "\\:")))
    engine.dispose()
    with open_ledger(url, tmp_path / "audit.head", clock) as ledger:
        with ledger.reading() as connection:
            assert version(connection) == len(MIGRATIONS)
            alarm = connection.execute(text("SELECT * FROM alarms")).mappings().one()
        assert (alarm["unit"], alarm["cleared_by"]) == ("J1", "")
        assert verify_audit(ledger).faults == ()


def test_opening_again_changes_nothing(url: str, ledger: Ledger, tmp_path: Path) -> None:
    with ledger.writing("anna") as writing:
        writing.note("looked", "J1", {})
    with open_ledger(url, tmp_path / "audit.head", clock) as again:
        assert verify_audit(again) == verify_audit(ledger)


def test_a_ledger_of_a_later_version_is_refused(url: str, ledger: Ledger, tmp_path: Path) -> None:
    with ledger.writing("anna") as writing:
        writing.connection.execute(text("INSERT INTO schema_version VALUES (99, 'later')"))
    with pytest.raises(InputError, match="is of version 99"):
        open_ledger(url, tmp_path / "audit.head", clock)


def test_sqlite_keeps_a_write_ahead_log_in_a_file_of_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with open_ledger(f"sqlite:///{path}", tmp_path / "head", clock) as ledger:
        with ledger.reading() as connection:
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "no address of a database"),
        ("mysql://root@localhost/x", "is of kind mysql"),
        ("sqlite://", "is of kind sqlite"),
        ("sqlite:////proc/none/ledger.db", "cannot be opened"),
        ("postgresql://a:secret@127.0.0.1:1/x?connect_timeout=2", "cannot be used"),
        ("postgresql://a@127.0.0.1:1/x?connect_timeout=2&password=secret", "cannot be used"),
        ("postgresql://a:secret@localhost:port/x", "no address of a database"),
        ("postgresql://a:secret@[::1/x", "no address of a database"),
        ("sqlite:///ledger\0.db", "cannot be used"),
        ("sqlite:///{folder}/ledger.db?timeout=long", "cannot be used"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_in_one_line(
    url: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=told) as caught:
        open_ledger(url.format(folder=tmp_path), tmp_path / "head", clock)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@given(tail=st.text())
@example(tail="u@[")
@example(tail="u@h:x/d")
def test_an_address_holds_a_password_or_not_or_is_none(tail: str) -> None:
    with suppress(InputError):
        assert holds_password(f"postgresql://{tail}") in {True, False}


@pytest.mark.parametrize(
    ("url", "is_held"),
    [
        ("sqlite:///ledger.db", False),
        ("postgresql://citybrain@host/plans", False),
        ("postgresql://citybrain@host/plans?passfile=/etc/pgpass", False),
        ("postgresql://citybrain:secret@host/plans", True),
        ("postgresql://citybrain@host/plans?password=secret", True),
        ("postgresql://citybrain@host/plans?sslpassword=secret", True),
    ],
)
def test_a_password_in_an_address_is_found(url: str, is_held: bool) -> None:
    assert holds_password(url) is is_held


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("no database " * 100)
    with pytest.raises(InputError, match="file is not a database"):
        open_ledger(f"sqlite:///{path}", tmp_path / "head", clock)
