"""Ends background tasks, even those whose library swallows a cancellation."""

import asyncio

TRIES = 5


async def end(task: "asyncio.Task[None] | None") -> None:
    """Cancel a task until it is over; gives up after some seconds, the process ends anyway.

    redis-py on Python 3.11 can swallow one cancellation that arrives while it waits for an answer.
    """
    if task is None:
        return
    for _ in range(TRIES):
        if task.done():
            break
        task.cancel()
        await asyncio.wait({task}, timeout=1)
    if task.done() and not task.cancelled():
        # Looked at, so that nobody warns; whatever it was, it has been logged where it happened.
        task.exception()


def is_being_cancelled() -> bool:
    """Say whether somebody asked the current task to end; a library's own slip is not that."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
