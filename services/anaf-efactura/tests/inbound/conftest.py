"""A box that is read against the sandbox, with a clock of its own; waits are noted, not waited."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from workers_contracts.base import Command, Event
from workers_contracts.efactura_inbound import FetchMessage, ListMessages, ReceiveMessages
from workers_ledger.inbound import _value as message_of
from workers_ledger.schema_inbound import InboundRow
from workers_runtime.errors import QuotaError, WorkerError
from workers_runtime.identity import Task, derived_id
from workers_runtime.router import After

BUYER = "87654329"


@dataclass
class Sent:
    """A message on its way to the worker."""

    command: Command
    message_id: str
    wait: float = 0.0
    attempt: int = 1


@dataclass
class Box:
    """Hands the commands of one tenant to the handlers, as the bus would."""

    desk: Any
    tenant: str = "firm"
    cif: str = BUYER
    fetches: list[Sent] = field(default_factory=list)
    reading: Sent | None = None
    events: list[Event] = field(default_factory=list)
    errors: list[WorkerError] = field(default_factory=list)
    offset: timedelta = timedelta(0)
    _count: int = 0

    @property
    def receiving(self):
        return self.desk.parts["receiving"]

    @property
    def fetching(self):
        return self.desk.parts["fetching"]

    @property
    def keys(self) -> list[str]:
        """The events so far, without the answers to the command."""
        return [e.key for e in self.events if e.key != "efactura.receiving"]

    def told(self, key: str) -> list[Event]:
        return [event for event in self.events if event.key == key]

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def at(self, offset: timedelta) -> None:
        """Let time pass, here and at ANAF."""
        self.offset = offset
        self.desk.sandbox.control.clock(offset_seconds=offset.total_seconds())
        self.receiving._clock = self.fetching._clock = self.now
        client = self.desk.client
        client._clock = self.now
        for allowance in vars(client._allowed).values():
            allowance._clock = self.now

    async def follow(self, **fields: Any) -> Event:
        """Ask for the box, read its lists and fetch what they show."""
        await self.ask(**fields)
        await self.work()
        return self.told("efactura.receiving")[-1]

    async def ask(self, **fields: Any) -> None:
        self._count += 1
        command = ReceiveMessages(**{"cif": self.cif, **fields})
        await self.step(Sent(command, f"ask-{self.tenant}-{self._count}"))

    async def work(self) -> None:
        """Read once, and fetch until nothing is at hand."""
        if self.reading is not None:
            await self.step(self.reading)
        await self.fetch()

    async def fetch(self, most: int = 400) -> None:
        for _ in range(most):
            due = [sent for sent in self.fetches if sent.wait < 3600]
            if not due:
                return
            self.fetches.remove(due[0])
            await self.step(due[0])
        raise AssertionError("no end of fetching")

    async def step(self, sent: Sent) -> None:
        """Handle one delivery."""
        try:
            outcome = await self.call(sent)
        except WorkerError as error:
            self.errors.append(error)
            wait = getattr(error, "retry_after", None) or 1.0
            if isinstance(error, QuotaError):
                wait = (error.until - self.now()).total_seconds()
            again = Sent(sent.command, sent.message_id, wait, sent.attempt + 1)
            if isinstance(sent.command, FetchMessage):
                self.fetches.append(again)
            return
        self.take(sent, outcome)

    async def call(self, sent: Sent) -> Any:
        task = self.task(sent)
        if isinstance(sent.command, ReceiveMessages):
            return await self.receiving.receive(sent.command, task)
        if isinstance(sent.command, ListMessages):
            return await self.receiving.beside(await self.receiving.read(sent.command, task), task)
        return await self.fetching.fetch(sent.command, task)

    def take(self, sent: Sent, outcome: Any) -> None:
        items = outcome if isinstance(outcome, list) else [outcome]
        for index, item in enumerate(each for each in items if each is not None):
            if not isinstance(item, After):
                self.events.append(item)
                continue
            made = derived_id(self.tenant, sent.message_id, item.command.key, str(index))
            follow = Sent(item.command, made, item.seconds)
            if isinstance(item.command, ListMessages):
                self.reading = follow
            else:
                self.fetches.append(follow)

    def task(self, sent: Sent) -> Task:
        seen = int(self.now().timestamp() * 1000)
        return Task(sent.message_id, "c1", self.tenant, sent.attempt, False, seen)

    async def rows(self) -> list[Any]:
        """The tenant's messages, as the ledger has them."""
        async with self.desk.database.transaction() as session:
            query = select(InboundRow).where(InboundRow.tenant == self.tenant)
            return [message_of(row) for row in await session.scalars(query)]

    async def states(self) -> dict[str, str]:
        return {row.message_id: row.state for row in await self.rows()}

    def downloads(self) -> dict[str, int]:
        """How often each planted message was downloaded."""
        return {one["id"]: one["downloads"] for one in self.desk.sandbox.control.planted()}


MakeBox = Callable[..., Box]


@pytest.fixture
def make_box_of() -> MakeBox:
    """Boxes of a worker."""
    return Box


@pytest.fixture
def make_box(desk) -> MakeBox:
    """Boxes of one worker, for several tenants or companies."""
    return lambda **fields: Box(desk, **fields)


@pytest.fixture
def box(make_box) -> Box:
    """The box of one buyer."""
    return make_box()
