"""One delivery, and the ways it can leave: outcome, later, suspect lane, dead letters."""

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from workers_contracts.catalog import failed_event
from workers_contracts.topology import EVENTS, dead_queue, suspect_queue

from .failpoints import hit
from .failure import GiveUp, Retry
from .identity import DUE, MAX_MS, NOTES, Identity, Task, derived_id
from .ladder import rung_for
from .metrics import Metrics
from .publisher import Publisher, plain_headers
from .redaction import redact_text
from .results import Result, Results
from .router import Handler
from .waiting import Waiting, WaitingList
from .wire import Outbox, Wire, utc_text

ACK_SECONDS = 10

FOLLOW_UP = "follow_up"
"""In the place of an error code: nothing failed, the worker asks again as planned."""


@dataclass(frozen=True)
class Lane:
    """A consumed queue: the main one of a command or its lane for suspects."""

    handler: Handler
    queue: str
    suspect: bool = False

    @property
    def consumed(self) -> str:
        """Name of the queue that the broker knows."""
        return suspect_queue(self.queue) if self.suspect else self.queue


@dataclass(frozen=True)
class Delivery:
    """A message in hand."""

    lane: Lane
    raw: AbstractIncomingMessage
    identity: Identity
    content: str = ""
    """Digest of the command: what was published under this message id."""
    subject: str = ""
    """What the command is about, as it says itself."""

    @property
    def command(self) -> str:
        """Routing key of the command."""
        return self.lane.handler.command.key

    @property
    def aside(self) -> bool:
        """Whether the command stands beside the life of the public one that it goes back to."""
        return self.lane.handler.command.aside

    @cached_property
    def key(self) -> str:
        """Key in the journal. The tenant is part of it: two tenants may use the same ids."""
        identity = self.identity
        digest = derived_id(self.command, identity.tenant or "", identity.message_id or "")
        return f"{digest}:{identity.replay}" if identity.replay else digest

    def task(self) -> Task:
        """Return what the handler may know."""
        identity = self.identity
        return Task(
            message_id=identity.message_id or "",
            correlation_id=identity.correlation_id or "",
            tenant=identity.tenant or "",
            attempt=identity.attempt,
            in_doubt=identity.in_doubt,
            first_seen_ms=identity.first_seen_ms,
            replay=identity.replay,
        )

    def waiting(
        self, command: str, since: datetime, due: datetime, code: str, reason: str
    ) -> Waiting:
        """Return what a person is told while the command, or its follow-up, waits."""
        identity = self.identity
        return Waiting(
            message_id=identity.root,
            correlation_id=identity.correlation_id or "",
            tenant=identity.tenant or "",
            command=command,
            subject=self.subject,
            code=code,
            reason=reason,
            attempt=identity.attempt,
            since=since,
            due=due,
        )

    def copy(self, identity: Identity, headers: dict[str, str | int]) -> aio_pika.Message:
        """Return the same message for another queue."""
        return aio_pika.Message(
            self.raw.body,
            headers=dict(headers),
            content_type=self.raw.content_type,
            content_encoding=self.raw.content_encoding,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=identity.message_id,
            correlation_id=identity.correlation_id,
            timestamp=self.raw.timestamp,
            type=self.raw.type,
        )


def failure_of(wires: list[Wire]) -> GiveUp | None:
    """Return why a recorded outcome gave the command up; None when it did not."""
    for wire in wires:
        data = json.loads(wire.body).get("data", {}) if wire.exchange == EVENTS else {}
        if data.get("dead_letter_queue"):
            return GiveUp(data["code"], data["message"], data.get("field"))
    return None


