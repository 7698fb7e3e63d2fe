"""Results in Redis: what was published, for a while; a Redis that is away costs only that."""

import json
import time

import pytest
import redis.asyncio as redis

from workers_contracts.topology import EVENTS
from workers_runtime.redis_pool import connect
from workers_runtime.results import Results, ResultsUnavailableError, answer_to
from workers_runtime.wire import Wire


def wire(exchange: str, body: dict) -> Wire:
    return Wire(exchange, "key", json.dumps(body), "id", "c")


@pytest.mark.integration
async def test_events_are_kept_with_their_time_and_follow_ups_are_not(redis_url):
    results = Results(redis_url, ttl_seconds=60)
    wires = [wire(EVENTS, {"id": "1"}), wire("", {"c": 1}), wire(EVENTS, {"id": 2})]
    await results.keep(results.of("m", wires))
    assert results.of("none", [wire("", {"c": 1})]) is None
    await results.keep(None)
    async with redis.Redis.from_url(redis_url) as client:
        assert json.loads(await client.get("wrk:result:m")) == [{"id": "1"}, {"id": 2}]
        assert 0 < await client.ttl("wrk:result:m") <= 60
        assert await client.keys("wrk:result:*") == [b"wrk:result:m"]
    await results.close()


@pytest.mark.integration
@pytest.mark.parametrize("how", ["stop", "freeze"])
async def test_redis_that_is_away_costs_the_result_and_some_seconds(private_redis, how):
    results = Results(private_redis.url, ttl_seconds=60)
    await results.keep(results.of("m", [wire(EVENTS, {})]))
    await getattr(private_redis, how)()
    started = time.monotonic()
    await results.keep(results.of("m", [wire(EVENTS, {})]))
    assert time.monotonic() - started < 15
    await results.close()


@pytest.mark.integration
async def test_answer_of_another_worker_is_read_by_message_id_and_tenant(redis_url):
    results, asking = Results(redis_url, ttl_seconds=60), connect(redis_url)
    await results.keep(results.of("m", [wire(EVENTS, {"id": "1"})], tenant="t"))
    assert await answer_to(asking, "m", "t") == [{"id": "1"}]
    assert await answer_to(asking, "m") == await answer_to(asking, "other", "t") == []
    await asking.aclose()
    await results.close()


async def test_redis_that_is_away_is_told_to_who_asks_for_an_answer():
    asking = connect("redis://127.0.0.1:1/0")
    with pytest.raises(ResultsUnavailableError):
        await answer_to(asking, "m")
    await asking.aclose()
