"""`just dev`: keep the whole stack running in one terminal until Ctrl-C."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from rich.console import Console
from rich.text import Text

from .layout import find_root, read_layout
from .local import Addresses, LocalStack

STATE_FILE = "stack.json"
_COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green")


class AlreadyRunningError(RuntimeError):
    """Another `dev` uses this folder."""


async def dev(folder: Path | None = None) -> int:
    """Run until Ctrl-C: 0. A start that fails, or a server that does not come back: 1."""
    root = find_root()
    run_folder = folder or root / ".run"
    run_folder.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True, highlight=False)
    with _only_one(run_folder):
        _start_afresh(run_folder)
        stack = LocalStack(
            read_layout(root, usual_ports=True),
            run_folder,
            say=lambda line: console.print(f"[bold]dev[/]  {line}"),
            out=lambda name, line: console.print(_prefixed(name, line), soft_wrap=True),
        )
        return await _run(stack, run_folder, console)


def _start_afresh(folder: Path) -> None:
    # The sandbox forgets what was filed; a ledger and queues that remember it would ask for ever.
    for path in folder.iterdir():
        if path.name.startswith("bench"):
            continue  # what the benchmarks installed there, and may use at this moment
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name.startswith("workers.db"):
            path.unlink()


async def _run(stack: LocalStack, folder: Path, console: Console) -> int:
    asked_to_end = _listen_for_ctrl_c(stack)
    state = folder / STATE_FILE
    work = asyncio.create_task(_serve(stack, state, console))
    end = asyncio.create_task(asked_to_end.wait())
    code = 0
    try:
        await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            code = 1
            console.print(f"[bold red]dev[/]  {work.exception()}")
    finally:
        state.unlink(missing_ok=True)
        work.cancel()
        end.cancel()
        await asyncio.gather(work, end, return_exceptions=True)
        console.print("[bold]dev[/]  stopping (Ctrl-C again kills)")
        await stack.stop()
    return code


async def _serve(stack: LocalStack, state: Path, console: Console) -> None:
    # People's own settings win: a real ANAF test account can be used with the local stack.
    addresses = await stack.start(environment=lambda ours: {**ours, **_own(ours)})
    write_state(addresses, state)
    for name, url in addresses.as_dict().items():
        console.print(f"[bold]dev[/]  {name:<20} {url}")
    console.print("[bold]dev[/]  ready; Ctrl-C ends it")
    await stack.keep_running()


def _own(ours: dict[str, str]) -> dict[str, str]:
    fixed = {"RMQ_URL", "REDIS_URL"}  # the finder has already honoured these
    return {name: os.environ[name] for name in ours if name in os.environ and name not in fixed}


def write_state(addresses: Addresses, path: Path) -> None:
    """Write the addresses so that a reader sees all of them or none."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(addresses.as_dict(), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def _listen_for_ctrl_c(stack: LocalStack) -> asyncio.Event:
    """The first signal asks for an orderly end, the second kills."""
    asked = asyncio.Event()

    def on_signal() -> None:
        if asked.is_set():
            stack.kill()
            os._exit(130)  # the guard kills the servers
        asked.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    return asked


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with (folder / "dev.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(
                f"another `dev` is running with its data in {folder}: end that one first"
            ) from None
        yield


def _prefixed(name: str, line: str) -> Text:
    colour = _COLOURS[crc32(name.encode()) % len(_COLOURS)]
    return Text.assemble((f"{name:<16} ", colour), Text.from_ansi(line))
