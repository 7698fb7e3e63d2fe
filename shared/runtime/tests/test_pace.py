"""Turns over several clients of one Redis."""

import asyncio
import itertools

import pytest
from redis.exceptions import RedisError

from workers_runtime.pace import Pace
from workers_runtime.redis_pool import connect

pytestmark = pytest.mark.integration


@pytest.fixture
async def make_pace(redis_url):
    clients = []

    def make(prefix: str = "wrk:test", **values) -> Pace:
        clients.append(connect(redis_url, decode=True))
        return Pace(clients[-1], prefix, **{"per_second": 0.5, "burst": 2, **values})

    yield make
    for one in clients:
        await one.aclose()


async def test_turns_are_shared_and_places_kept(make_pace):
    first, second = make_pace(), make_pace()
    assert [(await first.take("r", "a")).wait, (await second.take("r", "b")).wait] == [0, 0]
    waits = [
        (await one.take("r", who)).wait for one, who in zip([first, second], "cd", strict=True)
    ]
    assert [round(later - sooner) for sooner, later in itertools.pairwise(waits)] == [2]
    assert (await second.take("r", "c")).wait <= waits[0]
    assert (await first.take("another row", "e")).wait == 0


async def test_holds_are_for_a_row_or_for_all(make_pace):
    pace, other = make_pace(), make_pace("wrk:other")
    await pace.hold("r", 30)
    turn = await pace.take("r", "a")
    assert (29 < turn.wait <= 30, turn.held) == (True, False)
    assert (await pace.take("s", "a")).wait == 0
    await pace.hold_all(60)
    turn = await pace.take("s", "b")
    assert (59 < turn.wait <= 60, turn.held) == (True, True)
    assert (await other.take("s", "b")).wait == 0


async def test_a_shorter_hold_does_not_end_a_longer_one(make_pace):
    pace = make_pace()
    await pace.hold("r", 30)
    await pace.hold("r", 0.01)
    await asyncio.sleep(0.05)
    assert (await pace.take("r", "a")).wait > 29


async def test_a_redis_that_is_away_is_told(make_pace):
    gone = Pace(connect("redis://127.0.0.1:1/0"), "wrk:test", per_second=1, burst=1)
    with pytest.raises((RedisError, OSError)):
        await gone.take("r", "a")
