"""Answers for commands that no queue took: a mistyped key ends in an event, too.

They are fetched, not consumed: a queue that is nearly always empty needs no consumer to watch.
"""

import asyncio
import hashlib
from datetime import UTC, datetime
from difflib import get_close_matches

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import ChannelNotFoundEntity

from workers_contracts.base import Failed
from workers_contracts.catalog import commands, events, failed_event
from workers_contracts.topology import UNROUTED, dead_queue
from workers_contracts.unknown import CommandFailed
from workers_runtime.connection import Connection
from workers_runtime.declare import declare
from workers_runtime.failpoints import hit
from workers_runtime.identity import NOTES, Identity, derived_id
from workers_runtime.logs import get_logger
from workers_runtime.metrics import Metrics
from workers_runtime.publisher import Publisher, plain_headers
from workers_runtime.redaction import redact_text
from workers_runtime.unreadable import tolerate
from workers_runtime.wire import Outbox, utc_text

from .jobs import ask_to_end
from .measures import Measures

log = get_logger(__name__)

CODE = "unknown_command"
KEPT = dead_queue(UNROUTED)
LOOK_SECONDS = 1.0
ANSWER_SECONDS = 5.0
ATTEMPTS_PER_LINE = 30
MAX_KEY = 200
NAME = "registry"


class Unrouted:
    """Takes what was not routed, one after the other, for ever."""

    def __init__(self, url: str, measures: Measures, environment: str) -> None:
        self._inbox = Connection(url, f"{NAME} unrouted")
        self._publisher = Publisher(
            url, name=f"{NAME} answers", metrics=Metrics(NAME), repair=declare
        )
        self._measures = measures
        self._environment = environment

    async def run(self) -> None:
        """Look every second; whatever fails, connect again and go on."""
        tolerate()
        failures = 0
        while True:
            try:
                await self._sweep()
                failures = 0
            except ChannelNotFoundEntity:
                self._inbox.drop()  # no worker has declared the queue yet: nothing can be in it
            except Exception as error:  # noqa: BLE001 -- any failure means: connect again
                if failures % ATTEMPTS_PER_LINE == 0:
                    log.warning("unrouted commands wait", reason=type(error).__name__)
                failures += 1
                self._inbox.drop()
            ask_to_end()
            await asyncio.sleep(LOOK_SECONDS)

    async def close(self) -> None:
        """Hang up; what is in hand goes back to the queue."""
        await asyncio.gather(self._inbox.close(), self._publisher.close())

    async def _sweep(self) -> None:
        channel = await self._inbox.channel()
        queue = await channel.get_queue(UNROUTED, ensure=False)
        failure: Exception | None = None
        while (raw := await queue.get(fail=False, timeout=ANSWER_SECONDS)) is not None:
            try:
                await self._settle(raw)
            except Exception as error:  # noqa: BLE001 -- one message must not hold up the others
                failure = error  # not acknowledged: it is back with the next connection
            else:
                await raw.ack()
        if failure is not None:
            raise failure

    async def _settle(self, raw: AbstractIncomingMessage) -> None:
        key = raw.routing_key or ""
        command = commands().get(key)
        if command is not None and command.is_public():
            # Its queue was missing at that moment; the publisher makes it again.
            await self._publisher.publish("", command.queue(), _copy(raw), mandatory=True)
            outcome = "forwarded"
        else:
            await self._refuse(raw, _shown(key))
            outcome = "refused"
        self._measures.unrouted.labels(outcome).inc()
        log.warning("command was not routed", key=_shown(key)[:MAX_KEY], outcome=outcome)

    async def _refuse(self, raw: AbstractIncomingMessage, key: str) -> None:
        identity = Identity.of(raw).completed(_made_id(raw))
        why, kind = explained(key)
        reason: dict[str, str | int] = {
            "x-reason-code": CODE,
            "x-reason": redact_text(why)[:1000],
            "x-queue": UNROUTED,
            "x-command": key,
            "x-dead-at": utc_text(datetime.now(UTC)),
        }
        await self._publisher.publish("", KEPT, _copy(raw, reason), mandatory=True)
        now = datetime.now(UTC)
        event = kind(
            command=key,
            message_id=identity.message_id or "",
            code=CODE,
            message=redact_text(why),
            attempts=0,
            dead_letter_queue=KEPT,
            failed_at=now,
        )
        outbox = Outbox(source=NAME, command=key, identity=identity, now=now)
        for wire in outbox.failed(event):
            await self._publisher.send(wire)
        hit("after_publish", self._environment)


def explained(key: str) -> tuple[str, type[Failed]]:
    """Return what is wrong with a key, and the event in which its publisher hears of it."""
    known = commands()
    public = [name for name, command in known.items() if command.is_public()]
    near = get_close_matches(key, public, n=1)
    if key in known:
        return (
            f"{key} is sent by its worker only; publish one of the commands of "
            "docs/reference/messages.md",
            failed_event(known[key]),
        )
    hint = (
        f"did you mean {near[0]}? Publish it again with the right key"
        if near
        else "docs/reference/messages.md lists all that there are"
    )
    return f"no worker takes the routing key {key or '(empty)'}; {hint}", _event_for(key, near)


def _event_for(key: str, near: list[str]) -> type[Failed]:
    """Return the failed event that its publisher listens to, as far as that can be known."""
    own = events().get(f"{key.partition('.')[0]}.failed")
    if own is not None and issubclass(own, Failed):
        return own
    return failed_event(commands()[near[0]]) if near else CommandFailed


def _shown(key: str) -> str:
    """Return a key that can stand in a text."""
    return key if key.isprintable() else ascii(key)


def _made_id(raw: AbstractIncomingMessage) -> str:
    """Return an id for a message without one; a redelivery gets the same."""
    digest = hashlib.sha256(raw.body).hexdigest()
    return derived_id(UNROUTED, raw.routing_key or "", raw.correlation_id or "", digest)


def _copy(
    raw: AbstractIncomingMessage, reason: dict[str, str | int] | None = None
) -> aio_pika.Message:
    """Return the message for another queue; notes of the kernel that strangers wrote are left."""
    headers = plain_headers(raw.headers or {})
    theirs = {name: value for name, value in headers.items() if name not in NOTES}
    return aio_pika.Message(
        raw.body,
        headers=dict(theirs | (reason or {})),
        content_type=raw.content_type,
        content_encoding=raw.content_encoding,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=raw.message_id or _made_id(raw),
        correlation_id=raw.correlation_id,
        timestamp=raw.timestamp,
        type=raw.type,
    )
