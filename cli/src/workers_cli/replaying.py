"""Sends dead letters again: published and confirmed first, taken from the queue then."""

import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from workers_contracts.catalog import commands
from workers_contracts.topology import COMMANDS, command_queues
from workers_runtime.failpoints import hit
from workers_runtime.identity import ATTEMPT, DUE, FIRST_SEEN, REPLAY

from .errors import CliError, NotReplayedError
from .letters import Hold, Letter, held, letter_of
from .publishing import confirming_channel, publish
from .queues import UNROUTED_QUEUES

WINDOW = 200
"""Messages in hand when every one of them is replayed."""

_FRESH = {ATTEMPT, DUE, FIRST_SEEN, "x-queue", "x-command", "x-dead-at"}
_OF_THE_BROKER = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-", "x-acquired-")


@dataclass
class Replayed:
    """What became of a replay."""

    sent: list[Letter] = field(default_factory=list)
    skipped: list[tuple[Letter, str]] = field(default_factory=list)
    """Letters that stay, with the reason."""


def target(letter: Letter, queue: str, under: str | None = None) -> tuple[str, str] | str:
    """Return the exchange and routing key to publish to, or why it cannot be replayed."""
    if under is not None:
        return COMMANDS, under
    if queue in UNROUTED_QUEUES:
        if letter.queue in commands():
            return COMMANDS, letter.queue
        return f"no command has the key {letter.queue or '(none)'}; replay it with --as KEY"
    if letter.queue in command_queues():
        return "", letter.queue
    return f"its header x-queue names {letter.queue}, which no worker consumes"


def fresh_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers of a first try that counts the replays; a doubt (x-in-doubt) stays.

    The replay's number is part of the key in the worker's journal: it is done again, and the same
    replay sent twice is done once.
    """
    kept = {
        name: value
        for name, value in headers.items()
        if name not in _FRESH and not name.startswith(("x-reason", *_OF_THE_BROKER))
    }
    before = str(headers.get(REPLAY, 0))
    return kept | {REPLAY: int(before) + 1 if before.isdigit() else 1}


def copy_of(raw: AbstractIncomingMessage) -> aio_pika.Message:
    """Return the message to publish, with the ids it always had."""
    return aio_pika.Message(
        raw.body,
        headers=fresh_headers(raw.headers or {}),
        content_type=raw.content_type,
        content_encoding=raw.content_encoding,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=raw.message_id or str(uuid.uuid4()),
        correlation_id=raw.correlation_id,
        reply_to=raw.reply_to,
        timestamp=raw.timestamp,
        type=raw.type,
        app_id=raw.app_id,
    )


async def replay(
    connection: AbstractConnection,
    queue: str,
    count: int,
    wanted: Callable[[Letter], bool],
    *,
    every_one: bool,
    under: str | None = None,
) -> Replayed:
    """Replay the wanted ones of the first ``count`` letters; those that die meanwhile come later.

    With ``under`` they go through the exchange again, under this routing key.

    Raises:
        NotReplayedError: a queue did not take its message; it and the rest stay.
    """
    done = Replayed()
    outgoing = await confirming_channel(connection)
    at_once = WINDOW if every_one else None
    async with held(connection, queue, count, at_once=at_once) as hold:
        position = 0
        async for raw in hold:
            position += 1
            letter = letter_of(raw, queue, position)
            if wanted(letter):
                await _one(outgoing, hold, raw, letter, target(letter, queue, under), queue, done)
    return done


async def _one(
    outgoing: AbstractChannel,
    hold: Hold,
    raw: AbstractIncomingMessage,
    letter: Letter,
    where: tuple[str, str] | str,
    queue: str,
    done: Replayed,
) -> None:
    if isinstance(where, str):
        done.skipped.append((letter, where))
        return
    environment = os.environ.get("WORKERS_ENV", "production")
    copy = copy_of(raw)
    try:
        await publish(outgoing, *where, copy)
    except CliError as error:
        raise NotReplayedError(
            f"{len(done.sent)} replayed, then {copy.message_id} stayed in {queue}: {error.message}",
            error.next_step,
        ) from None
    hit("after_publish", environment)
    await hold.take(raw)
    hit("before_ack", environment)
    done.sent.append(replace(letter, message_id=copy.message_id or "", queue=where[1]))
