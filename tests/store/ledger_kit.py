"""Ledgers for tests, one in each kind of database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from citybrain.store.ledger import Ledger, open_ledger

INSTANT = datetime(2026, 3, 17, 6, 30, tzinfo=UTC)


def clock() -> datetime:
    return INSTANT


def database(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """Give the URL of an empty database."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'ledger.db'}"
    server: str = request.getfixturevalue("postgresql_url")
    name = f"d{uuid4().hex}"
    engine = create_engine(
        server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


def opened(url: str, folder: Path) -> Iterator[Ledger]:
    with open_ledger(url, folder / "audit.head", clock) as ledger:
        yield ledger
