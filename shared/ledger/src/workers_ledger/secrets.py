"""Secrets that rotate, shared by all replicas: read by all, renewed by the holder of the lease."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .database import Database, DatabaseDownError
from .dialects import insert
from .documents import LedgerUnavailableError
from .schema import SecretRow


class Secrets:
    """Named texts in the ledger's database; the caller encrypts them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, name: str) -> str:
        """Return the secret, empty when there is none."""
        async with self._session() as session:
            row = await session.get(SecretRow, name)
            return row.value if row else ""

    async def under(self, prefix: str) -> dict[str, str]:
        """Return the secrets whose names begin so, by name; empty ones are none."""
        query = select(SecretRow.name, SecretRow.value).where(
            SecretRow.name.startswith(prefix, autoescape=True), SecretRow.value != ""
        )
        async with self._session() as session:
            return {row.name: row.value for row in await session.execute(query)}

    async def put(self, name: str, value: str) -> None:
        """Store a secret that nobody renews; whoever holds a lease on it keeps it."""
        now = datetime.now(UTC)
        async with self._session() as session:
            row = insert(self._database.dialect, SecretRow).values(
                name=name, value=value, locked_by="", locked_until=now, updated_at=now
            )
            known = {"value": value, "updated_at": now}
            await session.execute(row.on_conflict_do_update(index_elements=["name"], set_=known))

    async def lease(self, name: str, owner: str, *, seconds: float) -> bool:
        """Take the right to renew the secret; False while another process has it."""
        now = datetime.now(UTC)
        async with self._session() as session:
            blank = insert(self._database.dialect, SecretRow).values(
                name=name, value="", locked_by="", locked_until=now, updated_at=now
            )
            await session.execute(blank.on_conflict_do_nothing())
            row = await session.get(SecretRow, name, with_for_update=True, populate_existing=True)
            if row is None or (row.locked_by not in {"", owner} and row.locked_until > now):
                return False
            row.locked_by, row.locked_until = owner, now + timedelta(seconds=seconds)
            return True

    async def write(self, name: str, value: str, owner: str, *, unless: str | None = None) -> None:
        """Store the renewed secret and give the lease back.

        Args:
            name: of the secret.
            value: the renewed one.
            owner: who has the lease.
            unless: what stays, should the secret be this by now.
        """
        async with self._session() as session:
            row = await session.get(SecretRow, name, with_for_update=True)
            if row is not None:
                if row.value != unless:
                    row.value, row.updated_at = value, datetime.now(UTC)
                if row.locked_by == owner:
                    row.locked_by = ""

    async def release(self, name: str, owner: str) -> None:
        """Give the lease back without a change."""
        async with self._session() as session:
            row = await session.get(SecretRow, name, with_for_update=True)
            if row is not None and row.locked_by == owner:
                row.locked_by = ""

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        try:
            async with self._database.transaction() as session:
                yield session
        except DatabaseDownError as error:
            raise LedgerUnavailableError(f"the ledger does not answer ({error})") from error
