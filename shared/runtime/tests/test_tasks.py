"""Ending background tasks, even stubborn ones; and telling a slip from a request."""

import asyncio
import time

import pytest

from workers_runtime import tasks
from workers_runtime.tasks import end, is_being_cancelled


async def test_nothing_and_finished_tasks_are_fine():
    await end(None)
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await end(task)


async def test_task_that_swallows_a_cancellation_ends_at_the_second():
    swallowed = 0

    async def stubborn():
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if swallowed:
                    raise
                swallowed += 1

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(end(task), 5)
    assert task.cancelled()
    assert swallowed == 1


async def test_task_that_never_ends_is_left(monkeypatch):
    monkeypatch.setattr(tasks, "TRIES", 1)
    free = asyncio.Event()

    async def deaf():
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    started = time.monotonic()
    await end(task)
    assert time.monotonic() - started < 3
    assert not task.done()
    free.set()
    await task


async def test_failure_of_the_task_is_looked_at_and_not_raised():
    async def fails():
        raise ValueError("x")

    task = asyncio.create_task(fails())
    await asyncio.wait({task})
    await end(task)


async def test_slip_of_a_library_is_not_a_request_to_end():
    seen: list[bool] = []

    async def work(inner: asyncio.Future[None]):
        try:
            await inner
        except asyncio.CancelledError:
            seen.append(is_being_cancelled())

    slipped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(work(slipped))
    await asyncio.sleep(0)
    slipped.cancel()
    await task
    asked = asyncio.create_task(work(asyncio.get_running_loop().create_future()))
    await asyncio.sleep(0)
    asked.cancel()
    await task
    await asyncio.wait({asked})
    assert seen == [False, True]


@pytest.fixture(autouse=True)
def _no_warnings(recwarn):
    yield
    assert not recwarn.list
