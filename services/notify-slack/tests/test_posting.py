"""Jobs at the sandbox: what people read, and that a lost answer posts nothing twice."""

import pytest

from notify_slack.errors import (
    ChannelUnroutableError,
    MessageRefusedError,
    SlackAnswerLostError,
    SlackConfigurationError,
    SlackRefusedError,
    SlackUnavailableError,
    SlackUncertainError,
)
from workers_runtime.artifacts import ArtifactMissingError

LOST = "timeout-after-acceptance"
NEVER_ARRIVED = "timeout-before-acceptance"


async def test_webhook_posts_plain_text_to_its_own_channel(hook, posted):
    event = await hook.post(text="a < b @channel")
    [message] = posted()
    assert message["text"] == "a &lt; b @\u2060channel"
    assert (event.transport, event.channel, event.ts, event.parts) == (
        "webhook",
        None,
        None,
        [None],
    )
    with pytest.raises(ChannelUnroutableError):
        await hook.post(channel="ops")
    assert len(posted()) == 1


async def test_bot_posts_answers_in_a_thread_and_changes(bot, posted):
    first = await bot.post(channel="#ops")
    assert (first.transport, first.channel) == ("web_api", "C0OPS00001")
    answer = await bot.post(channel="ops", thread=first.ts, broadcast=True)
    changed = await bot.post(text="acceptată", channel="ops", update=first.ts)
    assert (changed.updated, changed.ts) == (True, first.ts)
    top, below = posted()
    assert (top["text"], top["edited"]) == ("acceptată", True)
    assert (below["ts"], below["thread_ts"]) == (answer.ts, first.ts)


async def test_further_webhook_leads_to_its_channel(make_replica, environment, posted):
    ops = environment["webhook_url"].replace("BGENERAL", "BOPS")
    replica = await make_replica(webhooks=f"ops={ops}")
    event = await replica.post(channel="#ops")
    assert (event.channel, posted()[0]["channel"]) == ("ops", "C0OPS00001")


async def test_same_job_again_posts_nothing(hook, bot, posted):
    for job, replica, channel in (("m-1", hook, None), ("m-2", bot, "ops")):
        first = await replica.post(job, channel=channel)
        again = await replica.post(job, channel=channel)
        assert again.parts == first.parts
        assert not again.maybe_duplicate
    assert len(posted()) == 2


async def test_parts_that_are_missing_are_posted_and_no_other(bot, sandbox, posted):
    text = "\n".join(f"linia {n}" for n in range(1200))
    fields = {"text": text, "channel": "ops", "overflow": "split"}
    sandbox.control.slack_answer("chat.postMessage", "service_unavailable")
    with pytest.raises(SlackUnavailableError):
        await bot.post("m-1", **fields)
    sandbox.control.scenario(LOST, operation="slack.api")
    with pytest.raises(SlackAnswerLostError):
        await bot.post("m-1", **fields)
    event = await bot.post("m-1", **fields)
    assert len(event.parts) >= 3
    assert [one["ts"] for one in posted()] == event.parts
    assert "\n".join(one["text"] for one in posted()) == text
    assert not event.maybe_duplicate


@pytest.mark.parametrize("thread", [False, True])
@pytest.mark.parametrize("scenario", [LOST, NEVER_ARRIVED, "reset-mid-body"])
async def test_lost_answer_is_looked_up_with_a_token_that_may(
    bot, sandbox, posted, scenario, thread
):
    top = (await bot.post(channel="ops")).ts if thread else None
    sandbox.control.scenario(scenario, operation="slack.api")
    with pytest.raises(SlackAnswerLostError):
        await bot.post("m-1", channel="ops", thread=top)
    event = await bot.post("m-1", channel="ops", thread=top)
    assert [one["ts"] for one in posted()][thread:] == event.parts
    assert not event.maybe_duplicate


