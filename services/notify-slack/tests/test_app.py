"""Settings, health and the process: what an operator meets."""

import asyncio
import re

import pytest
import redis.asyncio as redis
from pydantic import ValidationError

from notify_slack.app import build
from notify_slack.client import SlackClient
from notify_slack.config import Settings
from workers_contracts.notify import NotifySlack

RMQ = {"rmq_url": "amqp://127.0.0.1:1/"}
PATH = "TSANDBOX/BGENERAL/sandbox-hidden-part"
HOOK = f"https://hooks.slack.com/services/{PATH}"


def settings(**values) -> Settings:
    return Settings(**{**RMQ, **values})


def test_worker_is_put_together_from_the_environment(monkeypatch):
    monkeypatch.setenv("RMQ_URL", RMQ["rmq_url"])
    monkeypatch.setenv("SLACK_WEBHOOK_URL", HOOK)
    monkeypatch.setenv("NOTIFY_SLACK_CHANNELS", "ops, #HR ,,")
    monkeypatch.setenv("NOTIFY_SLACK_WEBHOOKS", f"#Ops={HOOK},hr={HOOK}")
    worker = build()
    assert worker.service == "notify-slack"
    assert NotifySlack.queue() == "notify.slack"
    routes = worker.settings.routes()
    assert routes.allowed == {"ops", "hr"}
    assert set(routes.webhooks) == {"ops", "hr"}
    assert routes.webhook == HOOK


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "give SLACK_WEBHOOK_URL, SLACK_BOT_TOKEN or NOTIFY_SLACK_WEBHOOKS"),
        ({"webhook_url": f"http://hooks.slack.com/services/{PATH}"}, "SLACK_WEBHOOK_URL must"),
        ({"webhook_url": f"https://example.com/services/{PATH}"}, "SLACK_WEBHOOK_URL must"),
        ({"webhook_url": f"https://hooks.slack.com.example.com/{PATH}"}, "SLACK_WEBHOOK_URL must"),
        ({"webhook_url": f"https://hooks.slack.com@example.com/{PATH}"}, "SLACK_WEBHOOK_URL must"),
        ({"webhook_url": f"https://hooks.slack.com:8443/{PATH}"}, "SLACK_WEBHOOK_URL must"),
        ({"webhook_url": f"file:///{PATH}"}, "SLACK_WEBHOOK_URL must"),
        ({"webhook_url": HOOK, "webhooks": f"ops=https://a.example/{PATH}"}, "SLACK_WEBHOOKS must"),
        ({"webhook_url": HOOK, "webhooks": f"{HOOK}"}, "entry 1 of NOTIFY_SLACK_WEBHOOKS"),
        ({"bot_token": PATH, "api_url": "http://slack.com/api/"}, "NOTIFY_SLACK_API_URL must"),
    ],
)
def test_wrong_settings_are_told_without_the_secret(values, words):
    with pytest.raises(ValidationError) as wrong:
        settings(**values)
    [problem] = wrong.value.errors(include_input=False, include_url=False)
    assert words in problem["msg"]
    assert PATH not in problem["msg"]


@pytest.mark.parametrize(
    ("hosts", "url", "may"),
    [
        ("", HOOK, True),
        ("", "https://files.slack.com/upload/v1/x", True),
        ("sandbox:8090", "http://sandbox:8090/services/a", True),
        ("sandbox:8090", "http://sandbox:8091/services/a", False),
        ("sandbox:8090", "gopher://sandbox:8090/", False),
        ("", "http://169.254.169.254/", False),
        ("", "https://HOOKS.slack.com:443/services/a", True),
        ("", "https://hooks.slack.com\\@example.com/", False),
        ("", "https://hooks.slack.com@example.com/", False),
        ("", "https://", False),
    ],
)
def test_addresses_that_may_be_reached(hosts, url, may):
    assert settings(webhook_url=HOOK, allowed_hosts=hosts).may_reach(url) is may


