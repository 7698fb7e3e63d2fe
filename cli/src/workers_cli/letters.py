"""Dead letters: read without being taken, in the order in which they died.

They are read by a consumer whose channel is closed afterwards. Measured on RabbitMQ 3.10: a quorum
queue then has them back in their order, where single gets or negative acknowledgements mix them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aio_pika.abc import AbstractConnection, AbstractIncomingMessage, AbstractQueue

from workers_contracts.topology import UNROUTED
from workers_runtime.identity import ATTEMPT, REPLAY, TENANT
from workers_runtime.redaction import redact_text

from .queues import UNROUTED_QUEUES, states

MAX_HELD = 65_535
"""The broker's bound of messages in one consumer's hands."""

QUIET_SECONDS = 2.0
"""No message for this long: the rest is in the hands of another program."""


@dataclass(frozen=True)
class Letter:
    """What its properties and headers say of a dead letter; never its body."""

    position: int
    message_id: str
    correlation_id: str
    command: str
    code: str
    field: str
    reason: str
    attempts: int
    replays: int
    tenant: str
    dead_since: str
    queue: str
    """Where it is to be replayed: its original queue; for unrouted ones the routing key."""
    size: int
    looks: int
    """How often it was read without being taken, as the broker counts."""


def letter_of(raw: AbstractIncomingMessage, queue: str, position: int) -> Letter:
    """Read a dead letter as the runtime, or the broker itself, wrote it."""
    headers = {name: _text(value) for name, value in (raw.headers or {}).items()}
    unrouted = queue == UNROUTED
    command = (raw.routing_key or "") if unrouted else headers.get("x-command") or raw.type or ""
    died_of = headers.get("x-first-death-reason", "")
    return Letter(
        position=position,
        message_id=raw.message_id or "",
        correlation_id=_text(raw.correlation_id),
        command=command,
        code="unrouted" if unrouted else headers.get("x-reason-code") or died_of or "unknown",
        field=headers.get("x-reason-field", ""),
        reason=redact_text(_reason(headers, unrouted=unrouted, died_of=died_of)),
        attempts=_number(headers.get(ATTEMPT)) or (0 if queue in UNROUTED_QUEUES else 1),
        replays=_number(headers.get(REPLAY)),
        tenant=headers.get(TENANT, ""),
        dead_since=headers.get("x-dead-at") or (raw.timestamp.isoformat() if raw.timestamp else ""),
        queue=command
        if queue in UNROUTED_QUEUES
        else headers.get("x-queue") or queue.removesuffix(".dead"),
        size=len(raw.body),
        looks=_number(headers.get("x-delivery-count")),
    )


def _reason(headers: dict[str, str], *, unrouted: bool, died_of: str) -> str:
    if unrouted:
        return "no queue was bound for its routing key"
    return headers.get("x-reason") or (f"given up by the broker: {died_of}" if died_of else "")


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def _number(value: object) -> int:
    text = str(value or 0)
    return int(text) if text.isdigit() else 0


class Hold:
    """Messages in hand: iterate over them, `take` those that are to leave the queue."""

    def __init__(self, source: AbstractQueue, count: int) -> None:
        self._source = source
        self._count = count
        self._waiting: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self.kept = 0
        """How many will go back."""

    async def receive(self, raw: AbstractIncomingMessage) -> None:
        """Get one from the broker."""
        self.kept += 1
        await self._waiting.put(raw)

    async def take(self, raw: AbstractIncomingMessage) -> None:
        """Let it leave the queue."""
        await raw.ack()
        self.kept -= 1

    async def __aiter__(self) -> AsyncIterator[AbstractIncomingMessage]:
        if self._count:
            await self._source.consume(self.receive)
        for _ in range(self._count):
            try:
                yield await asyncio.wait_for(self._waiting.get(), QUIET_SECONDS)
            except TimeoutError:
                return


@asynccontextmanager
async def held(
    connection: AbstractConnection, queue: str, count: int, *, at_once: int | None = None
) -> AsyncIterator[Hold]:
    """Hold up to ``count`` messages of a queue; what is not taken is back when this ends.

    Args:
        connection: to the broker.
        queue: name of the queue.
        count: how many at most.
        at_once: how many may be in hand; all, unless each is taken in turn.
    """
    count = min(count, MAX_HELD)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=min(count, at_once or count))
    hold = Hold(await channel.get_queue(queue, ensure=False), count)
    try:
        yield hold
        # A round trip: acknowledgements that come with their channel's end may be ignored.
        await channel.get_queue(queue)
    finally:
        if not channel.is_closed:
            await channel.close()
        if not connection.is_closed:
            await _returned(connection, queue, hold.kept)


async def _returned(connection: AbstractConnection, queue: str, count: int) -> None:
    """Wait until the queue has its messages back: the next command must see them."""
    for _ in range(100):
        if (await states(connection, [queue]))[0].ready >= count:
            return
        await asyncio.sleep(QUIET_SECONDS / 100)


async def read(
    connection: AbstractConnection,
    queue: str,
    count: int,
    *,
    see: Callable[[Letter, AbstractIncomingMessage], object] | None = None,
) -> list[Letter]:
    """Return the letters of a queue, all of them: reading a part would change their order.

    Args:
        connection: to the broker.
        queue: name of the queue.
        count: how many there are.
        see: is shown each letter with its message, which is not kept.
    """
    found: list[Letter] = []
    async with held(connection, queue, count) as hold:
        async for raw in hold:
            found.append(letter_of(raw, queue, len(found) + 1))
            if see is not None:
                see(found[-1], raw)
    return found