class Exits:
    """Where a delivery can go. Each publishes with confirms before it acknowledges."""

    def __init__(
        self,
        *,
        tag: str,
        publisher: Publisher,
        results: Results,
        waiting: WaitingList,
        metrics: Metrics,
        environment: str,
    ) -> None:
        self._tag = tag
        self._publisher = publisher
        self._results = results
        self._waiting = waiting
        self._metrics = metrics
        self._environment = environment

    def result(self, delivery: Delivery, wires: list[Wire]) -> Result | None:
        """Return what is kept of an outcome for those who ask instead of listening."""
        identity = delivery.identity
        if delivery.aside:
            return None
        return self._results.of(identity.root, wires, tenant=identity.tenant or "")

    async def publish(self, delivery: Delivery, wires: list[Wire], *, kept: bool = False) -> None:
        """Publish a recorded outcome, keep it as a result unless it is, acknowledge."""
        await self._say_what_waits(delivery, wires)
        for wire in wires:
            await self._publisher.send(wire)
        hit("after_publish", self._environment)
        if not kept:
            await self._results.keep(self.result(delivery, wires))
        hit("before_ack", self._environment)
        await self.ack(delivery)

    async def _say_what_waits(self, delivery: Delivery, wires: list[Wire]) -> None:
        # Before the message leaves: a follow-up may be over before a later word about it.
        if delivery.aside:
            return
        identity = delivery.identity
        for wire in wires:
            if wire.delay_seconds > 0 and not wire.aside:
                since = datetime.now(UTC)
                due = since + timedelta(seconds=wire.delay_seconds)
                await self._waiting.note(
                    delivery.waiting(wire.type, since, due, FOLLOW_UP, wire.reason)
                )
                return
        if identity.due_ms:
            await self._waiting.clear(identity.root, identity.tenant or "")

    async def retry(
        self, delivery: Delivery, decision: Retry, follow_ups: Sequence[Wire] = ()
    ) -> None:
        """Send it up the delay ladder for another try, and let people see that it waits."""
        identity = delivery.identity
        since = datetime.fromtimestamp(identity.first_seen_ms / 1000, UTC)
        due = datetime.now(UTC) + timedelta(seconds=decision.seconds)
        why = (decision.code, redact_text(decision.reason)[:500])
        if not delivery.aside:
            await self._waiting.note(delivery.waiting(delivery.command, since, due, *why))
        for wire in follow_ups:
            await self._publisher.send(wire)
        again = replace(identity, attempt=identity.attempt + 1, in_doubt=decision.in_doubt)
        await self.later(replace(delivery, identity=again), decision.seconds)

    async def later(self, delivery: Delivery, seconds: float) -> None:
        """Send it up the delay ladder; it comes back to the lane it came from."""
        due_ms = min(int((time.time() + seconds) * 1000), MAX_MS)
        identity = replace(delivery.identity, due_ms=due_ms)
        copy = delivery.copy(identity, identity.headers())
        await self._publisher.publish(
            rung_for(seconds), delivery.lane.consumed, copy, mandatory=True
        )
        await self.ack(delivery)

    async def suspect(self, delivery: Delivery) -> None:
        """Move it to the lane where it is judged alone."""
        copy = delivery.copy(delivery.identity, delivery.identity.headers())
        queue = suspect_queue(delivery.lane.queue)
        await self._publisher.publish("", queue, copy, mandatory=True)
        await self.ack(delivery)

    async def bury(self, delivery: Delivery, decision: GiveUp) -> None:
        """Put a copy with its reason in the dead-letter queue. Does not acknowledge."""
        queue = dead_queue(delivery.lane.queue)
        self._metrics.dead_letters.labels(tag=self._tag, queue=queue, code=decision.code).inc()
        reason: dict[str, str | int] = {
            "x-reason-code": decision.code,
            "x-reason": redact_text(decision.message)[:1000],
            "x-reason-field": decision.field or "",
            "x-queue": delivery.lane.queue,
            "x-command": delivery.command,
            "x-dead-at": utc_text(datetime.now(UTC)),
        }
        theirs = plain_headers(delivery.raw.headers or {})
        sent = {name: value for name, value in theirs.items() if name not in NOTES}
        headers = sent | delivery.identity.headers() | reason
        headers.pop(DUE, None)
        copy = delivery.copy(delivery.identity, headers)
        await self._publisher.publish("", queue, copy, mandatory=True)

    def failure(self, delivery: Delivery, decision: GiveUp) -> list[Wire]:
        """Return ``<domain>.failed`` for a command that was given up."""
        now = datetime.now(UTC)
        handler = delivery.lane.handler
        event = failed_event(handler.command)(
            command=delivery.command,
            message_id=delivery.identity.message_id or "",
            code=decision.code,
            message=redact_text(decision.message),
            field=decision.field,
            attempts=delivery.identity.attempt,
            dead_letter_queue=dead_queue(delivery.lane.queue),
            failed_at=now,
            **(handler.failed(decision.code) if handler.failed else {}),
        )
        return self.outbox(delivery, now).failed(event)

    def outbox(self, delivery: Delivery, now: datetime) -> Outbox:
        """Return what makes this delivery's messages."""
        return Outbox(
            source=self._tag, command=delivery.command, identity=delivery.identity, now=now
        )

    async def ack(self, delivery: Delivery) -> None:
        """Acknowledge. A channel that is gone means a redelivery, and the journal answers it."""
        raw = delivery.raw
        with contextlib.suppress(Exception):
            async with asyncio.timeout(ACK_SECONDS):
                # Written in the connection's own time: waiting for the socket makes it no safer.
                await raw.channel.basic_ack(raw.delivery_tag or 0, wait=False)
