"""The archive's handlers without a broker; pdf.render's answers are written as it writes them."""

import inspect
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from anaf_efactura.archiving.handlers import router
from workers_contracts.base import Command, Event
from workers_contracts.efactura_archive import ArchivedDocument, FindArchived
from workers_contracts.pdf import PdfFailed, PdfRendered
from workers_contracts.topology import EVENTS
from workers_ledger.archive import Archive
from workers_runtime.identity import Task, derived_id
from workers_runtime.results import Results
from workers_runtime.router import After, Send
from workers_runtime.wire import Wire

PDF = b"%PDF-1.7\nwhat pdf.render printed\n%%EOF\n"
MOST = 1_000_000


@dataclass
class Office:
    """Asks the archive, and works off what follows."""

    desk: Any
    results: Results
    sent: list[Send] = field(default_factory=list)
    asked: list[After] = field(default_factory=list)
    prints: bool = True
    """Whether somebody prints what is wished."""
    fails: str = ""
    """The code with which printing fails."""

    @property
    def index(self) -> Archive:
        """The archive's index."""
        return self.desk.parts["index"]

    async def file(self, xml: str, message_id: str, tenant: str = "") -> Event:
        """File an invoice."""
        event = await self.desk.file(xml, message_id, tenant=tenant or None)
        assert event is not None
        return event

    async def read(self, artifact) -> bytes:
        """The bytes of an artifact."""
        return await self.desk.parts["artifacts"].get(artifact, limit=MOST)

    async def found(self, tenant: str = "", **wanted: Any) -> list[ArchivedDocument]:
        """The entries of the archive."""
        return (await self.ask(FindArchived(**wanted), tenant=tenant)).documents

    async def ask(
        self, command: Command, message_id: str = "a1", tenant: str = "", replay: int = 0
    ) -> Any:
        """Handle a command and its follow-ups to the end; returns the event."""
        for number in range(500):
            task = Task(message_id, "c1", tenant, 1, False, _now(), replay if number == 0 else 0)
            events, follow_ups = await self._step(command, task)
            if events:
                assert not follow_ups
                return events[0]
            (command,) = follow_ups
            message_id = derived_id(message_id, "next")
        raise AssertionError("no end after 500 steps")

    async def _step(self, command: Command, task: Task) -> tuple[list[Event], list[Command]]:
        outcome = await self.call(command, task)
        items = outcome if isinstance(outcome, list) else [outcome]
        events, follow_ups = [], []
        for item in items:
            if isinstance(item, Send):
                await self._printed(item, task)
            elif isinstance(item, After):
                self.asked.append(item)
                # As it travels.
                text = item.command.model_dump_json(exclude_none=True)
                follow_ups.append(type(item.command).model_validate_json(text, strict=True))
            else:
                events.append(item)
        return events, follow_ups

    async def call(self, command: Command, task: Task) -> Any:
        """Call the one handler of a command with what it asks for."""
        handler = next(one for one in router.handlers if one.command is type(command))
        _, *names = inspect.signature(handler.function).parameters
        parts = self.desk.parts | {"task": task}
        return await handler.function(command, **{name: parts[name] for name in names})

    async def _printed(self, send: Send, task: Task) -> None:
        self.sent.append(send)
        if not self.prints:
            return
        artifact = await self.desk.parts["artifacts"].put(PDF, media_type="application/pdf")
        event: Event = PdfRendered(
            reference=None, artifact=artifact, pages=1, source="template", rendered_at=_moment()
        )
        if self.fails:
            event = PdfFailed(
                command="pdf.render", message_id=send.message_id, code=self.fails, message="why",
                attempts=1, dead_letter_queue="pdf.render.dead", failed_at=_moment(),
            )  # fmt: skip
        envelope = {"type": event.key, "data": event.model_dump(mode="json")}
        wire = Wire(EVENTS, event.key, json.dumps(envelope), "e1", "c1")
        await self.results.keep(self.results.of(send.message_id, [wire], tenant=task.tenant))


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def _moment() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def office(desk, redis_url) -> AsyncIterator[Office]:
    """The archive of one worker."""
    results = Results(redis_url, ttl_seconds=60)
    yield Office(desk, results)
    await results.close()
