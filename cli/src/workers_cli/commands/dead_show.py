"""`workers dead show`: one dead letter with its headers and its body, without secrets."""

import asyncio
import json
from typing import Annotated, Any

import typer
from aio_pika.abc import AbstractIncomingMessage

from workers_cli.addresses import resolve
from workers_cli.body_preview import preview
from workers_cli.broker import connected
from workers_cli.dead_queues import checked, count_of
from workers_cli.errors import ExitCode, NoSuchMessageError, UsageError
from workers_cli.letters import Letter, read
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, line, note
from workers_runtime.redaction import redact


def show_dead(
    queue: Annotated[str, typer.Argument(help="A queue of `workers dead list`.")],
    message_id: Annotated[
        str | None, typer.Argument(help="The message's id.", show_default=False)
    ] = None,
    position: Annotated[
        int | None,
        typer.Option("--position", min=1, help="Its number in the list, when it has no id."),
    ] = None,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Show one dead letter: properties, headers and body, with secrets masked."""
    if (message_id is None) == (position is None):
        raise UsageError("give a message id or --position", f"workers dead list {queue}")
    url, queue = resolve("amqp_url", rmq_url), checked(queue)
    found = asyncio.run(_find(url, queue, message_id, position))
    if as_json:
        emit(found)
    else:
        _print(found)
        which = found["properties"].get("message_id", "--all")
        note(f"do it again with: workers dead replay {queue} {which}")
    return ExitCode.OK


def _print(found: dict[str, Any]) -> None:
    for part in ("properties", "headers"):
        line(part, style="bold")
        for name, value in found[part].items():
            line(f"  {name}: {value}")
    line("body", style="bold")
    body = found["body"]
    line(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2))


async def _find(
    url: str, queue: str, message_id: str | None, position: int | None
) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def take(letter: Letter, raw: AbstractIncomingMessage) -> bool:
        if position == letter.position or (message_id and message_id == letter.message_id):
            found.update(found or described(raw, queue))
        return False  # the rest is read, too: only then the queue keeps its order

    async with connected(url) as connection:
        await read(connection, queue, await count_of(connection, queue), see=take)
    if not found:
        raise NoSuchMessageError(
            f"{queue} holds no message {message_id or f'at position {position}'}",
            f"workers dead list {queue}",
        )
    return found


def described(raw: AbstractIncomingMessage, queue: str) -> dict[str, Any]:
    """Return a message with its secrets masked."""
    properties = {
        "queue": queue,
        "message_id": raw.message_id,
        "correlation_id": raw.correlation_id,
        "routing_key": raw.routing_key,
        "type": raw.type,
        "content_type": raw.content_type,
        "content_encoding": raw.content_encoding,
        "timestamp": raw.timestamp.isoformat() if raw.timestamp else None,
        "bytes": len(raw.body),
    }
    headers = {name: redact(_plain(value), name) for name, value in (raw.headers or {}).items()}
    shown = {name: redact(value) for name, value in properties.items() if value is not None}
    return {"properties": shown, "headers": headers, "body": preview(raw.body)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