@pytest.mark.parametrize("way", ["hook", "narrow"])
@pytest.mark.parametrize(("scenario", "copies"), [(LOST, 2), (NEVER_ARRIVED, 1)])
async def test_lost_answer_is_repeated_once_and_said_where_nobody_can_look(
    hook, narrow, sandbox, posted, way, scenario, copies
):
    replica, operation = {"hook": (hook, "slack.webhook"), "narrow": (narrow, "slack.api")}[way]
    channel = None if way == "hook" else "ops"
    sandbox.control.scenario(scenario, operation=operation)
    with pytest.raises(SlackAnswerLostError):
        await replica.post("m-1", channel=channel)
    event = await replica.post("m-1", channel=channel)
    assert event.maybe_duplicate
    assert len(posted()) == copies
    assert (await replica.post("m-1", channel=channel)).maybe_duplicate
    assert len(posted()) == copies


async def test_second_lost_answer_is_left_to_a_person(hook, sandbox, posted):
    sandbox.control.scenario(LOST, operation="slack.webhook", times=None)
    for _ in range(2):
        with pytest.raises(SlackAnswerLostError):
            await hook.post("m-1")
    for _ in range(2):
        with pytest.raises(SlackUncertainError, match="see in the channel"):
            await hook.post("m-1")
    assert len(posted()) == 2


async def test_certain_no_after_a_lost_answer_keeps_the_doubt(hook, sandbox, posted):
    sandbox.control.scenario(LOST, operation="slack.webhook")
    with pytest.raises(SlackAnswerLostError):
        await hook.post("m-1")
    sandbox.control.slack_answer("webhook", "rollup_error", status=500)
    with pytest.raises(SlackUnavailableError):
        await hook.post("m-1")
    assert (await hook.post("m-1")).maybe_duplicate
    assert len(posted()) == 2


async def test_change_is_repeated_without_a_question(narrow, sandbox, posted):
    first = await narrow.post(channel="ops")
    sandbox.control.scenario(LOST, operation="slack.api")
    change = {"text": "nou", "channel": "C0OPS00001", "update": first.ts}
    with pytest.raises(SlackAnswerLostError):
        await narrow.post("m-1", **change)
    assert not (await narrow.post("m-1", **change)).maybe_duplicate
    assert [one["text"] for one in posted()] == ["nou"]


async def test_name_of_a_channel_needs_a_token_that_may_look_it_up(narrow):
    first = await narrow.post(channel="ops")
    with pytest.raises(MessageRefusedError, match="give the channel's id") as refused:
        await narrow.post(channel="ops", update=first.ts)
    assert refused.value.field == "channel"


async def test_page_in_slacks_place_is_no_success(hook, bot, sandbox):
    sandbox.control.scenario("firewall-html-200", operation="slack.webhook")
    with pytest.raises(SlackAnswerLostError):
        await hook.post()
    sandbox.control.scenario("unavailable-503-retry-after", operation="slack.api", variant="502")
    with pytest.raises(SlackAnswerLostError, match="with a page"):
        await bot.post(channel="ops")


async def test_refusal_names_slacks_word_and_the_field(bot, sandbox):
    with pytest.raises(SlackRefusedError, match="is_archived") as refused:
        await bot.post(channel="C0ARCHIVE1")
    assert refused.value.field == "channel"
    sandbox.control.slack_answer("chat.postMessage", "invalid_blocks")
    with pytest.raises(SlackRefusedError) as refused:
        await bot.post("m-1", channel="ops")
    assert refused.value.field == "blocks"
    assert (await bot.post("m-1", channel="ops")).ts, "a refused step is no step in doubt"


