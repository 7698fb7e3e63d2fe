"""Beats, a clock that tests move, a service on real Redis, small web servers."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from registry_service.app import build, make_service
from registry_service.config import Settings
from registry_service.fetch import Fetcher
from registry_service.jobs import start
from workers_contracts.heartbeat import WorkerStatus

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "0123456789abcdef0123456789abcdef"
NOWHERE = "redis://127.0.0.1:1/0"


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def forward(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def beat(clock):
    """Make a heartbeat of now; ``ago`` makes it older, ``metrics`` changes its numbers."""

    def make(tag="anaf.efactura", id="one", ago=0.0, metrics=None, **changes):  # noqa: A002
        body = {
            "id": id,
            "tag": tag,
            "version": "0.1.0",
            "status": "running",
            "last_seen": clock() - timedelta(seconds=ago),
            "started_at": START - timedelta(hours=1),
            "health_endpoint": "http://127.0.0.1:1",
            "progress": 1,
            "metrics": {"health_score": 100, "queue_size": 0} | (metrics or {}),
        }
        return WorkerStatus.model_validate(body | changes)

    return make


@pytest.fixture
def envelope():
    """Wrap a heartbeat as it travels on the bus."""

    def wrap(status, **changes):
        event = {
            "specversion": "1.0",
            "id": "e-1",
            "source": "/workers/test",
            "type": "worker.heartbeat",
            "time": "2026-03-02T09:00:00.000Z",
            "datacontenttype": "application/json",
            "data": status.model_dump(mode="json"),
        }
        return json.dumps(event | changes).encode()

    return wrap


@pytest.fixture
def settings():
    """Make settings without reading the environment's servers."""

    def make(**changes):
        values = {
            "rmq_url": SecretStr("amqp://guest:guest@127.0.0.1:1/"),
            "redis_url": SecretStr(NOWHERE),
            "jwt_secret": SecretStr(SECRET),
            "environment": "test",
        }
        return Settings(**values | changes)

    return make


@pytest.fixture
async def service(settings, clock, redis_url):
    """A service on real Redis whose store is running; nothing else is."""
    made = make_service(settings(redis_url=SecretStr(redis_url)), clock)
    made._tasks.append(start("store", made.store.run(made.registry.adopt)))
    yield made
    await made.stop()


@pytest.fixture
async def lone_service(settings, clock):
    """A service without any server."""
    made = make_service(settings(), clock)
    yield made
    await made.store.close()
    await made.fetcher.close()


@pytest.fixture
async def client(service, settings):
    app = build(settings(), service)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://registry") as made:
        yield made


@pytest.fixture
def bearer(service):
    """Return the header of a token with the scopes."""

    def make(scope="workers:admin"):
        return {"authorization": f"Bearer {service.keyring.issue(scope, 60)}"}

    return make


@pytest.fixture
async def fetcher():
    made = Fetcher(limit_seconds=0.3)
    yield made
    await made.close()


@pytest.fixture
async def eventually():
    """Wait until a check passes, or fail after some seconds."""

    async def wait(check, seconds=10.0):
        for _ in range(int(seconds / 0.05)):
            result = check()
            if asyncio.iscoroutine(result):
                result = await result
            if result:
                return result
            await asyncio.sleep(0.05)
        pytest.fail(f"did not come true within {seconds} s")

    return wait


class Web:
    """A web server whose answers are raw bytes by path; None hangs."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self._release = asyncio.Event()
        self.url = ""

    def answer(self, path, body, status="200 OK", **headers):
        head = "".join(f"{n.replace('_', '-')}: {v}\r\n" for n, v in headers.items())
        length = f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.answers[path] = f"HTTP/1.1 {status}\r\n{head}{length}".encode() + body

    def hang(self, path):
        self.answers[path] = None

    async def handle(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            path = request.split()[1].decode()
            self.asked.append(path)
            if (answer := self.answers.get(path, b"HTTP/1.1 404 No\r\n\r\n")) is None:
                await self._release.wait()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()

    def release(self):
        self._release.set()


@pytest.fixture
async def serve():
    """Start small web servers; they end with the test."""
    opened = []

    async def start():
        web = Web()
        server = await asyncio.start_server(web.handle, "127.0.0.1", 0)
        web.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        web.server = server
        opened.append(web)
        return web

    yield start
    for web in opened:
        web.release()
        web.server.close()
        await web.server.wait_closed()
