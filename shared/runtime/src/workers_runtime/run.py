"""Runs a worker as a process: pages, signals, and an end that always comes."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack

import uvicorn

from .app import Worker
from .config import WorkerSettings
from .logs import configure_logs, get_logger

GARBAGE_AFTER = (20_000, 20, 20)
"""Objects before the collector looks; a message makes many and leaves none. A tenth of its cost."""

LAST_RESORT_SECONDS = 15.0
"""After the drain limit: whatever still hangs then does not keep the process."""

_log = get_logger(__name__)


def run(build: Callable[[], Worker]) -> None:
    """Build the worker, serve until SIGTERM or SIGINT, then stop in order."""
    worker = build()
    settings = worker.settings
    configure_logs(service=worker.service, level=settings.log_level, log_format=settings.log_format)
    worker.install()
    _collect_seldom()
    asyncio.run(serve(worker))


def _collect_seldom() -> None:
    gc.set_threshold(*GARBAGE_AFTER)
    # What the start has made stays for good: it is not looked through again.
    gc.collect()
    gc.freeze()


async def serve(worker: Worker) -> None:
    """Serve the pages and consume until a signal asks to stop."""
    settings = worker.settings
    listener = _listen(settings)
    worker.address = settings.http_public_url or _address(listener)
    server = uvicorn.Server(
        uvicorn.Config(
            worker.app,
            log_config=None,
            access_log=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    pages = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _live(worker, stopping)
    finally:
        server.should_exit = True
        await asyncio.wait({pages}, timeout=3)


async def _live(worker: Worker, stopping: asyncio.Event) -> None:
    """Start, work until the signal, stop; the signal also ends a start that waits."""
    started = asyncio.Event()
    life = asyncio.create_task(_whole_life(worker, started, stopping))
    signalled = asyncio.create_task(stopping.wait())
    await asyncio.wait({life, signalled}, return_when=asyncio.FIRST_COMPLETED)
    signalled.cancel()
    if stopping.is_set():
        _force_end_after(worker.settings.drain_seconds + LAST_RESORT_SECONDS)
        if not started.is_set():
            life.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await life


async def _whole_life(worker: Worker, started: asyncio.Event, stopping: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(worker.app.lifespan_context())
        except Exception as error:  # noqa: BLE001 - the log has the rest
            _log.exception("start failed")
            raise SystemExit(
                f"{worker.service}: cannot start: {type(error).__name__}: {error}"
            ) from None
        started.set()
        _log.info("started", pages=worker.address, pid=os.getpid())
        await stopping.wait()


def _listen(settings: WorkerSettings) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.http_host, settings.http_port))
    except OSError as error:
        raise SystemExit(
            f"cannot listen on {settings.http_host}:{settings.http_port}: {error.strerror}; "
            "set HTTP_PORT to a free port, or to 0"
        ) from None
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{socket.gethostname() if host == '0.0.0.0' else host}:{port}"  # noqa: S104


def _force_end_after(seconds: float) -> None:
    # A thread, because what hangs may be the event loop itself.
    timer = threading.Timer(seconds, lambda: os._exit(70))
    timer.daemon = True
    timer.start()