def test_process_without_a_way_to_slack_ends_with_one_line(start_worker):
    worker = start_worker("notify_slack", SLACK_WEBHOOK_URL="", SLACK_BOT_TOKEN="")
    assert worker.wait_end() == 2
    [line] = [line for line in worker.log.splitlines() if line.strip()]
    assert "notify-slack" in line
    assert "SLACK_WEBHOOK_URL" in line
    assert "SLACK_BOT_TOKEN" in line


async def problem(**values) -> str | None:
    client = SlackClient(settings(**values))
    await client.open()
    try:
        return await client.problem()
    finally:
        await client.close()


async def test_health_check_asks_slack_itself(environment, sandbox):
    assert await problem(**environment) is None
    token = {**environment, "bot_token": "sandbox-bot-token"}
    assert await problem(**token) is None
    wrong = {**environment, "bot_token": "another"}
    assert await problem(**wrong) == "Slack refuses the token: invalid_auth"
    sandbox.control.slack_answer("auth.test", "service_unavailable")
    assert "service_unavailable" in await problem(**token)
    gone = {**environment, "webhook_url": f"http://127.0.0.1:1/services/{PATH}"}
    gone["allowed_hosts"] += ",127.0.0.1:1"
    told = await problem(**gone)
    assert re.fullmatch(r"127\.0\.0\.1:1 does not answer \(\w+\)", told)


async def everything_in(state: redis.Redis) -> str:
    """Every key with its value."""
    readers = {
        "string": state.get,
        "hash": state.hgetall,
        "zset": lambda key: state.zrange(key, 0, -1),
        "list": lambda key: state.lrange(key, 0, -1),
        "set": state.smembers,
    }
    found = []
    for key in await state.keys("*"):
        kind = await state.type(key)
        if kind in readers:  # a key may end between two questions
            found.append(f"{key} {await readers[kind](key)}")
    return "\n".join(found)


@pytest.mark.integration
async def test_secret_is_nowhere_whatever_happens(
    start_worker, bus, environment, sandbox, redis_url
):
    """The log at DEBUG, every event, the dead letters and what lies in Redis."""
    base, hosts = sandbox.url, environment["allowed_hosts"]
    words = {"hook": "no_service", "gone": "channel_is_archived", "token": "hidden-bot-token"}
    worker = start_worker(
        "notify_slack",
        LOG_LEVEL="DEBUG",
        SLACK_WEBHOOK_URL=f"{base}/services/THIDDEN/BGENERAL/sandbox",
        SLACK_BOT_TOKEN=words["token"],
        NOTIFY_SLACK_CHANNELS="ops",
        NOTIFY_SLACK_WEBHOOKS=f"hr={base}/services/THIDDEN/BHR/{words['gone']},"
        f"lost=http://127.0.0.1:1/services/THIDDEN/BLOST/sandbox",
        NOTIFY_SLACK_API_URL=f"{base}/api/",
        NOTIFY_SLACK_ALLOWED_HOSTS=f"{hosts},127.0.0.1:1",
    ).wait_ready()
    for channel in (None, "ops", "hr", "lost", "unknown"):
        body = {"text": "x", **({"channel": channel} if channel else {})}
        await bus.publish(
            "notify.slack", body, message_id=f"{channel}", correlation_id=f"{channel}"
        )
    await bus.event("slack.notified", correlation_id="None")
    await bus.event("notify.failed", correlation_id="unknown")
    archived = await bus.event("notify.failed", correlation_id="hr")
    assert "channel_is_archived" in archived.data["message"]
    dead = [await bus.take("notify.slack.dead") for _ in range(2)]
    async with redis.Redis.from_url(redis_url, decode_responses=True) as state:
        kept = ""
        while not all(word in kept for word in ("invalid_auth", "is not reachable")):
            await asyncio.sleep(0.1)
            kept = await everything_in(state)
    said = [str(event.envelope) + str(event.headers) for event in bus.events]
    everything = [worker.log, kept, *said, *(f"{one.body}{one.headers}" for one in dead)]
    for text in everything:
        assert "THIDDEN" not in text
        assert words["token"] not in text
