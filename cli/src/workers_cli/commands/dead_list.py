"""`workers dead list`: how many dead letters there are, and which."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from workers_cli.addresses import resolve
from workers_cli.broker import connected
from workers_cli.dead_queues import checked, read_all
from workers_cli.errors import ExitCode
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, note, table
from workers_cli.queues import dead_queues, states


def list_dead(
    queue: Annotated[
        str | None, typer.Argument(help="Show this queue's messages.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Messages shown.")] = 100,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """List the dead-letter queues, or the messages of one, without taking them.

    The order of the messages is kept, as far as the broker allows: two programs that read the
    same queue at the same time change it.
    """
    url = resolve("amqp_url", rmq_url)
    if queue is None:
        return asyncio.run(_queues(url, as_json=as_json))
    return asyncio.run(_letters(url, checked(queue), limit, as_json=as_json))


async def _queues(url: str, *, as_json: bool) -> int:
    async with connected(url) as connection:
        found = await states(connection, dead_queues())
    if as_json:
        emit({"queues": [asdict(queue) for queue in found]})
        return ExitCode.OK
    table(["queue", "messages"], [(q.name, q.ready if q.exists else "missing") for q in found])
    full = [queue.name for queue in found if queue.ready]
    if full:
        note(f"look into one with: workers dead list {full[0]}")
    return ExitCode.OK


async def _letters(url: str, queue: str, limit: int, *, as_json: bool) -> int:
    async with connected(url) as connection:
        letters = await read_all(connection, queue)
    shown = letters[:limit]
    if as_json:
        emit({"queue": queue, "count": len(letters), "messages": [asdict(one) for one in shown]})
        return ExitCode.OK
    columns = ["#", "message id", "command", "code", "field", "reason", "tries", "dead since"]
    rows = [
        (x.position, x.message_id, x.command, x.code, x.field, x.reason, x.attempts, x.dead_since)
        for x in shown
    ]
    table(columns, rows)
    if len(letters) > len(shown):
        note(f"the first {len(shown)} of {len(letters)}; --limit shows more")
    return ExitCode.OK
