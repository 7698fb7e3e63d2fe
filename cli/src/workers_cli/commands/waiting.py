"""`workers waiting`: which commands wait for another try or for an authority, and why."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from workers_cli.addresses import resolve
from workers_cli.errors import ExitCode, RedisUnreachableError, UsageError
from workers_cli.fleet import age
from workers_cli.options import Json, RedisUrl
from workers_cli.output import emit, note, table
from workers_contracts.catalog import commands
from workers_runtime.redaction import redact_text
from workers_runtime.waiting import Waiting, WaitingPage

SECONDS = 5.0


def waiting(
    tag: Annotated[
        str | None, typer.Argument(help="Show this worker's only.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Commands shown a worker.")] = 100,
    redis_url: RedisUrl = None,
    as_json: Json = False,
) -> int:
    """List the commands that wait: for what, since when, and when they are tried next.

    They are safe in RabbitMQ; this list is kept in Redis. Exits with 1 when one is overdue by
    more than a minute: its worker does not run, or is behind.
    """
    tags = _tags(tag)
    pages = asyncio.run(_read(resolve("redis_url", redis_url), tags, limit))
    now = datetime.now(UTC)
    if as_json:
        emit({name: _page(page, now) for name, page in pages.items()})
    else:
        _print(pages, now)
    late = any(overdue(entry, now) for page in pages.values() for entry in page.entries)
    return ExitCode.WRONG if late else ExitCode.OK


def overdue(entry: Waiting, now: datetime) -> bool:
    """Say whether a command should have been tried a minute ago."""
    return (now - entry.due).total_seconds() > 60


def _tags(tag: str | None) -> list[str]:
    known = sorted({command.tag for command in commands().values()})
    if tag is None:
        return known
    if tag not in known:
        raise UsageError(
            f"no worker has the tag {tag}; known: {', '.join(known)}", "workers waiting"
        )
    return [tag]


async def _read(url: str, tags: list[str], limit: int) -> dict[str, WaitingPage]:
    # Imported here: the library takes longer to load than the rest of the program.
    from redis.asyncio import Redis  # noqa: PLC0415
    from redis.exceptions import RedisError  # noqa: PLC0415

    from workers_runtime.waiting import read_waiting  # noqa: PLC0415

    client = Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
    try:
        return {tag: await read_waiting(client, tag, limit=limit) for tag in tags}
    except (RedisError, OSError) as error:
        words = redact_text(str(error)).strip() or type(error).__name__
        raise RedisUnreachableError(
            f"Redis does not answer: {words}", "give --redis-url or REDIS_URL, or: workers status"
        ) from None
    finally:
        await client.aclose()


def _page(page: WaitingPage, now: datetime) -> dict[str, object]:
    entries = [
        entry.model_dump(mode="json") | {"overdue": overdue(entry, now)} for entry in page.entries
    ]
    return {"total": page.total, "commands": entries}


def _print(pages: dict[str, WaitingPage], now: datetime) -> None:
    columns = ["command", "message id", "correlation id", "tenant", "tries", "waits since",
               "next try", "code", "why"]  # fmt: skip
    rows = [_row(entry, now) for page in pages.values() for entry in page.entries]
    if rows:
        table(columns, rows)
    else:
        note("nothing waits")
    for tag, page in pages.items():
        if page.total > len(page.entries):
            note(f"{tag}: the next {len(page.entries)} of {page.total}; --limit shows more")


def _row(entry: Waiting, now: datetime) -> tuple[object, ...]:
    late = overdue(entry, now)
    next_try = (
        f"overdue since {entry.due:%H:%M:%S} UTC" if late else f"{entry.due:%d %b %H:%M:%S} UTC"
    )
    return (
        entry.command, entry.message_id, entry.correlation_id, entry.tenant, entry.attempt,
        age(entry.since, now), next_try, entry.code, entry.reason,
    )  # fmt: skip
