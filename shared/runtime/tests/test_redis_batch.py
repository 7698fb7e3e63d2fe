"""Commands in one round trip: each caller gets its own answer, and nobody another's trouble."""

import asyncio
import time

import pytest
from redis.exceptions import RedisError, ResponseError

from workers_runtime.journal_redis import RedisJournal
from workers_runtime.redis_batch import MOST, Batch
from workers_runtime.redis_pool import connect

pytestmark = pytest.mark.integration


@pytest.fixture
async def batch(redis_url):
    client = connect(redis_url, decode=True)
    yield Batch(client)
    await client.aclose()


async def test_each_caller_gets_its_own_answer(batch):
    await asyncio.gather(*[batch.execute("SET", f"k{n}", n) for n in range(3 * MOST)])
    answers = await asyncio.gather(*[batch.execute("GET", f"k{n}") for n in range(3 * MOST)])
    assert answers == [str(n) for n in range(3 * MOST)]


async def test_commands_of_one_moment_travel_together(batch, monkeypatch):
    sizes = []
    real = Batch._ask

    async def counted(self, commands):
        sizes.append(len(commands))
        return await real(self, commands)

    monkeypatch.setattr(Batch, "_ask", counted)
    await asyncio.gather(*[batch.execute("PING") for _ in range(MOST + 7)])
    assert sizes == [MOST, 7]


async def test_error_of_one_is_not_the_others(batch):
    await batch.execute("SET", "text", "ș")
    good, wrong, bad_text, last = await asyncio.gather(
        batch.execute("GET", "text"),
        batch.execute("INCR", "text"),
        batch.execute("SET", "x", "\ud800"),
        batch.execute("GET", "text"),
        return_exceptions=True,
    )
    assert (good, last) == ("ș", "ș")
    assert isinstance(wrong, ResponseError)
    assert isinstance(bad_text, UnicodeEncodeError)


async def test_caller_that_is_cancelled_costs_the_others_nothing(batch):
    tasks = [asyncio.create_task(batch.execute("PING")) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [str, asyncio.CancelledError, str]


async def test_closing_tells_whoever_still_waits(private_redis):
    client = connect(private_redis.url, decode=True)
    batch = Batch(client)
    await batch.execute("PING")
    await private_redis.freeze()
    tasks = [asyncio.create_task(batch.execute("PING")) for _ in range(MOST + 1)]
    await asyncio.sleep(0.2)
    started = time.monotonic()
    await batch.close()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert time.monotonic() - started < 3
    assert all(isinstance(answer, RedisError) for answer in answers)
    await private_redis.thaw()
    await client.aclose()


async def test_forgotten_scripts_are_sent_again(redis_url):
    """After a restart Redis knows no digests."""
    journal = RedisJournal(redis_url, tag="t", instance="one", ttl_seconds=60)
    claim = await journal.claim("m")
    await journal._redis.script_flush()
    assert await journal.finish("m", claim.token, "x") is True
    await journal.stop()
