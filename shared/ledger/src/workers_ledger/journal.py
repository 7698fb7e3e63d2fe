"""The journal of the workers that file documents, in the same database as the documents."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from workers_runtime.errors import JournalUnavailableError
from workers_runtime.journal import (
    COOL_SECONDS,
    STORM_SECONDS,
    Busy,
    Claim,
    Claims,
    Done,
    InDoubt,
    New,
)
from workers_runtime.logs import get_logger
from workers_runtime.results import Result

from .database import Database, DatabaseDownError
from .dialects import insert
from .schema import InstanceRow, MessageRow, StampRow

LEASE_SECONDS = 10
"""An instance that did not prove its life for this long is dead; proved every two seconds."""

CLEANUP_SECONDS = 600
ResultType = TypeVar("ResultType")
_log = get_logger(__name__)


class SqlJournal:
    """Implements the runtime's `Journal` on SQL: what it knows survives Redis and the broker."""

    keeps_results = False

    def __init__(self, database: Database, *, instance: str, ttl_seconds: int) -> None:
        self._database = database
        self._instance = instance
        self._ttl = timedelta(seconds=ttl_seconds)
        self._claims = Claims()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to prove that this instance is alive."""
        self._tasks = [
            asyncio.create_task(self._prove_life()),
            asyncio.create_task(self._clean_up()),
        ]

    async def stop(self) -> None:
        """Stop proving it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(JournalUnavailableError):
            await self._run(self._forget)

    async def ping(self) -> None:
        """Raise JournalUnavailableError when the database does not answer."""

        async def ask(session: AsyncSession) -> None:
            await session.execute(text("SELECT 1"))

        await self._run(ask)

    async def stamp(self, fingerprint: str, *, redelivered: bool) -> str:
        """Return an id for a message without one; the same id when it is redelivered."""
        fresh = str(uuid.uuid4())

        async def step(session: AsyncSession) -> str:
            row = await session.get(StampRow, fingerprint)
            if row is None:
                session.add(StampRow(fingerprint=fingerprint, message_id=fresh, updated_at=_now()))
                return fresh
            if not redelivered:
                row.message_id, row.updated_at = fresh, _now()
            return row.message_id

        return await self._run(step)

    async def claim(self, key: str) -> Claim:
        """Take ``key`` for this instance, or learn why not."""
        return await self._claims.ask(key, lambda: self._claim(key))

    async def _claim(self, key: str) -> Claim:
        token = uuid.uuid4().hex

        async def step(session: AsyncSession) -> Claim:
            await self._alive(session)
            await session.execute(self._insert(key))
            row = await session.get(MessageRow, key, with_for_update=True, populate_existing=True)
            if row is None:
                raise JournalUnavailableError("the message's row vanished while it was claimed")
            return await self._take(session, row, token)

        return await self._run(step)

    async def _take(self, session: AsyncSession, row: MessageRow, token: str) -> Claim:
        if row.state == "done":
            return Done(row.outcome)
        in_doubt = row.state == "doubt"
        if row.state == "run":
            mine = row.owner == self._instance
            if not mine and await self._lives(session, row.owner):
                return Busy()
            died = InDoubt(token, row.deaths)
            rests_until = row.updated_at + timedelta(seconds=COOL_SECONDS)
            if not mine and died.is_suspect and _now() < rests_until:
                return Busy()
            in_doubt, row.deaths = True, row.deaths + (0 if mine else 1)
        row.state, row.owner, row.token, row.updated_at = "run", self._instance, token, _now()
        if not in_doubt:
            return New(token)
        return InDoubt(token, row.deaths, await self._crashes(session) if row.deaths else 0)

    async def _crashes(self, session: AsyncSession) -> int:
        # Who ends in order takes its row away: what stays behind has crashed.
        now = _now()
        since = now - timedelta(seconds=STORM_SECONDS)
        ended = InstanceRow.alive_until.between(since, now)
        found = select(func.count()).select_from(InstanceRow).where(ended)
        return await session.scalar(found) or 0

    async def finish(
        self, key: str, token: str, outcome: str, result: Result | None = None
    ) -> bool:
        """Record the outcome; False when another worker took the message over."""
        del result  # its place is Redis, where the kernel puts it
        return await self._settle(key, token, "done", outcome)

    async def release(self, key: str, token: str, *, in_doubt: bool, survived: bool = True) -> None:
        """Give the message back for a later try."""
        state = "doubt" if in_doubt else "free"
        if not await self._settle(key, token, state, "", survived=survived):
            _log.warning("release refused, another worker took over", key=key)

    async def _settle(
        self, key: str, token: str, state: str, outcome: str, *, survived: bool = True
    ) -> bool:
        async def step(session: AsyncSession) -> bool:
            row = await session.get(MessageRow, key, with_for_update=True)
            # The token fences off a worker that was given up for dead.
            if row is None or row.token != token:
                return False
            if row.state != "run":
                # Settled by this very claim before, and only the database's answer was lost.
                return row.state == state and row.outcome == outcome
            row.state, row.outcome, row.updated_at = state, outcome, _now()
            row.deaths = 0 if survived else row.deaths
            return True

        settled = await self._run(step)
        self._claims.end(key)
        return settled

    def _insert(self, key: str) -> Any:
        values = {
            "key": key,
            "state": "free",
            "owner": "",
            "token": "",
            "deaths": 0,
            "outcome": "",
            "updated_at": _now(),
        }
        row = insert(self._database.dialect, MessageRow).values(**values)
        return row.on_conflict_do_nothing()

    async def _lives(self, session: AsyncSession, owner: str) -> bool:
        row = await session.get(InstanceRow, owner)
        return row is not None and row.alive_until > _now()

    async def _alive(self, session: AsyncSession) -> None:
        # One statement: many claims of this instance prove its life at the same moment.
        until = _now() + timedelta(seconds=LEASE_SECONDS)
        row = insert(self._database.dialect, InstanceRow).values(
            id=self._instance, alive_until=until
        )
        await session.execute(
            row.on_conflict_do_update(index_elements=["id"], set_={"alive_until": until})
        )

    async def _forget(self, session: AsyncSession) -> None:
        await session.execute(delete(InstanceRow).where(InstanceRow.id == self._instance))

    async def _prove_life(self) -> None:
        while True:
            with contextlib.suppress(JournalUnavailableError):
                await self._run(self._alive)
            await asyncio.sleep(2)

    async def _clean_up(self) -> None:
        async def step(session: AsyncSession) -> None:
            limit = _now() - self._ttl
            finished = (MessageRow.updated_at < limit) & (MessageRow.state == "done")
            await session.execute(delete(MessageRow).where(finished))
            await session.execute(delete(StampRow).where(StampRow.updated_at < limit))
            day_ago = _now() - timedelta(days=1)
            await session.execute(delete(InstanceRow).where(InstanceRow.alive_until < day_ago))

        while True:
            await asyncio.sleep(CLEANUP_SECONDS)
            with contextlib.suppress(JournalUnavailableError):
                await self._run(step)

    async def _run(self, step: Callable[[AsyncSession], Awaitable[ResultType]]) -> ResultType:
        try:
            async with self._database.transaction() as session:
                return await step(session)
        except DatabaseDownError as error:
            raise JournalUnavailableError(f"the database does not answer: {error}") from error
        except SQLAlchemyError as error:
            raise JournalUnavailableError(
                f"the database refused: {type(error).__name__}"
            ) from error


def _now() -> datetime:
    return datetime.now(UTC)
