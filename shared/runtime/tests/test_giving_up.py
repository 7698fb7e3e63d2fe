"""A connection attempt that is given up leaves nothing behind."""

import asyncio
import contextlib

import aio_pika
import pytest

from workers_runtime.giving_up import end_with_its_caller


@pytest.fixture
async def silent():
    """Something that takes connections and never says a word; yields its address."""
    opened = []

    async def take(reader, writer):
        del reader
        opened.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"amqp://guest:guest@{host}:{port}/"
    server.close()
    for writer in opened:
        writer.close()


async def test_cancelled_attempt_ends(silent):
    end_with_its_caller()
    before = asyncio.all_tasks()
    attempt = asyncio.create_task(aio_pika.connect_robust(silent, reconnect_interval=0.01))
    await asyncio.sleep(0.2)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    left = asyncio.all_tasks() - before
    for task in left:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait(left, timeout=1) if left else None
    assert [task for task in left if not task.done()] == []


async def test_attempt_that_fails_is_told_as_before():
    end_with_its_caller()
    with pytest.raises(ConnectionError):
        await aio_pika.connect_robust("amqp://guest:guest@127.0.0.1:1/")
