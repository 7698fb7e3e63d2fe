"""No minute holds more calls than are allowed, whatever holds a call up on its way."""

import asyncio
import random
import time

import pytest
import redis.asyncio as redis

from workers_anaf import minute
from workers_anaf.limits import Pace
from workers_anaf.minute import Minute

WINDOW = 0.6
CLOCKS = 0.01
"""Redis counts in milliseconds, by another clock than ours."""


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(minute, "WINDOW_SECONDS", WINDOW)
    monkeypatch.setattr(minute, "POLL_SECONDS", 0.02)


@pytest.fixture
async def client(redis_url):
    shared = redis.Redis.from_url(redis_url, socket_timeout=2)
    yield shared
    await shared.aclose()


@pytest.fixture
async def nowhere():
    gone = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_timeout=0.2)
    yield gone
    await gone.aclose()


async def arrivals(replicas: list, count: int, delay) -> list[float]:
    """When calls arrived, somewhere between their beginning and their end."""
    found: list[float] = []

    async def one(replica) -> None:
        async with replica.call():
            await asyncio.sleep(delay())
            found.append(time.monotonic())
            await asyncio.sleep(delay())

    await asyncio.gather(*(one(replicas[n % len(replicas)]) for n in range(count)))
    return sorted(found)


def most_in_a_window(moments: list[float]) -> int:
    """The most arrivals that any window of the authority's sees."""
    span = WINDOW - CLOCKS
    return max(sum(start <= one < start + span for one in moments) for start in moments)


async def test_no_window_sees_more_although_calls_are_held_up(redis_url):
    clients = [redis.Redis.from_url(redis_url) for _ in range(3)]
    dice = random.Random(7)
    replicas = [Minute(client, "test", limit=6) for client in clients]
    found = await arrivals(replicas, 24, lambda: dice.uniform(0, 0.25))
    assert len(found) == 24
    assert most_in_a_window(found) <= 6
    for client in clients:
        await client.aclose()


async def test_pace_alone_lets_a_burst_through_after_a_stall_and_this_does_not(client, monkeypatch):
    # Ten reservations whose moments all pass while the process is stopped.
    async def stalled(pace: Pace) -> list[float]:
        found: list[float] = []

        async def one() -> None:
            async with pace.call():
                found.append(time.monotonic())

        async def counted() -> float:
            reserved.append(await shared())
            return reserved[-1]

        reserved: list[float] = []
        shared = pace._shared
        monkeypatch.setattr(pace, "_shared", counted)
        jobs = [asyncio.create_task(one()) for _ in range(10)]
        async with asyncio.timeout(30):
            while len(reserved) < 10:
                await asyncio.sleep(0)
        time.sleep(WINDOW)
        await asyncio.gather(*jobs)
        return sorted(found)

    seconds = WINDOW / 4
    assert most_in_a_window(await stalled(Pace(client, "loose", seconds=seconds))) > 4
    strict = Minute(client, "strict", limit=4)
    assert most_in_a_window(await stalled(Pace(client, "p", seconds=seconds, minute=strict))) <= 4


async def test_place_is_given_back_when_the_call_fails(client):
    one = Minute(client, "test", limit=1)
    with pytest.raises(ZeroDivisionError):
        async with one.call():
            raise ZeroDivisionError
    async with asyncio.timeout(30), one.call():
        assert await client.zcard("wrk:limit:test:minute") == 1


async def test_call_of_a_dead_process_counts_until_the_longest_call_would_have_ended(
    client, monkeypatch
):
    monkeypatch.setattr(minute, "HOLD_SECONDS", 0.5)
    began = time.monotonic()
    await Minute(client, "test", limit=1)._enter("died")
    async with Minute(client, "test", limit=1).call():
        assert time.monotonic() - began >= 0.5 + WINDOW - 0.1


async def test_process_counts_alone_when_redis_is_away(nowhere):
    found = await arrivals([Minute(nowhere, "test", limit=3)], 7, lambda: 0.0)
    assert most_in_a_window(found) <= 3


async def test_nothing_stays_in_redis(client):
    async with Minute(client, "test", limit=5).call():
        pass
    life = (minute.HOLD_SECONDS + WINDOW) * 1000
    assert 0 < await client.pttl("wrk:limit:test:minute") <= life
