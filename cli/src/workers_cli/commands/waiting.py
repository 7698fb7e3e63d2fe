"""`workers waiting`: which commands wait for another try or for an authority, and why."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from workers_cli.addresses import resolve
from workers_cli.errors import ExitCode, UsageError
from workers_cli.fleet import age
from workers_cli.next_steps import of_code
from workers_cli.options import Json, RedisUrl
from workers_cli.output import emit, line, note, table
from workers_cli.waits import counted, overdue, read, tags
from workers_runtime.waiting import Waiting, WaitingPage


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
    pages = asyncio.run(read(resolve("redis_url", redis_url), _tags(tag), limit))
    now = datetime.now(UTC)
    if as_json:
        emit({name: _page(page, now) for name, page in pages.items()})
    else:
        _print(pages, now)
    late = any(overdue(entry, now) for page in pages.values() for entry in page.entries)
    return ExitCode.WRONG if late else ExitCode.OK


def _tags(tag: str | None) -> list[str]:
    known = tags()
    if tag is None:
        return known
    if tag not in known:
        raise UsageError(
            f"no worker has the tag {tag}; known: {', '.join(known)}", "workers waiting"
        )
    return [tag]


def _page(page: WaitingPage, now: datetime) -> dict[str, object]:
    entries = [
        entry.model_dump(mode="json")
        | {"overdue": overdue(entry, now), "next": of_code(entry.code).next}
        for entry in page.entries
    ]
    return {"total": page.total, "commands": entries}


def _print(pages: dict[str, WaitingPage], now: datetime) -> None:
    columns = ["command", "about", "message id", "correlation id", "tenant", "tries", "waits since",
               "next try", "code", "why"]  # fmt: skip
    rows = [_row(entry, now) for page in pages.values() for entry in page.entries]
    if rows:
        table(columns, rows)
    else:
        note("nothing waits")
    _steps(pages, now)
    for tag, page in pages.items():
        if page.total > len(page.entries):
            note(f"{tag}: the next {len(page.entries)} of {page.total}; --limit shows more")


def _steps(pages: dict[str, WaitingPage], now: datetime) -> None:
    """Say once for each code what helps: in the table it would be told a hundred times."""
    helps = {group.code: group.step for group in counted(pages, now).groups}
    for code, step in sorted(helps.items()):
        line(f"{code}: {step.next}", style="bold red" if step.acts else "")


def _row(entry: Waiting, now: datetime) -> tuple[object, ...]:
    late = overdue(entry, now)
    next_try = (
        f"overdue since {entry.due:%H:%M:%S} UTC" if late else f"{entry.due:%d %b %H:%M:%S} UTC"
    )
    return (
        entry.command, entry.subject, entry.message_id, entry.correlation_id, entry.tenant,
        entry.attempt, age(entry.since, now), next_try, entry.code, entry.reason,
    )  # fmt: skip
