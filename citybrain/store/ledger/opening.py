"""Opening a ledger: a file of SQLite by default, PostgreSQL by URL; the rest is the same."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from citybrain.errors import InputError
from citybrain.store.ledger.heads import keep_head
from citybrain.store.ledger.migrations import upgrade
from citybrain.store.ledger.writing import Writing

_WAIT_S = 30
"""Longest time that a writer waits for another one [s]."""
_LOCK = 0x63697479
"""Any number that all citybrains share: who upgrades a PostgreSQL ledger holds this lock."""

_SECRETS = ("password", "sslpassword")
"""Options of a PostgreSQL address that nobody else may read."""


class Ledger(AbstractContextManager["Ledger"]):
    """An open ledger; many processes may have the same one open.

    Parameters
    ----------
    engine
        Where the tables are.
    where
        The same without any password, for errors.
    head_file
        File apart from the database that keeps the log's head.
    clock
        Tells the time, in UTC.
    """

    def __init__(
        self, engine: Engine, where: str, head_file: Path, clock: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self.where = where
        self.head_file = head_file
        self._clock = clock

    @contextmanager
    def writing(self, who: str) -> Iterator[Writing]:
        """Write in one transaction: all of it is kept, with its audit records, or nothing.

        Parameters
        ----------
        who
            Person or process whose doing it is.

        Raises
        ------
        InputError
            The database fails, and nothing is kept; or all is kept, and the head's file cannot be
            written.
        """
        with self._told(), self._engine.begin() as connection:
            writing = Writing(connection, who, self._clock().isoformat(timespec="milliseconds"))
            yield writing
        if writing.head.number:
            keep_head(self.head_file, writing.head)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one state of the ledger, however long it takes and whoever writes meanwhile.

        Raises
        ------
        InputError
            The database fails.
        """
        with self._told(), self._engine.connect() as connection:
            reading = connection.execution_options(citybrain_reads=True)
            if connection.dialect.name == "postgresql":
                reading = reading.execution_options(isolation_level="REPEATABLE READ")
            yield reading

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _unusable(self.where, error) from error


def open_ledger(url: str, head_file: Path, clock: Callable[[], datetime]) -> Ledger:
    """Open a ledger, and bring it to today's version.

    Parameters
    ----------
    url
        ``sqlite:///file.db`` or ``postgresql://user@host/database``; a password of PostgreSQL is
        better kept in ``PGPASSFILE``.
    head_file
        File apart from the database that keeps the log's head.
    clock
        Tells the time, in UTC.

    Raises
    ------
    InputError
        The URL names no database that can be opened, or a newer citybrain wrote the ledger.
    """
    address = _address(url)
    where = address.difference_update_query(_SECRETS).render_as_string(hide_password=True)
    try:
        engine = _engine(address)
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise _unusable(where, error) from error
    with ExitStack() as on_failure:
        on_failure.callback(engine.dispose)
        _upgrade(engine, clock().isoformat(timespec="milliseconds"), where)
        on_failure.pop_all()
    return Ledger(engine, where, head_file, clock)


def holds_password(url: str) -> bool:
    """Tell whether the address of a ledger has a password in it.

    Parameters
    ----------
    url
        As for ``open_ledger``.

    Raises
    ------
    InputError
        The URL names no database.
    """
    address = _address(url)
    return address.password is not None or any(name in address.query for name in _SECRETS)


def _upgrade(engine: Engine, at: str, where: str) -> None:
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            upgrade(connection, at, where)
    except (SQLAlchemyError, ValueError) as error:
        raise _unusable(where, error) from error


def _address(url: str) -> URL:
    where, mend = "ledger", "give sqlite:///file.db or postgresql://user@host/database"
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise InputError(where, "is no address of a database", mend) from None
    if address.drivername == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if address.drivername != "sqlite" or not address.database:
        raise InputError(where, f"is of kind {address.drivername}", mend)
    return address


def _engine(address: URL) -> Engine:
    if address.drivername != "sqlite":
        return create_engine(address, pool_pre_ping=True)
    _make_private(Path(address.database or ""))
    engine = create_engine(address, connect_args={"timeout": _WAIT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Create the file for its owner alone; an existing one keeps its rights."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
        raise InputError(path, what, "give a file that may be written") from None


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - any driver's connection
    """Set write-ahead logging, flushed to disk at every commit, and leave BEGIN to us."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the writer's lock at once, so that two writers queue up instead of failing."""
    is_reading = connection.get_execution_options().get("citybrain_reads", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


def _unusable(where: str, error: Exception) -> InputError:
    if isinstance(error, ImportError | NoSuchModuleError):
        mend = "install citybrain[postgresql]"
        return InputError(where, f"its driver is missing ({error})", mend)
    told = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return InputError(where, f"cannot be used ({told})", "check the database and its rights")
