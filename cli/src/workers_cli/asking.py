"""Publishes one command and waits for its final event."""

import asyncio
from typing import Any

from workers_contracts.base import Command
from workers_contracts.topology import COMMANDS, EVENTS

from .broker import connected
from .errors import TimedOutError
from .finality import event_patterns, is_final
from .listening import Heard, Listener, listening
from .parcels import Parcel
from .publishing import confirming_channel, publish


async def ask(url: str, command: Command, *, tenant: str | None, seconds: float) -> Heard:
    """Return the final event of a command.

    Raises:
        TimedOutError: it did not come in time; the command is safe.
    """
    body = command.model_dump_json(exclude_none=True, exclude_defaults=True).encode()
    return await ask_body(url, type(command), body, tenant=tenant, seconds=seconds)


async def ask_body(
    url: str, kind: type[Command], body: bytes, *, tenant: str | None, seconds: float
) -> Heard:
    """Do the same with a body that is made already."""
    parcel = Parcel.of(kind.key, body, tenant)
    async with connected(url) as connection:
        patterns = [(EVENTS, pattern) for pattern in event_patterns(kind)]
        async with listening(connection, patterns) as listener:
            channel = await confirming_channel(connection)
            await publish(channel, COMMANDS, parcel.key, parcel.message())
            return await _final(listener, parcel, seconds)


async def _final(listener: Listener, parcel: Parcel, seconds: float) -> Heard:
    try:
        async with asyncio.timeout(seconds):
            while True:
                heard = await listener.next()
                mine = heard.correlation_id == parcel.correlation_id
                if mine and is_final(parcel.key, heard.type):
                    return heard
    except TimeoutError:
        raise TimedOutError(
            f"no final event of {parcel.key} within {seconds:g} s; the command is safe, its "
            f"correlation id is {parcel.correlation_id}",
            "workers waiting",
        ) from None


def failed(heard: Heard) -> dict[str, Any] | None:
    """Return what a failed event says; None when it is not one."""
    return heard.data if heard.type.rsplit(".", 1)[-1] == "failed" else None
