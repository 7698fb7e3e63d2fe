"""The worker's parts with the sandbox as mail server."""

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from email_send.config import Settings
from email_send.handlers import send_email
from email_send.relay import MailClient
from email_send.sending import Parts, Sender
from email_send.templating import Templates
from workers_contracts.email import EmailSent, SendEmail
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.redis_pool import connect
from workers_sandbox.testing import SandboxServer


@dataclass
class Replica:
    """One worker: its client, and its handler called as the kernel would."""

    sender: Sender
    client: MailClient
    settings: Settings
    artifacts: Artifacts

    async def send(
        self,
        message_id: str | None = None,
        *,
        tenant: str = "",
        replay: int = 0,
        first_seen: float | None = None,
        **fields: Any,
    ) -> EmailSent:
        """Handle a command; the same message id is the same job."""
        fields.setdefault("to", ["ana@client.example"])
        if "template" not in fields:
            fields.setdefault("subject", "Factura PMX-2026-0001")
            if "html" not in fields:
                fields.setdefault("text", "Bună ziua.")
        task = Task(
            message_id or str(uuid.uuid4()),
            "c",
            tenant,
            attempt=1,
            in_doubt=False,
            first_seen_ms=int((first_seen or time.time()) * 1000),
            replay=replay,
        )
        return await send_email(SendEmail(**fields), task, self.sender)


MakeReplica = Callable[..., Awaitable[Replica]]


@pytest.fixture
def plain(redis_url: str, tmp_path: Path) -> dict[str, Any]:
    """Settings of a worker, without a mail server."""
    return {
        "rmq_url": "amqp://127.0.0.1:1/",
        "redis_url": redis_url,
        "artifacts_url": f"file://{tmp_path}/artifacts",
        "sender": "facturi@prima.example",
        "mails_per_second": 1000,
        "burst": 1000,
        "answer_seconds": 5,
        "data_seconds": 5,
    }


@pytest.fixture
def environment(sandbox: SandboxServer, plain: dict[str, Any]) -> dict[str, Any]:
    """Settings of a worker that sends through the sandbox."""
    smtp = {name.removeprefix("SMTP_").lower(): value for name, value in sandbox.smtp.items()}
    smtp["sender"], smtp["ca"] = smtp.pop("from"), Path(smtp.pop("ca_file")).read_text("ascii")
    return {**plain, **smtp, "port": int(smtp["port"])}


@pytest.fixture
async def start_replica() -> AsyncIterator[MakeReplica]:
    """Make a worker from settings; closed at the end."""
    closing = []

    async def make(**values: Any) -> Replica:
        settings = Settings(**values)
        client, artifacts = MailClient(settings), Artifacts(settings.artifacts_url)
        state = connect(settings.redis_url.get_secret_value(), decode=True)
        closing.extend([client.close, state.aclose])
        parts = Parts(
            settings, client, state, artifacts, Templates(settings.templates), settings.ways()
        )
        return Replica(Sender(parts), client, settings, artifacts)

    yield make
    for close in closing:
        await close()


@pytest.fixture
def make_replica(start_replica: MakeReplica, environment: dict[str, Any]) -> MakeReplica:
    """Make replicas that share a Redis and the sandbox; further settings by keyword."""
    return lambda **changes: start_replica(**{**environment, **changes})


@pytest.fixture
async def worker(make_replica: MakeReplica) -> Replica:
    """A worker at the sandbox."""
    return await make_replica()


@pytest.fixture
def mails(sandbox: SandboxServer) -> Callable[[], list[dict[str, Any]]]:
    """The mails that people would get."""
    return sandbox.control.mails