@pytest.mark.parametrize("way", ["token", "webhook"])
async def test_refused_account_is_left_alone_by_all_replicas(
    make_replica, environment, sandbox, way
):
    wrong = {
        "token": {"bot_token": "another", "channels": "ops", "channel": "ops"},
        "webhook": {"webhook_url": environment["webhook_url"].replace("/sandbox", "/no_service")},
    }
    first, second = [await make_replica(**wrong[way]) for _ in range(2)]
    with pytest.raises(SlackConfigurationError, match="an operator has to give") as waits:
        await first.post()
    assert waits.value.retry_after == 300
    before = len(sandbox.control.requests())
    with pytest.raises(SlackConfigurationError, match="a moment ago") as waits:
        await second.post()
    assert 290 < waits.value.retry_after <= 300
    assert len(sandbox.control.requests()) == before
    right = await make_replica()
    assert await right.post()


async def test_files_are_shared_after_the_text(bot, sandbox, posted):
    reference = await bot.artifacts.put(b"arhiva", media_type="application/zip")
    long = "\n".join(f"linia {n}" for n in range(1000))
    file = {"artifact": reference, "name": "factura.zip", "title": "Arhiva"}
    event = await bot.post("m-1", text=long, channel="ops", files=[file], overflow="attach")
    text, files = posted()
    assert long.startswith(text["text"])
    assert files["files"] == event.files
    names = {one["id"]: one["name"] for one in sandbox.control.slack()["files"]}
    assert [names[one] for one in event.files] == ["message.txt", "factura.zip"]
    again = await bot.post("m-1", text=long, channel="ops", files=[file], overflow="attach")
    assert again.files == event.files
    assert len(posted()) == 2


@pytest.mark.parametrize("error", ["internal_error", "service_unavailable"])
@pytest.mark.parametrize(
    "method", ["files.getUploadURLExternal", "files.completeUploadExternal", "files.info"]
)
async def test_files_are_shared_once_whatever_fails(bot, sandbox, posted, method, error):
    reference = await bot.artifacts.put(b"arhiva", media_type="application/zip")
    fields = {"channel": "ops", "files": [{"artifact": reference, "name": "a.zip"}]}
    if method == "files.info":
        sandbox.control.slack_answer("files.completeUploadExternal", "fatal_error")
    sandbox.control.slack_answer(method, error)
    for _ in range(3):
        try:
            event = await bot.post("m-1", **fields)
        except (SlackAnswerLostError, SlackUnavailableError):
            continue
        break
    assert len([one for one in posted() if one["files"]]) == 1
    assert len([one for one in posted() if one["text"]]) == 1
    assert not event.maybe_duplicate


async def test_nothing_is_posted_when_a_file_is_missing_or_empty(bot, posted):
    missing = {"uri": f"{bot.settings.artifacts_url}/aa/aa", "sha256": "a" * 64, "size": 3,
               "media_type": "text/plain"}  # fmt: skip
    with pytest.raises(ArtifactMissingError) as refused:
        await bot.post(channel="ops", files=[{"artifact": missing, "name": "a"}])
    assert refused.value.field == "files.0.artifact"
    for size, field in ((0, "files.0"), (30_000_000, "files")):
        wrong = {"artifact": {**missing, "size": size}, "name": "a"}
        with pytest.raises(MessageRefusedError) as refused:
            await bot.post(channel="ops", files=[wrong])
        assert refused.value.field == field
    assert posted() == []


async def test_upload_goes_to_allowed_hosts_only(make_replica, environment, sandbox, posted):
    other = sandbox.url.replace("127.0.0.1", "localhost")
    replica = await make_replica(
        bot_token="sandbox-bot-token",
        channels="ops",
        api_url=f"{other}/api/",
        allowed_hosts=[environment["allowed_hosts"], other.removeprefix("http://")],
    )
    replica.settings.__dict__["allowed_hosts"] = (environment["allowed_hosts"],)
    reference = await replica.artifacts.put(b"x", media_type="text/plain")
    with pytest.raises(SlackUnavailableError, match="for an upload"):
        await replica.post(channel="ops", files=[{"artifact": reference, "name": "a"}])
    assert not [one for one in posted() if one["files"]]
