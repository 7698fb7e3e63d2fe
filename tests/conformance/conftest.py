"""Every worker, found by folder, on a real broker, Redis and sandbox.

A worker needs nothing here: its valid command is an example of its public command. Where the text
``2026-0001`` stands in the example, each published command gets a number of its own.
"""

import asyncio
import itertools
import json
import time
import tomllib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pika
import pytest

from workers_cli.finality import is_final
from workers_contracts.base import Command
from workers_contracts.catalog import failed_event
from workers_contracts.topology import COMMANDS
from workers_runtime.router import Router
from workers_runtime.testing import Bus, StartWorker, WorkerProcess, as_installed
from workers_sandbox.testing import SandboxServer

ROOT = Path(__file__).parents[2]
NEEDED = {"pdf-render": ("chromium",)}
"""Programs that a worker does its work with: fixtures that skip with a reason, or fail in CI."""
PREFERRED = ("valid-text.json", "valid-romanian.json")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Service:
    """A worker as the suite sees it."""

    name: str

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")

    @property
    def router(self) -> Router:
        router: Router = import_module(f"{self.module}.handlers").router
        return router

    @property
    def handler(self):
        return next(h for h in self.router.handlers if h.command.queue() == h.command.tag)

    @property
    def command(self) -> type[Command]:
        return self.handler.command

    @property
    def key(self) -> str:
        return self.command.key

    @property
    def queue(self) -> str:
        return self.command.queue()

    @property
    def failed(self) -> str:
        return failed_event(self.command).key

    @property
    def outcomes(self) -> set[str]:
        """Keys of the events that may answer the public command."""
        return {event.key for event in self.handler.emits}

    def body(self) -> dict[str, Any]:
        """Return a valid command, another one at each call."""
        folder = ROOT / "contracts" / "examples" / self.key
        names = [*PREFERRED, *(path.name for path in sorted(folder.glob("valid-*.json")))]
        path = next(folder / name for name in names if (folder / name).exists())
        text = path.read_text(encoding="utf-8")
        return json.loads(text.replace("2026-0001", f"2026-{next(_numbers):05d}"))

    def fullest(self) -> dict[str, Any]:
        """Return the valid example with the most values in it."""
        folder = ROOT / "contracts" / "examples" / self.key
        valid = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("valid-*"))]
        return max(valid, key=_leaves)

    async def send(self, bus: Bus, **properties: Any) -> str:
        """Publish a valid command; returns its correlation id."""
        correlation_id = properties.pop("correlation_id", None) or str(uuid.uuid4())
        message_id = properties.pop("message_id", None) or str(uuid.uuid4())
        body = properties.pop("body", None) or self.body()
        await bus.publish(
            self.key, body, message_id=message_id, correlation_id=correlation_id, **properties
        )
        return correlation_id

    async def answered(self, bus: Bus, correlation_id: str, *, seconds: float = 20):
        """Wait for the first event that answers a command."""
        found = await bus.collect(1, correlation_id=correlation_id, seconds=seconds)
        return found[0]

    async def ended(self, bus: Bus, correlation_id: str, *, seconds: float = 20) -> set[str]:
        """Wait for the final event of a command; returns the ids of all final events it has."""
        ends: set[str] = set()
        found: list[Any] = []
        while not ends:
            found = await bus.collect(
                len(found) + 1, correlation_id=correlation_id, seconds=seconds
            )
            ends = {event.message_id for event in found if is_final(self.key, event.key)}
        return ends


def _leaves(value: object) -> int:
    return sum(map(_leaves, value.values())) if isinstance(value, dict) else 1


def services() -> list[str]:
    """Return the names of all workers."""
    files = sorted(ROOT.glob("services/*/pyproject.toml"))
    return [tomllib.loads(file.read_text())["project"]["name"] for file in files]


@pytest.fixture(params=services())
def service(request: pytest.FixtureRequest) -> Service:
    return Service(request.param)


