"""The worker's parts with the sandbox in Slack's place."""

import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis.asyncio as redis

from notify_slack.client import SlackClient
from notify_slack.config import Settings
from notify_slack.handlers import notify_slack
from notify_slack.posting import Limits, Poster
from workers_contracts.notify import NotifySlack, SlackNotified
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.redis_pool import connect
from workers_sandbox.testing import SandboxServer

BOT = "sandbox-bot-token"
NARROW = "sandbox-bot-token-narrow"


@dataclass
class Replica:
    """One worker: its client, and its handler called as the kernel would."""

    poster: Poster
    client: SlackClient
    settings: Settings
    artifacts: Artifacts

    async def post(self, message_id: str | None = None, **fields) -> SlackNotified:
        """Handle a command; the same message id is the same job."""
        fields.setdefault("text", "Factura PMX-2026-0001")
        return await self.handle(NotifySlack(**fields), message_id or str(uuid.uuid4()))

    async def handle(self, command: NotifySlack, message_id: str) -> SlackNotified:
        """Handle a command."""
        now = int(time.time() * 1000)
        task = Task(message_id, "c", "", attempt=1, in_doubt=False, first_seen_ms=now)
        return await notify_slack(command, task, self.poster)


MakeReplica = Callable[..., Replica]


@pytest.fixture
def environment(sandbox: SandboxServer, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """Settings of a worker that posts by webhook."""
    return {
        "rmq_url": "amqp://127.0.0.1:1/",
        "redis_url": redis_url,
        "artifacts_url": f"file://{tmp_path}/artifacts",
        "webhook_url": sandbox.slack["SLACK_WEBHOOK_URL"],
        "api_url": sandbox.slack["NOTIFY_SLACK_API_URL"],
        "allowed_hosts": sandbox.slack["NOTIFY_SLACK_ALLOWED_HOSTS"],
        "messages_per_second": 50,
        "burst": 50,
        "answer_seconds": 5,
    }


@pytest.fixture
async def make_replica(environment: dict[str, str]) -> AsyncIterator[MakeReplica]:
    """Make replicas that share a Redis; further settings by keyword."""
    closing = []

    async def make(**changes) -> Replica:
        settings = Settings(**{**environment, **changes})
        client, artifacts = SlackClient(settings), Artifacts(settings.artifacts_url)
        await client.open()
        state: redis.Redis = connect(settings.redis_url.get_secret_value(), decode=True)
        closing.extend([client.close, state.aclose])
        limits = Limits(settings.messages_per_second, settings.burst, 3600)
        poster = Poster(client, settings.routes(), state, artifacts, limits)
        return Replica(poster, client, settings, artifacts)

    yield make
    for close in closing:
        await close()


@pytest.fixture
async def hook(make_replica: MakeReplica) -> Replica:
    """A worker with a webhook only."""
    return await make_replica()


@pytest.fixture
async def bot(make_replica: MakeReplica) -> Replica:
    """A worker with a bot token that may do everything."""
    return await make_replica(bot_token=BOT, channels="ops,general,C0CONTAB01,C0ARCHIVE1")


@pytest.fixture
async def narrow(make_replica: MakeReplica) -> Replica:
    """A worker with a bot token that may not look at what was posted."""
    return await make_replica(bot_token=NARROW, channels="ops,C0OPS00001")


@pytest.fixture
def posted(sandbox: SandboxServer) -> Callable[[], list[dict]]:
    """The messages that people would read."""
    return lambda: sandbox.control.slack()["messages"]
