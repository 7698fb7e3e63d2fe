"""Brings a database to the newest form of the tables, with Alembic, one process at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

_LOCK = 4_270_118_903
"""Any number, the same in every worker: PostgreSQL's advisory lock for migrations."""


def config() -> Config:
    """Return Alembic's settings for the migrations in this package."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.set_main_option("path_separator", "os")
    return settings


def head() -> str:
    """Return the id of the newest migration."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


async def upgrade(engine: AsyncEngine) -> None:
    """Run the migrations that this database lacks."""
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
