"""`workers waiting`: what waits, why, and when it is tried next."""

from datetime import UTC, datetime, timedelta

import pytest

from workers_runtime.waiting import Waiting, WaitingList

pytestmark = pytest.mark.integration


@pytest.fixture
async def note(redis_url):
    """Say that a command waits."""
    lists: list[WaitingList] = []

    async def say(message_id: str, seconds: float, tag: str = "anaf.efactura") -> None:
        lists.append(WaitingList(redis_url, tag=tag))
        now = datetime.now(UTC)
        await lists[-1].note(
            Waiting(
                message_id=message_id, correlation_id="order-7", tenant="acme",
                command="efactura.submit", code="anaf_unavailable", reason="ANAF answers 503",
                attempt=4, since=now - timedelta(hours=3), due=now + timedelta(seconds=seconds),
            )
        )  # fmt: skip

    yield say
    for one in lists:
        await one.close()


async def test_waiting_commands_are_listed_with_reason_and_next_try(later, note, redis_url):
    await note("m-1", 900)
    ran = await later("waiting", "--redis-url", redis_url)
    assert ran.code == 0
    for words in ("efactura.submit", "m-1", "order-7", "acme", "3 h ago", "ANAF answers 503"):
        assert words in ran.out


async def test_overdue_command_is_1(later, note, redis_url):
    await note("m-1", -300)
    ran = await later("waiting", "anaf.efactura", "--redis-url", redis_url, "--json")
    assert ran.code == 1
    (command,) = ran.json["anaf.efactura"]["commands"]
    assert command["overdue"] is True
    words = await later("waiting", "--redis-url", redis_url)
    assert "overdue since" in words.out


async def test_limit_shows_the_next_ones_and_says_how_many_there_are(later, note, redis_url):
    for number in range(4):
        await note(f"m-{number}", 60 + number)
    ran = await later("waiting", "--redis-url", redis_url, "--limit", "2")
    assert "m-1" in ran.out
    assert "m-2" not in ran.out
    assert "the next 2 of 4" in ran.err


async def test_nothing_waits_is_said(later, redis_url):
    ran = await later("waiting", "--redis-url", redis_url)
    assert (ran.code, ran.out) == (0, "")
    assert "nothing waits" in ran.err
