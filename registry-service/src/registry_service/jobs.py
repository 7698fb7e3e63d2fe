"""Jobs that run for ever, and how they end."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from workers_runtime.logs import get_logger

log = get_logger(__name__)

ROUND_SECONDS = 0.5


def start(name: str, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start a job; its unexpected end is logged."""
    return asyncio.create_task(_reported(name, job), name=name)


async def end(jobs: Iterable[asyncio.Task[None]], limit_seconds: float = 2.5) -> None:
    """Cancel jobs and wait for their end, at most for the limit.

    Libraries swallow a cancellation now and then (redis-py on Python 3.11 does when it arrives
    with an answer), so it is repeated.
    """
    pending = {job for job in jobs if not job.done()}
    for _ in range(int(limit_seconds / ROUND_SECONDS)):
        for job in pending:
            job.cancel()
        if not pending:
            return
        _, pending = await asyncio.wait(pending, timeout=ROUND_SECONDS)
    for job in pending:
        log.error("job does not end", job=job.get_name())


def ask_to_end() -> None:
    """Raise the cancellation of the current task again when a library swallowed it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _reported(name: str, job: Coroutine[Any, Any, None]) -> None:
    try:
        await job
    except Exception:
        log.exception("job ended", job=name)
        raise
