"""What waits is visible: which command, why, since when, until when; and gone once it ended."""

from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from workers_runtime.testing import Bus
from workers_runtime.waiting import KEEP_SECONDS, Waiting, WaitingList, keys, read_waiting

pytestmark = pytest.mark.integration

TAG = "anaf.taxpayer"


def entry(message_id: str, seconds: float, **changes: object) -> Waiting:
    now = datetime.now(UTC)
    values = {
        "message_id": message_id, "command": "taxpayer.validate", "code": "anaf_unavailable",
        "reason": "503", "since": now, "due": now + timedelta(seconds=seconds), **changes,
    }  # fmt: skip
    return Waiting.model_validate(values)


@pytest.fixture
async def redis(redis_url):
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def waiting(redis_url):
    made = WaitingList(redis_url, tag=TAG)
    yield made
    await made.close()


async def test_next_one_due_comes_first_and_the_total_is_of_all(redis, waiting):
    for message_id, seconds in (("late", 900), ("soon", 5), ("later", 60)):
        await waiting.note(entry(message_id, seconds))
    page = await read_waiting(redis, TAG, limit=2)
    assert page.total == await waiting.count() == 3
    assert [one.message_id for one in page.entries] == ["soon", "later"]


async def test_waiting_again_keeps_the_moment_since_when(redis, waiting):
    first = entry("m", 5)
    await waiting.note(first)
    await waiting.note(entry("m", 60, since=first.since + timedelta(hours=1), attempt=2))
    (one,) = (await read_waiting(redis, TAG, limit=9)).entries
    assert (one.since, one.attempt) == (first.since, 2)


async def test_follow_up_keeps_what_its_command_is_about(redis, waiting):
    await waiting.note(entry("m", 5, subject="12345674"))
    await waiting.note(entry("m", 60))
    (one,) = (await read_waiting(redis, TAG, limit=9)).entries
    assert one.subject == "12345674"


async def test_same_id_of_two_tenants_waits_twice(redis, waiting):
    await waiting.note(entry("m", 5, tenant="a"))
    await waiting.note(entry("m", 5, tenant="b"))
    await waiting.clear("m", "a")
    (left,) = (await read_waiting(redis, TAG, limit=9)).entries
    assert left.tenant == "b"


async def test_entries_of_commands_that_are_gone_do_not_stay_for_ever(redis, waiting):
    await waiting.note(entry("purged", -KEEP_SECONDS - 60))
    await waiting.note(entry("year", 300 * 86_400))
    await waiting.note(entry("now", 1))
    page = await read_waiting(redis, TAG, limit=9)
    assert [one.message_id for one in page.entries] == ["now", "year"]
    for key in keys(TAG):
        assert 300 * 86_400 < await redis.ttl(key) < 301 * 86_400 + KEEP_SECONDS


async def test_redis_away_costs_only_the_view():
    waiting = WaitingList("redis://127.0.0.1:1/0", tag=TAG)
    await waiting.note(entry("m", 5))
    await waiting.clear("m", "")
    assert await waiting.count() is None
    await waiting.close()


async def test_command_that_ended_while_redis_was_away_does_not_wait_for_ever(private_redis):
    waiting = WaitingList(private_redis.url, tag=TAG)
    for message_id in ("ended", "again", "other"):
        await waiting.note(entry(message_id, 5))
    await private_redis.stop()
    await waiting.clear("ended", "")
    await waiting.clear("again", "")
    await private_redis.start()
    await waiting.note(entry("again", 60))
    assert await waiting.count() == 2
    async with Redis.from_url(private_redis.url) as client:
        left = (await read_waiting(client, TAG, limit=9)).entries
    assert [one.message_id for one in left] == ["other", "again"]
    await waiting.close()


async def test_command_that_failed_is_seen_until_it_ends(
    bus: Bus, start_worker, probe_program, redis, eventually
):
    start_worker(probe_program).wait_ready()
    await bus.publish(
        "taxpayer.validate", {"number": "later-3"}, message_id="l", correlation_id="order-7"
    )

    async def seen() -> list[Waiting]:
        return (await read_waiting(redis, TAG, limit=9)).entries

    await eventually(seen)
    (one,) = await seen()
    assert (one.message_id, one.correlation_id) == ("l", "order-7")
    assert (one.code, one.reason, one.attempt) == ("temporarily_unavailable", "later", 1)
    assert one.since <= datetime.now(UTC) < one.due
    await bus.event("anaf.taxpayer.validated")

    async def gone() -> bool:
        return not await seen()

    await eventually(gone)


async def test_secret_in_a_reason_is_not_kept(
    bus: Bus, start_worker, probe_program, redis, eventually
):
    start_worker(probe_program).wait_ready()
    await bus.publish("taxpayer.validate", {"number": "leaky-1"}, message_id="s")

    async def seen() -> list[Waiting]:
        return (await read_waiting(redis, TAG, limit=9)).entries

    await eventually(seen)
    (one,) = await seen()
    assert "eyJ" not in one.reason
    assert "[redacted]" in one.reason
