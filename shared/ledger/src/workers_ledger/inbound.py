"""Messages in a box: each is entered once, handed out, and ends stored, expired or known as ours.

A message is handed out with a number; only its newest hand may store it. A hand that was lost with
its message is replaced after a time, and the lost one finds out should it come after all.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from workers_runtime.identity import derived_id

from .database import Database
from .dialects import insert
from .inbound_values import Doubt, Hands, InboundMessage, InboundState, Listed
from .inboxes import Inbox, session_of
from .ownership import (
    LISTED_TO_THE_MINUTE,
    Refusal,
    claim_refusal,
    doubted_since,
    filed_as,
    filed_before,
    has_filed,
)
from .schema_inbound import InboundRow

ROWS_AT_ONCE = 200
"""Rows of one INSERT; SQLite takes a limited number of values."""


_FIELDS = tuple(each.name for each in fields(InboundMessage))


class Inbound:
    """The messages of one service."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    async def enter(self, inbox: Inbox, listed: Sequence[Listed], *, now: datetime) -> int:
        """Store what is not known yet; returns how many those are."""
        new = 0
        for start in range(0, len(listed), ROWS_AT_ONCE):
            some = {each.message_id: each for each in listed[start : start + ROWS_AT_ONCE]}
            known = select(InboundRow.message_id).where(
                InboundRow.service == self._service,
                InboundRow.tenant == inbox.tenant,
                InboundRow.cif == inbox.cif,
                InboundRow.message_id.in_(some),
            )
            async with session_of(self._database) as session:
                for message_id in await session.scalars(known):
                    some.pop(message_id, None)
                if some:
                    rows = [self._row(inbox, each, now) for each in some.values()]
                    row = insert(self._database.dialect, InboundRow).values(rows)
                    await session.execute(row.on_conflict_do_nothing())
                    new += len(some)
        return new

    async def mark_ours(self, inbox: Inbox, types: Sequence[str], former: Sequence[str]) -> None:
        """Mark the messages that belong to documents which the same tenant filed.

        Args:
            inbox: the box.
            types: which may be; compared with the ids that the documents have now.
            former: those of them that are compared with former uploads too, which takes longer.
        """
        query = select(InboundRow).where(
            InboundRow.inbox_id == inbox.id,
            InboundRow.state == InboundState.LISTED.value,
            InboundRow.type.in_(types),
            InboundRow.upload_index.is_not(None),
        )
        async with session_of(self._database) as session:
            rows = {row: row.upload_index or "" for row in await session.scalars(query)}
            ours = await filed_as(session, self._service, inbox, list(rows.values()))
            rest = [each for row, each in rows.items() if row.type in former and each not in ours]
            ours |= await filed_before(session, self._service, inbox, rest)
            for row, index in rows.items():
                if index in ours:
                    row.state, row.updated_at = InboundState.OURS.value, _now()

    async def hand_out(self, inbox: Inbox, hands: Hands) -> list[InboundMessage]:
        """Return messages to be fetched, each with its hand; the same again for the same asker."""
        by = _holder(hands.by)
        free = or_(InboundRow.handed_until.is_(None), InboundRow.handed_until <= hands.now)
        ready = or_(
            InboundRow.type.not_in(hands.later),
            InboundRow.listed_at <= (hands.settled or hands.now),
        )
        query = select(InboundRow).where(
            InboundRow.inbox_id == inbox.id,
            InboundRow.state == InboundState.LISTED.value,
            InboundRow.listed_at > hands.oldest,
            or_(InboundRow.handed_by == by, and_(free, ready)),
        )
        oldest_first = query.order_by(InboundRow.listed_at, InboundRow.message_id)
        async with session_of(self._database) as session:
            if held := await self._held_back(session, inbox, hands.refusals):
                oldest_first = oldest_first.where(not_(and_(InboundRow.hand == 0, *held)))
            rows = list(await session.scalars(oldest_first.limit(hands.most).with_for_update()))
            for row in rows:
                if row.handed_by != by:
                    row.hand, row.handed_by = row.hand + 1, by
                row.handed_until, row.updated_at = hands.until, _now()
            return [_value(row) for row in rows]

    async def _held_back(
        self, session: AsyncSession, inbox: Inbox, doubt: Doubt | None
    ) -> list[ColumnElement[bool]]:
        """Return which messages wait until it is known whether they are a document's of ours."""
        if doubt is None:
            return []
        since = await doubted_since(
            session, self._service, inbox, ended=doubt.ended, after=doubt.after
        )
        if since is None:
            return []
        recent = max(since - LISTED_TO_THE_MINUTE, doubt.after)
        return [InboundRow.type == doubt.type, InboundRow.listed_at >= recent]

    async def aging(
        self,
        inbox: Inbox,
        by: str,
        *,
        before: datetime,
        seen_before: datetime,
        most: int = ROWS_AT_ONCE,
    ) -> list[InboundMessage]:
        """Return messages that were listed before a moment and still wait; each to one asker.

        What was first seen after ``seen_before`` may be old, and is no news yet.
        """
        by = _holder(by)
        query = select(InboundRow).where(
            InboundRow.inbox_id == inbox.id,
            InboundRow.state == InboundState.LISTED.value,
            InboundRow.listed_at <= before,
            InboundRow.seen_at <= seen_before,
            InboundRow.alarmed_by.in_(("", by)),
        )
        async with session_of(self._database) as session:
            found = query.order_by(InboundRow.listed_at, InboundRow.message_id).limit(most)
            rows = list(await session.scalars(found.with_for_update()))
            for row in rows:
                row.alarmed_by = by
            return [_value(row) for row in rows]

    async def expire(
        self, inbox: Inbox, by: str, *, before: datetime, most: int = ROWS_AT_ONCE
    ) -> list[InboundMessage]:
        """End what was listed before a moment and never fetched; each is returned to one asker."""
        by = _holder(by)
        waits = and_(InboundRow.state == InboundState.LISTED.value, InboundRow.listed_at <= before)
        mine = and_(InboundRow.state == InboundState.EXPIRED.value, InboundRow.handed_by == by)
        query = select(InboundRow).where(InboundRow.inbox_id == inbox.id, or_(waits, mine))
        async with session_of(self._database) as session:
            found = query.order_by(InboundRow.listed_at, InboundRow.message_id).limit(most)
            rows = list(await session.scalars(found.with_for_update()))
            for row in rows:
                if row.state == InboundState.LISTED.value:
                    # Whoever still has it in hand must not tell its end too.
                    row.state, row.hand = InboundState.EXPIRED.value, row.hand + 1
                    row.handed_by, row.updated_at = by, _now()
            return [_value(row) for row in rows]

    async def begin(
        self, tenant: str, cif: str, message_id: str, hand: int, *, until: datetime
    ) -> InboundMessage | None:
        """Return a message to whoever holds its newest hand, and let it hold on; else None."""
        async with session_of(self._database) as session:
            row = await session.get(InboundRow, self._id(tenant, cif, message_id))
            if row is None or row.hand != hand:
                return None
            if row.state == InboundState.LISTED.value:
                row.handed_until = until
            return _value(row)

    async def note(
        self, message: InboundMessage, *, code: str, error: str, unusable: bool = False
    ) -> None:
        """Remember why a try did not succeed; ``unusable`` counts what was given and no good."""
        async with session_of(self._database) as session:
            row = await session.get(InboundRow, message.id, with_for_update=True)
            if row is not None and row.hand == message.hand:
                row.error_code, row.error = code, error[:2000]
                row.tries += int(unusable)

    async def end(
        self, message: InboundMessage, state: InboundState, data: dict[str, Any]
    ) -> InboundMessage | None:
        """End a message; None when its hand is not the newest any more, or it has ended."""
        async with session_of(self._database) as session:
            row = await session.get(InboundRow, message.id, with_for_update=True)
            if row is None or row.hand != message.hand or row.state != InboundState.LISTED.value:
                return None
            row.state, row.data, row.updated_at = state.value, row.data | data, _now()
            await session.flush()
            return _value(row)

    async def is_filed(self, message: InboundMessage, content_sha256: str) -> bool:
        """Say whether the tenant filed exactly these bytes for this box."""
        async with session_of(self._database) as session:
            return await has_filed(session, self._service, message, content_sha256)

    async def is_refusal_of_ours(self, message: InboundMessage, refusal: Refusal) -> bool:
        """Say whether a lost upload of the tenant was refused so; it has the index from now on."""
        index = message.upload_index
        if not index:
            return False
        async with session_of(self._database) as session:
            return await claim_refusal(session, self._service, message, refusal, index)

    async def counts(self, inbox: Inbox) -> dict[str, int]:
        """Return how many messages of a box are in each state."""
        query = (
            select(InboundRow.state, func.count().label("number"))
            .where(InboundRow.inbox_id == inbox.id)
            .group_by(InboundRow.state)
        )
        async with session_of(self._database) as session:
            rows = await session.execute(query)
            return {row.state: row.number for row in rows}

    def _id(self, tenant: str, cif: str, message_id: str) -> str:
        return derived_id("inbound", self._service, tenant, cif, message_id)

    def _row(self, inbox: Inbox, listed: Listed, now: datetime) -> dict[str, Any]:
        return {
            "id": self._id(inbox.tenant, inbox.cif, listed.message_id),
            "inbox_id": inbox.id,
            "service": self._service,
            "tenant": inbox.tenant,
            "cif": inbox.cif,
            "message_id": listed.message_id,
            "upload_index": listed.upload_index,
            "type": listed.type,
            "state": InboundState.LISTED.value,
            "listed_at": listed.listed_at,
            "seen_at": now,
            "hand": 0,
            "handed_by": "",
            "handed_until": None,
            "alarmed_by": "",
            "tries": 0,
            "error_code": "",
            "error": "",
            "data": listed.data,
            "updated_at": now,
        }


def _holder(by: str) -> str:
    return derived_id("inbound", by)


def _value(row: InboundRow) -> InboundMessage:
    return InboundMessage(**{name: getattr(row, name) for name in _FIELDS})


def _now() -> datetime:
    return datetime.now(UTC)
