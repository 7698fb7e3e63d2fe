"""`workers send`: publish a command, and wait for its end when asked."""

import asyncio
import uuid
from typing import Annotated

import typer
from aio_pika.abc import AbstractConnection

from workers_cli.addresses import resolve
from workers_cli.body import check, command_for, read_body
from workers_cli.broker import connected
from workers_cli.errors import TimedOutError, UsageError
from workers_cli.event_lines import event_line
from workers_cli.finality import event_patterns, exit_code, is_final
from workers_cli.listening import Heard, Listener, listening
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, line, note
from workers_cli.parcels import Parcel
from workers_cli.publishing import confirming_channel, publish
from workers_cli.queues import states
from workers_contracts.catalog import commands
from workers_contracts.topology import COMMANDS, EVENTS

Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME=VALUE",
        help="A field of the command, over the file's; NAME=@FILE takes a file's text.",
    ),
]
MessageId = Annotated[
    str | None, typer.Option("--message-id", help="Sent again with the same id, it is done once.")
]
CorrelationId = Annotated[
    str | None, typer.Option("--correlation-id", help="Every event echoes it.")
]

MAX_ID_BYTES = 255
"""AMQP 0-9-1 short strings."""


def send(
    key: Annotated[str, typer.Argument(help="Routing key, for example taxpayer.validate.")],
    file: Annotated[
        str | None, typer.Argument(help="JSON file; - reads standard input.", show_default=False)
    ] = None,
    field: Fields = None,
    tid: Annotated[str | None, typer.Option("--tid", help="Tenant.")] = None,
    message_id: MessageId = None,
    correlation_id: CorrelationId = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Print its events until the final one.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds that --wait waits.")
    ] = 60,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Send it even when its contract would refuse it.")
    ] = False,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Publish a command; with --wait, print its events until the final one.

    With --wait it exits with 0 for success, 3 when it was rejected, 4 when it failed, 5 when no
    final event came in time.
    """
    command = commands().get(key) if no_check else command_for(key)
    body = read_body(command, file, field or [])
    if command is not None and not no_check:
        check(command, body)
    parcel = Parcel(
        key,
        body,
        _identifier("--message-id", message_id),
        _identifier("--correlation-id", correlation_id),
        tid,
    )
    url = resolve("amqp_url", rmq_url)
    return asyncio.run(_send(url, parcel, timeout if wait else None, as_json=as_json))


def _identifier(option: str, given: str | None) -> str:
    if given is not None and not 0 < len(given.encode()) <= MAX_ID_BYTES:
        raise UsageError(
            f"{option} has {len(given.encode())} bytes; it must have 1 to {MAX_ID_BYTES}",
            "leave it out to have one made",
        )
    return given or str(uuid.uuid4())


async def _send(url: str, parcel: Parcel, wait: float | None, *, as_json: bool) -> int:
    async with connected(url) as connection:
        if wait is None:
            await _publish(connection, parcel, as_json=as_json)
            return 0
        command = parcel.command
        patterns = event_patterns(command) if command else ["#"]
        async with listening(connection, [(EVENTS, pattern) for pattern in patterns]) as listener:
            await _publish(connection, parcel, as_json=as_json)
            return await _until_final(listener, parcel, wait, as_json=as_json)


async def _publish(connection: AbstractConnection, parcel: Parcel, *, as_json: bool) -> None:
    channel = await confirming_channel(connection)
    await publish(channel, COMMANDS, parcel.key, parcel.message())
    told = {
        "command": parcel.key,
        "message_id": parcel.message_id,
        "correlation_id": parcel.correlation_id,
        "tid": parcel.tenant,
    }
    if as_json:
        emit(told)
        return
    line(f"sent {parcel.key}")
    line(f"message id      {parcel.message_id}")
    line(f"correlation id  {parcel.correlation_id}")
    await _look_ahead(connection, parcel)


async def _look_ahead(connection: AbstractConnection, parcel: Parcel) -> None:
    """Say when nobody will take the command up now."""
    command = parcel.command
    if command is None:
        note(f"no queue takes {parcel.key}: the registry answers; see `workers dead list`")
        return
    queue = (await states(connection, [command.queue()]))[0]
    if not queue.exists:
        note(f"the queue {queue.name} is missing: the registry, or `topology apply`, makes it")
    elif queue.consumers == 0:
        note(f"no worker consumes {queue.name} now; the command waits there")


async def _until_final(listener: Listener, parcel: Parcel, seconds: float, *, as_json: bool) -> int:
    try:
        async with asyncio.timeout(seconds):
            while True:
                heard = await listener.next()
                if heard.correlation_id != parcel.correlation_id:
                    continue
                _show(heard, as_json=as_json)
                if is_final(parcel.key, heard.type):
                    return exit_code(heard.type)
    except TimeoutError:
        raise TimedOutError(
            f"no final event of {parcel.key} within {seconds:g} s; "
            f"the command is safe, its correlation id is {parcel.correlation_id}",
            "workers waiting",
        ) from None


def _show(heard: Heard, *, as_json: bool) -> None:
    if as_json:
        emit(heard.envelope)
    else:
        line(event_line(heard))
