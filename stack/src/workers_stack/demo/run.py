"""Start everything in a folder of its own, send the documents, watch, judge."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.live import Live

from workers_stack.layout import find_root, read_layout
from workers_stack.local import LocalStack

from . import view
from .board import Board
from .bus import open_bus
from .documents import documents

LIMIT_SECONDS = 60.0
_SETTLE_SECONDS = 0.3  # a second final event for a document would arrive in this time


async def demo(*, as_json: bool = False, keep: bool = False) -> int:
    """Run it; 0 when every document ended as expected. Its data is kept when something failed."""
    # A log file or pipe has no width; the tables should not be cut to 80 columns there.
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140
    console = Console(stderr=as_json, highlight=False, width=width)
    folder = Path(tempfile.mkdtemp(prefix="workers-demo-"))
    try:
        board, problems = await _run(folder, console, as_json=as_json)
    except BaseException:
        console.print(f"data and logs are kept in {folder}")
        raise
    _report(board, problems, console, as_json=as_json)
    if problems or keep:
        console.print(f"data and logs are kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
        console.print("[dim]its data and archives are removed; `demo --keep` keeps them[/]")
    _print_counts({**board.counts(), "ok": not problems}, as_json=as_json)
    return 1 if problems else 0


async def _run(folder: Path, console: Console, *, as_json: bool) -> tuple[Board, list[str]]:
    layout = read_layout(find_root(), usual_ports=False)
    with (folder / "programs.log").open("a", encoding="utf-8") as log:
        stack = LocalStack(
            layout,
            folder,
            say=lambda line: console.print(f"[dim]{line}[/]"),
            out=lambda name, line: print(f"{name:<16} {line}", file=log, flush=True),
        )
        try:
            addresses = await stack.start()
            now = datetime.now(ZoneInfo("Europe/Bucharest"))
            board = Board(documents(now.date(), f"{now:%H%M%S}"))
            await _send_and_watch(board, addresses.amqp_url, console, as_json=as_json)
            sent_twice = await uploads_problems(board, addresses.sandbox_url)
            return board, [*board.problems(), *sent_twice]
        finally:
            await stack.stop()


async def _send_and_watch(board: Board, url: str, console: Console, *, as_json: bool) -> None:
    watch = _watch_plain if as_json or not console.is_terminal else _watch_live
    async with open_bus(url) as bus:
        await bus.listen(lambda event: _take(board, event, console, as_json=as_json))

        async def send() -> None:
            for document, body in board.ready():
                await bus.publish(document, body)
                board.published(document)

        await watch(board, console, send)


def _take(board: Board, event: dict[str, Any], console: Console, *, as_json: bool) -> None:
    if not board.add(event):
        return
    if as_json:
        print(json.dumps(event, ensure_ascii=False), flush=True)  # noqa: T201 - this is the output
    elif not console.is_terminal:
        console.print(view.event_line(*board.events[-1]))


async def _watch_plain(board: Board, console: Console, send: Callable[[], Awaitable[None]]) -> None:
    del console
    await _until_done(board, send, lambda: None)


async def _watch_live(board: Board, console: Console, send: Callable[[], Awaitable[None]]) -> None:
    with Live(view.live(board), console=console, auto_refresh=False, transient=True) as shown:
        await _until_done(board, send, lambda: shown.update(view.live(board), refresh=True))


async def _until_done(
    board: Board, send: Callable[[], Awaitable[None]], show: Callable[[], None]
) -> None:
    while not board.done and board.seconds < LIMIT_SECONDS:
        # What follows another document is sent as soon as that one has its outcome.
        await send()
        show()
        await asyncio.sleep(0.1)
    await asyncio.sleep(_SETTLE_SECONDS)
    show()


async def uploads_problems(board: Board, sandbox_url: str) -> list[str]:
    """Ask the sandbox what really arrived: every accepted invoice exactly once."""
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        answer = await client.get(f"{sandbox_url}/_control/uploads")
    answer.raise_for_status()
    seen = [upload["number"] for upload in answer.json()]
    problems = []
    for row in board.rows.values():
        document = row.document
        if document.final == "efactura.accepted" and (times := seen.count(document.number)) != 1:
            problems.append(f"{document.title}: the sandbox saw {times} uploads, expected one")
    return problems


def _report(board: Board, problems: list[str], console: Console, *, as_json: bool) -> None:
    if not as_json:
        console.print(view.summary(board))
    for problem in problems:
        console.print(f"[bold red]missing[/]  {problem}")


def _print_counts(counts: dict[str, object], *, as_json: bool) -> None:
    """The last line of stdout; with --json stdout holds events only, so it goes to stderr."""
    print(json.dumps(counts), file=sys.stderr if as_json else sys.stdout, flush=True)
