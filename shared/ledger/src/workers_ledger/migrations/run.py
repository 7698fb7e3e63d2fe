"""Runs the migrations with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def config() -> Config:
    """Return Alembic's settings for the migrations in this folder."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    settings.set_main_option("path_separator", "os")
    return settings


def head() -> str:
    """Return the id of the newest migration."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def upgrade(connection: Connection) -> None:
    """Bring the tables behind a connection to the newest form."""
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
