"""Limits of the whole installation: over replicas, without Redis, over Romania's midnight."""

import asyncio
import itertools
import time
from datetime import UTC, datetime

import pytest
import redis.asyncio as redis

from workers_anaf.limits import Allowance, DailyLimitError, Pace, Turns
from workers_anaf.romania import next_day, today
from workers_runtime.redis_pool import connect

SUMMER_EVENING = datetime(2026, 7, 1, 20, 59, tzinfo=UTC)
SUMMER_MIDNIGHT = datetime(2026, 7, 1, 21, 0, tzinfo=UTC)


@pytest.fixture
async def client(redis_url: str):
    shared = redis.Redis.from_url(redis_url, socket_timeout=2)
    yield shared
    await shared.aclose()


@pytest.fixture
async def nowhere():
    gone = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_timeout=0.2)
    yield gone
    await gone.aclose()


async def starts(paces: list[Pace], each: int) -> list[float]:
    """The moments at which calls may start, over all replicas."""
    found: list[float] = []

    async def one(pace: Pace) -> None:
        await pace.wait()
        found.append(time.monotonic())

    await asyncio.gather(*(one(pace) for pace in paces for _ in range(each)))
    return sorted(found)


async def test_three_replicas_share_one_pace(redis_url: str):
    clients = [redis.Redis.from_url(redis_url) for _ in range(3)]
    paces = [Pace(client, "test", seconds=0.2) for client in clients]
    began = time.monotonic()
    moments = await starts(paces, 4)
    for client in clients:
        await client.aclose()
    # From before the first: a machine that stalls may note the first call late, none early.
    assert moments[-1] - began >= 11 * 0.2 - 0.1


async def test_reservations_are_apart_by_the_pace(client):
    pace = Pace(client, "test", seconds=100.0)
    waits = sorted(await asyncio.gather(*(pace._shared() for _ in range(20))))
    assert all(b - a > 80 for a, b in itertools.pairwise(waits))


async def test_crowd_waits_for_a_connection_rather_than_forget_the_limit(redis_url, capsys):
    shared = connect(redis_url)
    allowance = Allowance(shared, "state", limit=50)
    outcomes = await asyncio.gather(
        *(allowance.take("x") for _ in range(400)), return_exceptions=True
    )
    assert outcomes.count(None) == 50
    assert "limit kept by this process alone" not in "".join(capsys.readouterr())
    await shared.aclose()


async def test_first_call_does_not_wait(client):
    began = time.monotonic()
    await Pace(client, "test", seconds=30).wait()
    assert time.monotonic() - began < 25


async def test_pace_is_kept_by_the_process_alone_when_redis_is_away(nowhere):
    began = time.monotonic()
    moments = await starts([Pace(nowhere, "test", seconds=0.1)], 5)
    assert moments[-1] - began >= 0.35


async def test_pace_goes_on_when_redis_dies_and_comes_back(private_redis):
    client = redis.Redis.from_url(private_redis.url, socket_timeout=0.3)
    pace = Pace(client, "test", seconds=0.1)
    await pace.wait()
    await private_redis.kill()
    began = time.monotonic()
    moments = await starts([pace], 4)
    await private_redis.start()
    await pace.wait()
    await client.aclose()
    assert moments[-1] - began >= 0.25


async def test_long_queue_does_not_forget_its_end(client):
    # Reservations reach further ahead than any fixed life of the key.
    pace = Pace(client, "test", seconds=50.0)
    waits = [await pace._shared() for _ in range(4)]
    assert [round(wait / 50) for wait in waits] == [0, 1, 2, 3]
    assert await client.pttl("wrk:limit:test") > 150_000


async def test_key_goes_away_by_itself(client):
    await Pace(client, "test", seconds=0.01)._shared()
    assert 0 < await client.pttl("wrk:limit:test") <= 1100


async def calls_in_turn(turns: list[Turns], each: int, lasting: float) -> list[tuple[float, float]]:
    """When calls began and ended, over all replicas."""
    found: list[tuple[float, float]] = []

    async def one(owner: Turns) -> None:
        async with owner.turn():
            began = time.monotonic()
            await asyncio.sleep(lasting)
            found.append((began, time.monotonic()))

    await asyncio.gather(*(one(owner) for owner in turns for _ in range(each)))
    return sorted(found)


