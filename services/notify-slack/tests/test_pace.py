"""Slack's pace over several replicas: what waits, waits in the broker."""

import asyncio
import itertools
import time

import pytest

from notify_slack.errors import SharedStateError, SlackPacedError, SlackRateLimitedError
from workers_runtime.errors import TransientError
from workers_sandbox.settings import Settings as SandboxSettings

REPLICAS, MESSAGES, RATE = 3, 60, 20


@pytest.fixture
def sandbox_settings() -> SandboxSettings:
    return SandboxSettings(hang=0.3, slack_rate=RATE, slack_burst=RATE)


async def deliver(replica, message_id: str, text: str) -> tuple[object, int]:
    """Bring a message back after each wait, as the broker does; returns event and tries."""
    for tries in range(1, 200):
        try:
            return await replica.post(message_id, text=text), tries
        except TransientError as error:
            await asyncio.sleep(error.retry_after or 0.2)
    raise AssertionError(f"{text} never had its turn")


async def test_three_replicas_deliver_all_at_the_pace_none_early_none_twice(
    make_replica, sandbox, posted
):
    replicas = [await make_replica(messages_per_second=RATE, burst=5) for _ in range(REPLICAS)]
    texts = [f"mesaj {n}" for n in range(REPLICAS * MESSAGES)]
    started = time.monotonic()
    work = [
        asyncio.create_task(deliver(replicas[number % REPLICAS], f"m-{number}", text))
        for number, text in enumerate(texts)
    ]
    while len(posted()) < 20:
        await asyncio.sleep(0.05)
    sandbox.control.slack_answer("webhook", "rate_limited", status=429, retry_after=3)
    done = await asyncio.gather(*work)
    seen = sandbox.control.slack()
    assert sorted(one["text"] for one in seen["messages"]) == sorted(texts)
    assert seen["early"] == 0
    assert seen["limited"] >= 1
    assert time.monotonic() - started > len(texts) / RATE
    assert not any(event.maybe_duplicate for event, _ in done)
    # Places in the row: nobody asks again and again.
    assert sum(tries for _, tries in done) < 6 * len(texts)


async def test_waiting_message_is_told_its_own_moment(make_replica):
    replica = await make_replica(messages_per_second=0.5, burst=2)
    await replica.post("a")
    await replica.post("b")
    waits = []
    for name in ("c", "d", "e"):
        with pytest.raises(SlackPacedError) as paced:
            await replica.post(name)
        waits.append(paced.value.retry_after)
    assert [round(later - sooner) for sooner, later in itertools.pairwise(waits)] == [
        2,
        2,
    ]
    with pytest.raises(SlackPacedError) as paced:
        await replica.post("d")
    assert paced.value.retry_after <= waits[1]


async def test_channels_have_a_pace_each(make_replica):
    replica = await make_replica(
        bot_token="sandbox-bot-token", channels="ops,general", messages_per_second=0.1, burst=1
    )
    assert await replica.post(channel="ops")
    assert await replica.post(channel="general")
    with pytest.raises(SlackPacedError):
        await replica.post(channel="ops")


@pytest.mark.parametrize(("said", "least"), [(60, 60), (0, 1)])
async def test_wait_that_slack_asks_for_holds_for_all_replicas(
    make_replica, sandbox, posted, said, least
):
    first, second = [await make_replica() for _ in range(2)]
    sandbox.control.slack_answer("webhook", "rate_limited", status=429, retry_after=said)
    with pytest.raises(SlackRateLimitedError) as limited:
        await first.post("m-1")
    assert limited.value.retry_after == least
    with pytest.raises(SlackPacedError) as paced:
        await second.post("m-2")
    assert 0 < paced.value.retry_after <= least
    assert posted() == []


async def test_nothing_is_sent_without_redis(make_replica, posted):
    replica = await make_replica(redis_url="redis://127.0.0.1:1/0")
    with pytest.raises(SharedStateError):
        await replica.post()
    assert posted() == []
