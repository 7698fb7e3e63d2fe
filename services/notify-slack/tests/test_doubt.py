"""What is not known is found out or said: a memory that is gone, files whose answers were lost."""

import asyncio
import time

import pytest

from notify_slack.errors import (
    SlackAnswerLostError,
    SlackConfigurationError,
    SlackPacedError,
    SlackRateLimitedError,
    SlackUnavailableError,
)
from workers_contracts.notify import NotifySlack
from workers_runtime.identity import Task


async def again(replica, job: str, **fields):
    """Deliver a command once more, in doubt, as after the end of the worker that had it."""
    task = Task(
        job, "c", "", attempt=2, in_doubt=True, first_seen_ms=int(time.time() * 1000) - 5000
    )
    return await replica.poster.post(NotifySlack(text="Factura", **fields), task)


async def forget(replica) -> None:
    """Take away what is remembered of jobs, as an emptied Redis does."""
    async for key in replica.poster._redis.scan_iter("wrk:slack:job:*"):
        await replica.poster._redis.delete(key)


async def shared_file(replica) -> dict:
    reference = await replica.artifacts.put(b"arhiva", media_type="application/zip")
    return {"artifact": reference.model_dump(), "name": "a.zip"}


async def test_forgotten_message_is_looked_for_before_it_is_sent(bot, posted):
    event = await bot.post("m-1", channel="ops")
    await forget(bot)
    found = await again(bot, "m-1", channel="ops")
    assert found.parts == event.parts
    assert not found.maybe_duplicate
    assert len(posted()) == 1


async def test_forgotten_message_is_looked_for_until_slack_answers(bot, sandbox, posted):
    await bot.post("m-1", channel="C0CONTAB01")
    await forget(bot)
    sandbox.control.slack_answer("conversations.history", "service_unavailable")
    with pytest.raises(SlackUnavailableError):
        await again(bot, "m-1", channel="C0CONTAB01")
    await bot.post("m-1", channel="C0CONTAB01")
    assert len(posted()) == 1


@pytest.mark.parametrize("with_file", [False, True])
async def test_forgotten_message_that_nobody_can_look_for_is_told(hook, bot, posted, with_file):
    replica = bot if with_file else hook
    fields = {"channel": "ops", "files": [await shared_file(bot)]} if with_file else {}
    await replica.post("m-1", **fields)
    await forget(replica)
    assert (await again(replica, "m-1", **fields)).maybe_duplicate


async def test_doubt_about_what_was_never_begun_is_none(make_replica, posted):
    hook = await make_replica(burst=1, messages_per_second=1)
    await hook.post("m-0")
    with pytest.raises(SlackPacedError) as paced:
        await hook.post("m-1")
    await asyncio.sleep(paced.value.retry_after)
    assert not (await again(hook, "m-1")).maybe_duplicate
    assert len(posted()) == 2


async def test_file_is_found_after_two_lost_answers(bot, posted):
    file = await shared_file(bot)
    share, calls = bot.client.share, 0

    async def lossy(*args) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            await share(*args)
        if calls < 3:
            raise SlackAnswerLostError("Slack's answer was lost")
        await share(*args)

    bot.client.share = lossy
    for _ in range(2):
        with pytest.raises(SlackAnswerLostError):
            await bot.post("m-1", channel="ops", files=[file])
    await bot.post("m-1", channel="ops", files=[file])
    assert len([one for one in posted() if one["files"]]) == 1


async def test_file_that_waits_for_its_turn_is_not_uploaded_again_and_again(make_replica, sandbox):
    bot = await make_replica(
        bot_token="sandbox-bot-token", channels="ops", burst=1, messages_per_second=0.05
    )
    file = await shared_file(bot)
    for _ in range(3):
        with pytest.raises(SlackPacedError):
            await bot.post("m-1", channel="ops", files=[file])
    assert sandbox.control.slack()["files"] == []


async def test_all_wait_when_slack_wants_uploads_slower(bot, sandbox):
    sandbox.control.slack_answer("files.getUploadURLExternal", "ratelimited", status=429)
    with pytest.raises(SlackRateLimitedError):
        await bot.post("m-1", channel="ops", files=[await shared_file(bot)])
    with pytest.raises(SlackPacedError):
        await bot.post("m-2", channel="ops")


async def test_token_that_may_share_no_files_still_posts_text(bot, sandbox):
    sandbox.control.slack_answer("files.completeUploadExternal", "missing_scope")
    with pytest.raises(SlackConfigurationError, match="missing_scope"):
        await bot.post("m-1", channel="ops", files=[await shared_file(bot)])
    assert (await bot.post("m-2", channel="ops")).ts
