"""`workers` runs the command in this process; `start_cli` as a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import aio_pika
import pika
import pytest
from typer.testing import CliRunner

from workers_cli.app import app
from workers_runtime.waiting import Waiting, WaitingList

NOWHERE = {
    "RMQ_URL": "amqp://guest:guest@127.0.0.1:1/",
    "REGISTRY_URL": "http://127.0.0.1:1",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
VARIABLES = (*NOWHERE, "REGISTRY_TOKEN", "WORKERS_ENV", "WORKERS_FAILPOINT", "COLUMNS")


@dataclass(frozen=True)
class Ran:
    """What a run of the command did."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self) -> Any:
        """The only JSON document of standard output."""
        (only,) = self.lines
        return only

    @property
    def error(self) -> dict[str, str]:
        """The error as a program sees it."""
        return json.loads(self.err.splitlines()[-1])["error"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Run in an empty folder, with no address from outside."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def offline() -> Callable[..., Ran]:
    """Run the command where nothing answers."""
    return lambda *arguments, **options: _run(arguments, NOWHERE, **options)


@pytest.fixture
def workers(vhost_url: str) -> Callable[..., Ran]:
    """Run the command on this test's broker."""
    environment = NOWHERE | {"RMQ_URL": vhost_url}
    return lambda *arguments, **options: _run(arguments, environment, **options)


@pytest.fixture
def later(workers: Callable[..., Ran]) -> Callable[..., asyncio.Task[Ran]]:
    """Run the command beside the test's own loop."""
    return lambda *arguments, **options: asyncio.create_task(
        asyncio.to_thread(workers, *arguments, **options)
    )


def _run(
    arguments: tuple[str, ...],
    environment: dict[str, str],
    *,
    given: str | bytes | None = None,
    **extra: str,
) -> Ran:
    result = CliRunner().invoke(app, list(arguments), input=given, env={**environment, **extra})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def start_cli(vhost_url: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command as a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **extra: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers_cli", *arguments],
            env={**os.environ, **NOWHERE, "RMQ_URL": vhost_url, **extra},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def page() -> Iterator[Callable[..., str]]:
    """Serve one fixed answer on a free port; returns its address, keeps the tokens it got."""
    servers: list[HTTPServer] = []

    def serve(body: Any, status: int = 200) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                serve.tokens.append(self.headers["Authorization"])
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    serve.tokens = []
    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def publish_bare(vhost_url: str) -> Callable[[str, bytes], None]:
    """Publish without any property: the AMQP library of the product would make a message id."""

    def publish(key: str, body: bytes) -> None:
        with pika.BlockingConnection(pika.URLParameters(vhost_url)) as connection:
            connection.channel().basic_publish("workers.commands", key, body)

    return publish


@pytest.fixture
async def bury(vhost_url: str):
    """Put a message in a dead-letter queue as the runtime does."""
    connection = await aio_pika.connect(vhost_url)
    channel = await connection.channel()

    async def put(
        message_id: str | None,
        body: bytes = b'{"number": "12345674"}',
        *,
        queue: str = "anaf.taxpayer.dead",
        code: str = "permanent",
        exchange: str = "",
        **headers: Any,
    ) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        dead = {
            "x-reason-code": code,
            "x-reason": "the register refuses",
            "x-reason-field": "number",
            "x-queue": "anaf.taxpayer",
            "x-command": "taxpayer.validate",
            "x-dead-at": "2026-03-02T09:15:04.000Z",
            "x-attempt": 3,
            "x-first-seen-ms": 1_700_000_000_000,
            "tid": "tenant-demo",
        }
        message = aio_pika.Message(
            body,
            message_id=message_id,
            correlation_id=f"c-{message_id}",
            headers={k: v for k, v in (dead | named).items() if v is not None},
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        if exchange:
            await (await channel.get_exchange(exchange)).publish(message, queue)
        else:
            await channel.default_exchange.publish(message, queue)

    yield put
    await connection.close()


@pytest.fixture
async def waiting_note(redis_url):
    """Say, as a worker does, that a command waits."""
    lists: list[WaitingList] = []

    async def say(message_id: str, seconds: float, tag: str = "anaf.efactura", **changes: Any):
        lists.append(WaitingList(redis_url, tag=tag))
        now = datetime.now(UTC)
        entry = {
            "message_id": message_id, "correlation_id": "order-7", "tenant": "acme",
            "command": "efactura.submit", "subject": "12345674", "code": "anaf_unavailable",
            "reason": "ANAF answers 503", "attempt": 4, "since": now - timedelta(hours=3),
            "due": now + timedelta(seconds=seconds),
        }  # fmt: skip
        await lists[-1].note(Waiting.model_validate(entry | changes))

    yield say
    for one in lists:
        await one.close()