@pytest.fixture
def authority(sandbox: SandboxServer, tmp_path: Path) -> dict[str, str]:
    """The environment that puts the sandbox in the place of every authority."""
    seal = tmp_path / "seal.pem"
    seal.write_bytes(sandbox.control.seal_pem())
    return {
        "ANAF_BASE_URL": sandbox.url,
        "ANAF_LOGIN_URL": sandbox.url,
        "ANAF_PUBLIC_URL": sandbox.url,
        "ANAF_CLIENT_ID": sandbox.client_id,
        "ANAF_CLIENT_SECRET": sandbox.client_secret,
        "ANAF_REFRESH_TOKEN": sandbox.refresh_token,
        "ANAF_EFACTURA_TRUSTED_SEALS": str(seal),
        "ANAF_EFACTURA_CHECK_PLAN": "1,1,1",
        "ANAF_EFACTURA_RECONCILE_SECONDS": "1",
        "ANAF_EFACTURA_CLOCK_MARGIN_SECONDS": "0",
        "ANAF_TAXPAYER_LOOKUP_SECONDS": "0.05",
        **sandbox.slack,
        **sandbox.smtp,
        "EMAIL_SEND_MAILS_PER_SECOND": "100",
        "EMAIL_SEND_BURST": "100",
        "NOTIFY_SLACK_MESSAGES_PER_SECOND": "50",
        "NOTIFY_SLACK_BURST": "50",
        "OCR_PRELOAD": "false",  # its own tests load the models; this many starts need not
        "VIES_URL": f"{sandbox.url}/taxation_customs/vies/services/checkVatService",
    }


Start = Callable[..., WorkerProcess]


@pytest.fixture
def start(
    service: Service,
    authority: dict[str, str],
    start_worker: StartWorker,
    request: pytest.FixtureRequest,
) -> Start:
    """Start the service under test; further environment by keyword."""
    for program in NEEDED.get(service.name, ()):
        request.getfixturevalue(program)
    own = {**authority, **_packages(service.name)}
    return lambda **environment: start_worker(service.module, **{**own, **environment})


def _packages(name: str) -> dict[str, str]:
    """Return what hides the packages that a worker's image does not have."""
    locks = ROOT / "requirements"
    made_now = not (locks / f"{name}.txt").exists()
    return {} if made_now else as_installed(locks / f"{name}.txt", locks / "dev.txt")


@pytest.fixture
def worker(start: Start) -> WorkerProcess:
    """The service under test, ready."""
    return start().wait_ready()


Crew = list[tuple[Service, WorkerProcess]]
"""Every worker, together on one broker: what a fault costs in time is paid once for all of them."""

StartCrew = Callable[..., Crew]


@pytest.fixture
def start_crew(authority: dict[str, str], start_worker: StartWorker, tmp_path: Path) -> StartCrew:
    """Start every worker at once; ``{name}`` in a value is the worker's, its ledger is its own."""

    # The sandbox is made first and so ends last: workers must not knock at it while it closes.
    def start(**environment: str) -> Crew:
        crew = []
        for service in map(Service, services()):
            ledger = {"DATABASE_URL": f"sqlite:///{tmp_path}/{service.module}.db"}
            own = {name: value.format(name=service.name) for name, value in environment.items()}
            worker = start_worker(
                service.module, **{**authority, **_packages(service.name), **ledger, **own}
            )
            crew.append((service, worker))
        return crew

    return start


@pytest.fixture
def until_in_hand() -> Callable[..., Awaitable[None]]:
    """Wait until a worker works on this many messages."""

    async def wait(worker: WorkerProcess, count: int = 1, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while f"worker_in_flight {count}.0" not in worker.get("/metrics").text:
            assert time.monotonic() < deadline, worker.log[-3000:]
            await asyncio.sleep(0.05)

    return wait


@pytest.fixture
def publish_bare(vhost_url: str) -> Callable[[str, dict[str, Any]], None]:
    """Publish without any property; pika adds none, aio-pika would make a message id."""

    def publish(key: str, body: dict[str, Any]) -> None:
        with pika.BlockingConnection(pika.URLParameters(vhost_url)) as connection:
            connection.channel().basic_publish(COMMANDS, key, json.dumps(body).encode())

    return publish