async def test_turns_of_three_replicas_never_come_closer_than_agreed(redis_url: str):
    clients = [redis.Redis.from_url(redis_url) for _ in range(3)]
    turns = [Turns(client, "test", seconds=0.1) for client in clients]
    found = await calls_in_turn(turns, 3, 0.03)
    for client in clients:
        await client.aclose()
    assert len(found) == 9
    assert all(b[0] - a[1] >= 0.095 for a, b in itertools.pairwise(found))


async def test_turn_is_given_back_when_the_call_fails(client):
    turns = Turns(client, "test", seconds=0.01)
    with pytest.raises(ZeroDivisionError):
        async with turns.turn():
            raise ZeroDivisionError
    async with asyncio.timeout(30), turns.turn():
        assert await client.get("wrk:limit:test")


async def test_turn_of_a_dead_holder_ends(client):
    began = time.monotonic()
    await client.set("wrk:limit:test", "somebody", px=300)
    async with Turns(client, "test", seconds=0.1).turn():
        assert time.monotonic() - began >= 0.28


async def test_turns_are_kept_by_the_process_alone_when_redis_is_away(nowhere):
    found = await calls_in_turn([Turns(nowhere, "test", seconds=0.1)], 3, 0.0)
    assert all(b[0] - a[1] >= 0.095 for a, b in itertools.pairwise(found))


async def test_allowance_ends_before_anafs(client):
    allowance = Allowance(client, "state", limit=3)
    for _ in range(3):
        await allowance.take("5000000001")
    with pytest.raises(DailyLimitError) as told:
        await allowance.take("5000000001")
    assert told.value.code == "anaf_daily_limit"
    assert told.value.until > datetime.now(UTC)
    await allowance.take("5000000002")


async def test_allowance_is_shared_by_replicas(client, redis_url: str):
    other = redis.Redis.from_url(redis_url)
    for owner in (client, other, client):
        await Allowance(owner, "state", limit=3).take("x")
    with pytest.raises(DailyLimitError):
        await Allowance(other, "state", limit=3).take("x")
    await other.aclose()


async def test_twenty_at_once_take_no_more_than_allowed(client):
    allowance = Allowance(client, "state", limit=7)
    outcomes = await asyncio.gather(
        *(allowance.take("x") for _ in range(20)), return_exceptions=True
    )
    assert outcomes.count(None) == 7


async def test_day_begins_again_at_romanias_midnight(client):
    clock = [SUMMER_EVENING]
    allowance = Allowance(client, "state", limit=1, clock=lambda: clock[0])
    await allowance.take("x")
    with pytest.raises(DailyLimitError) as told:
        await allowance.take("x")
    # One minute after midnight in Bucharest, which is 21:01 UTC in summer.
    assert told.value.until == datetime(2026, 7, 1, 21, 1, tzinfo=UTC)
    clock[0] = SUMMER_MIDNIGHT
    await allowance.take("x")


async def test_anafs_own_word_ends_the_day_for_all(client):
    allowance = Allowance(client, "download", limit=10)
    assert isinstance(await allowance.exhaust("x"), DailyLimitError)
    with pytest.raises(DailyLimitError):
        await Allowance(client, "download", limit=10).take("x")


async def test_without_redis_anaf_counts(nowhere):
    allowance = Allowance(nowhere, "state", limit=1)
    for _ in range(3):
        await allowance.take("x")
    assert (await allowance.exhaust("x")).code == "anaf_daily_limit"


async def test_counters_go_away_by_themselves(client):
    await Allowance(client, "state", limit=5).take("x")
    (key,) = await client.keys("wrk:limit:state:*")
    assert 86_400 <= await client.ttl(key) <= 90_000


@pytest.mark.parametrize(
    ("now", "day", "until"),
    [
        ("2026-01-15T21:59:59", "2026-01-15", "2026-01-15T22:01:00"),
        ("2026-01-15T22:00:00", "2026-01-16", "2026-01-16T22:01:00"),
        ("2026-03-28T23:30:00", "2026-03-29", "2026-03-29T21:01:00"),
        ("2026-10-24T22:30:00", "2026-10-25", "2026-10-25T22:01:00"),
        ("2026-12-31T22:00:00", "2027-01-01", "2027-01-01T22:01:00"),
    ],
)
def test_romanias_days_with_both_clock_changes(now, day, until):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert today(moment).isoformat() == day
    assert next_day(moment) == datetime.fromisoformat(until).replace(tzinfo=UTC)
