"""Brings a database to the newest form of the tables, one process at a time."""

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from . import schema_inbound as _more_tables  # noqa: F401 - importing it makes them known
from .schema import Base, restrict

NEWEST = "0006"
"""The id of the newest migration; a test compares it with the files."""

_LOCK = 4_270_118_903
"""Any number, the same in every worker: PostgreSQL's advisory lock for migrations."""

_VERSION = Table(
    # As Alembic makes it.
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


async def upgrade(engine: AsyncEngine) -> None:
    """Make the tables, or run the migrations that this database lacks."""
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    there = set(inspect(connection).get_table_names())
    if _VERSION.name in there:
        if connection.scalars(_VERSION.select()).all() == [NEWEST]:
            return
    elif not there & Base.metadata.tables.keys():
        _create(connection)
        return
    # Only here: Alembic is ten megabytes, and most starts find nothing to do.
    from .migrations import run  # noqa: PLC0415

    run.upgrade(connection)


def _create(connection: Connection) -> None:
    """Make the tables of a new database at once, marked as having all migrations."""
    restrict(Base.metadata, connection.dialect.name)
    Base.metadata.create_all(connection)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=NEWEST))
