"""What the two databases call differently."""

from typing import Any

from sqlalchemy.dialects import sqlite


def insert(dialect: str, row: type[Any]) -> Any:
    """Return an INSERT of ``row`` that knows ON CONFLICT, which standard SQL does not."""
    if dialect != "postgresql":
        return sqlite.insert(row)
    # The engine has loaded it; a worker on SQLite never does.
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415

    return postgresql.insert(row)
