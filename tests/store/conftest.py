"""Ledgers in SQLite and PostgreSQL; the server is started once, if a test asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from citybrain.store.ledger import Ledger
from tests.store.ledger_kit import database, opened
from tests.store.postgresql import postgresql


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return database(request.param, tmp_path, request)


@pytest.fixture
def ledger(url: str, tmp_path: Path) -> Iterator[Ledger]:
    yield from opened(url, tmp_path)
