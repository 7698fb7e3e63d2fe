"""Opens the database: SQLite in a file by default, PostgreSQL by address."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from workers_runtime.logs import get_logger

from .migrate import upgrade

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
CONNECT_SECONDS = 10
ANSWER_SECONDS = 30
"""A PostgreSQL that hangs must not hold a message for ever."""

PATIENCE_SECONDS = 60.0
_log = get_logger(__name__)


class DatabaseDownError(Exception):
    """The database does not answer; the text is the driver's kind of error, without any value."""


class Database:
    """Sessions on one database; safe for several worker processes at once.

    Raises:
        ValueError: ``url`` is not usable; the text says what to write instead.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(parse(url))
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    async def open(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Bring the tables to the newest form; waits for another process that does so.

        Raises:
            DatabaseDownError: it did not answer within ``patience_seconds``.
        """
        deadline = time.monotonic() + patience_seconds
        while True:
            try:
                with self._translated():
                    await upgrade(self.engine)
            except DatabaseDownError as error:
                if time.monotonic() >= deadline:
                    raise
                _log.warning("database does not answer yet", reason=str(error))
                await asyncio.sleep(min(1.0, patience_seconds / 4))
            else:
                return

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a session; commit at the end, roll back when anything is raised.

        Raises:
            DatabaseDownError: no answer, or no lock in time; nothing is known to be stored.
            IntegrityError: another row is there already.
        """
        with self._translated():
            async with self._sessions() as session, session.begin():
                yield session

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            if _is_defect(error):
                raise
            # SQLAlchemy wraps the driver's own error, whose name tells an operator most.
            told = error.orig.__cause__ if error.orig and error.orig.__cause__ else error.orig
            raise DatabaseDownError(type(told).__name__) from error
        except Exception as error:
            if not _is_outage(error, self.dialect):
                raise
            raise DatabaseDownError(type(error).__name__) from error


def _is_outage(error: Exception, dialect: str) -> bool:
    if isinstance(error, PoolTimeoutError | TimeoutError | OSError):
        return True
    if dialect != "postgresql":
        return False
    # Raised bare while a connection is made: starting up, too many, wrong password.
    # The engine has loaded the driver; a worker on SQLite never does.
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415 - it ships no types

    return isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError)


def _is_defect(error: DBAPIError) -> bool:
    """A statement that can never work says nothing about the database's health."""
    state = str(getattr(error.orig, "sqlstate", "") or "")
    code = getattr(error.orig, "sqlite_errorcode", None)
    return (
        isinstance(error, DataError | ProgrammingError)
        or state[:2] in {"22", "42"}
        or code == sqlite3.SQLITE_ERROR
    )


def parse(url: str) -> URL:
    """Read DATABASE_URL; raises ValueError with what to write instead, never with the password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(
            "DATABASE_URL is not an address; use sqlite:////folder/workers.db "
            "or postgresql://user:password@host/database"
        ) from None
    driver = DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError(
            f"DATABASE_URL starts with {parsed.drivername}://; use sqlite:// or postgresql://"
        )
    if driver == "sqlite+aiosqlite" and parsed.database in {None, "", ":memory:"}:
        raise ValueError(
            "DATABASE_URL names no file, and what is kept in memory is lost at the end; "
            "use sqlite:////folder/workers.db"
        )
    return _with_ssl(parsed.set(drivername=driver))


def _with_ssl(parsed: URL) -> URL:
    # The name of libpq, which most tools write; asyncpg's own is ssl.
    mode = parsed.query.get("sslmode")
    if mode is None:
        return parsed
    return parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def _engine(parsed: URL) -> AsyncEngine:
    if parsed.drivername != "sqlite+aiosqlite":
        limits = {"timeout": CONNECT_SECONDS, "command_timeout": ANSWER_SECONDS}
        return create_async_engine(parsed, pool_pre_ping=True, pool_size=10, connect_args=limits)
    folder = Path(parsed.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"DATABASE_URL: the folder {folder} cannot be made ({error.strerror}); "
            "name one where this program may write"
        ) from None
    engine = create_async_engine(parsed, connect_args={"timeout": 15})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    # First the patience: another process may be switching the new file to WAL this moment.
    for pragma in ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    # Taking the write lock at the start: two readers that both want to write would dead-lock.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
