"""`workers waiting`: what waits, why, and when it is tried next."""

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture
def note(waiting_note):
    """Say that a command waits."""
    return waiting_note


async def test_waiting_commands_are_listed_with_reason_and_next_try(later, note, redis_url):
    await note("m-1", 900)
    ran = await later("waiting", "--redis-url", redis_url)
    assert ran.code == 0
    for words in (
        "efactura.submit",
        "12345674",
        "m-1",
        "order-7",
        "acme",
        "3 h ago",
        "ANAF answers 503",
    ):
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


async def test_next_step_is_told_once_for_each_code(later, note, redis_url):
    for number in range(3):
        await note(f"m-{number}", 900, code="anaf_login_required")
    await note("m-9", 900)
    ran = await later("waiting", "--redis-url", redis_url)
    told = [line for line in ran.out.splitlines() if line.startswith("anaf_")]
    assert told == [
        "anaf_login_required: workers efactura login, with --tenant where the reason names one",
        "anaf_unavailable: nothing: it goes on when the other side answers again",
    ]
    listed = await later("waiting", "--redis-url", redis_url, "--json")
    steps = {one["code"]: one["next"] for one in listed.json["anaf.efactura"]["commands"]}
    assert steps["anaf_login_required"].startswith("workers efactura login")
