"""The private Redis."""

import asyncio

import pytest
import redis.asyncio

from workers_stack.servers.handshake import redis_problem

pytestmark = pytest.mark.integration


async def value(url: str, key: str) -> bytes | None:
    client = redis.asyncio.from_url(url)
    try:
        return await client.get(key)
    finally:
        await client.aclose()


async def put(url: str, key: str) -> None:
    client = redis.asyncio.from_url(url)
    try:
        await client.set(key, "there")
    finally:
        await client.aclose()


async def test_each_test_has_an_empty_database(redis_url, redis_server):
    await put(redis_url, "mine")
    assert await value(redis_url, "mine") == b"there"
    assert await value(redis_server.url, "mine") is None


async def test_the_next_test_does_not_see_it(redis_url):
    assert await value(redis_url, "mine") is None


@pytest.mark.fault
async def test_data_and_url_survive_a_restart_and_a_flush_empties(private_redis):
    url = private_redis.url
    await put(url, "kept")
    await private_redis.restart()
    assert private_redis.url == url
    assert await value(url, "kept") == b"there"
    await private_redis.flush()
    assert await value(url, "kept") is None


@pytest.mark.fault
async def test_killed_redis_refuses_and_comes_back(private_redis):
    await private_redis.kill()
    assert await redis_problem(private_redis.url, limit=1) is not None
    await private_redis.start()
    assert await redis_problem(private_redis.url, limit=1) is None


@pytest.mark.fault
async def test_frozen_redis_hangs_thaws_and_stops(private_redis):
    await private_redis.freeze()
    assert await redis_problem(private_redis.url, limit=0.5) == "no answer within 0.5 s"
    await private_redis.thaw()
    assert await redis_problem(private_redis.url, limit=2) is None
    await private_redis.freeze()
    await asyncio.wait_for(private_redis.stop(), 10)
    assert not private_redis.running
