"""A whole e-Factura installation that is made to suffer: workers, servers and the sandbox program.

`installation` starts nothing but what a real one has: RabbitMQ, Redis, a ledger on disk, ANAF's
sandbox as a program of its own, and workers that can be killed at any moment.
"""

import asyncio
import contextlib
import json
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from workers_contracts.topology import DELAYS_SECONDS, dead_queue, delay_name, topology
from workers_runtime.testing import Bus, WorkerProcess
from workers_sandbox.settings import BOOTSTRAP_REFRESH_TOKEN
from workers_sandbox.testing import Control
from workers_stack.servers import PrivateBroker, PrivateRedis, ServerError

ROOT = Path(__file__).parents[2]
FLEET = 3
CALLS_PER_MINUTE = 12_000
"""ANAF allows 1000, and the workers keep to it; both are raised, or all would only wait."""


@dataclass
class Fleet:
    """Workers that are killed and started again."""

    start: Callable[[], WorkerProcess]
    workers: list[WorkerProcess] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    """Exit codes of workers that ended by themselves: there must be none."""
    kills: int = 0

    def fill(self) -> None:
        """Start a worker for each that is gone."""
        self.ended += [worker.wait_end() for worker in self.workers if not worker.running]
        self.workers = [worker for worker in self.workers if worker.running]
        while len(self.workers) < FLEET:
            self.workers.append(self.start())

    def ready(self) -> list[WorkerProcess]:
        """The workers that consume; killing one that only starts would prove little."""
        return [worker for worker in self.workers if _is_ready(worker)]

    async def kill_one(self, dice: random.Random, *, seconds: float = 60) -> None:
        """Kill a worker that is consuming, now."""
        deadline = time.monotonic() + seconds
        while not (ready := await asyncio.to_thread(self.ready)):
            assert time.monotonic() < deadline, f"no worker consumes: {self.workers[0].log[-3000:]}"
            self.fill()
            await asyncio.sleep(0.05)
        victim = dice.choice(ready)
        victim.signal(signal.SIGKILL)
        assert await asyncio.to_thread(victim.wait_end) == -signal.SIGKILL
        self.workers.remove(victim)
        self.kills += 1
        self.fill()

    async def all_ready(self) -> None:
        """Wait until every worker consumes."""
        self.fill()
        for worker in self.workers:
            await asyncio.to_thread(worker.wait_ready, 90)

    def end(self) -> None:
        """Stop them all."""
        for worker in self.workers:
            worker.end()


def _is_ready(worker: WorkerProcess) -> bool:
    try:
        return worker.running and worker.get("/health/ready").status_code == 200
    except httpx.HTTPError:
        return False


@dataclass
class Installation:
    """The installation, and the questions that the tests ask about it."""

    broker: PrivateBroker
    redis: PrivateRedis
    anaf: Control
    fleet: Fleet
    bus: Bus
    ledger: Path
    redelivered: int = 0

    async def publish(self, number: str, *, message_id: str = "", seconds: float = 120) -> None:
        """File an invoice as a publisher should: again, under the same id, until confirmed."""
        name = message_id or number
        path = ROOT / "contracts" / "examples" / "efactura.submit" / "valid-text.json"
        body = json.loads(path.read_text(encoding="utf-8").replace("PMX-2026-0001", number))
        deadline = time.monotonic() + seconds
        while True:
            sent = self.bus.publish("efactura.submit", body, message_id=name, correlation_id=name)
            try:
                await asyncio.wait_for(sent, 5)
            except Exception:
                assert time.monotonic() < deadline, f"{name} was not confirmed"
                await asyncio.sleep(0.5)
            else:
                return

    async def kill_broker(self) -> None:
        """Cut the broker's power, and bring it back. Its counters begin again."""
        await self._count_redelivered()
        await self.broker.kill()
        await self.broker.start()

    async def _count_redelivered(self) -> None:
        told = await self.broker.ctl("eval", "rabbit_global_counters:overview().")
        found = re.findall(r"messages_redelivered_total\s*=>\s*(\d+)", told)
        self.redelivered += sum(map(int, found))

    async def waiting(self) -> dict[str, int]:
        """Messages in every queue of the bus, in a worker's hands or not; none where it is 0."""
        table = await self.broker.ctl("list_queues", "name", "messages")
        rows = [row.split("\t") for row in table.splitlines() if "\t" in row]
        counts = {name: int(count) for name, count in rows if count.isdigit()}
        missing = {queue.name for queue in topology().queues} - counts.keys()
        assert not missing, f"these queues are not to be seen: {missing}"
        # Nothing that is filed here waits for an hour: there the log-in's daily watch waits.
        counts.pop(delay_name(DELAYS_SECONDS[-1]), None)
        return {name: count for name, count in counts.items() if count}

    async def until_quiet(self, done: Callable[[], bool], *, seconds: float) -> None:
        """Wait until ``done``, and until no queue holds anything."""
        deadline, left = time.monotonic() + seconds, {"not asked": 1}
        while not done() or left:
            assert time.monotonic() < deadline, f"after {seconds:g} s still waiting: {left}"
            self.fleet.fill()
            await asyncio.sleep(0.5)
            assert not (dead := await self.dead_letters()), dead
            if done():
                with contextlib.suppress(ServerError):
                    left = await self.waiting()
        await self._count_redelivered()

    async def dead_letters(self) -> list[str]:
        """Why commands were given up."""
        found = []
        lanes = (
            "anaf.efactura",
            *(
                f"anaf.efactura.{verb}"
                for verb in ("check", "watch", "login", "receive", "list", "fetch")
            ),
        )
        for queue in map(dead_queue, lanes):
            for _ in range(await self.bus.count(queue) or 0):
                message = await self.bus.take(queue)
                found.append(f"{message.message_id}: {message.headers['x-reason']}")
        return found

    def documents(self) -> dict[str, int]:
        """The ledger's documents, by their state."""
        return self._ledger("SELECT state, COUNT(*) FROM document GROUP BY state")

    def commands(self) -> dict[str, int]:
        """The ledger's record of commands, by their state."""
        return self._ledger("SELECT state, COUNT(*) FROM message GROUP BY state")

    def _ledger(self, question: str) -> dict[str, int]:
        with contextlib.closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as file:
            return dict(file.execute(question).fetchall())


@pytest.fixture
def calls_per_minute() -> int:
    """What the sandbox allows; override it together with the workers' pace."""
    return CALLS_PER_MINUTE


@pytest.fixture
def worker_settings() -> dict[str, str]:
    """Settings of the workers in place of the usual ones here; override it to give some."""
    return {}


@pytest.fixture
def anaf(
    tmp_path: Path, sandbox_keys: Path, calls_per_minute: int
) -> Iterator[tuple[str, Control]]:
    """The sandbox as the program that it is: its address and its control."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"port": port, "calls-per-minute": calls_per_minute, "key-dir": sandbox_keys}
    options["smtp-port"] = 0
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with (tmp_path / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers_sandbox", *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    control = Control(url)
    deadline = time.monotonic() + 60
    while not _answers(url):
        assert process.poll() is None
        assert time.monotonic() < deadline, "the sandbox does not start"
        time.sleep(0.05)
    yield url, control
    control.close()
    process.terminate()
    process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
async def installation(
    anaf: tuple[str, Control],
    private_broker: PrivateBroker,
    private_redis: PrivateRedis,
    worker_settings: dict[str, str],
    tmp_path: Path,
) -> AsyncIterator[Installation]:
    """Everything running, and every worker consuming."""
    url, control = anaf
    seal = tmp_path / "seal.pem"
    seal.write_bytes(control.seal_pem())
    environment = {
        "RMQ_URL": private_broker.url,
        "REDIS_URL": private_redis.url,
        "DATABASE_URL": f"sqlite:///{tmp_path}/ledger.db",
        "ARTIFACTS_URL": f"file://{tmp_path}/artifacts",
        "ANAF_BASE_URL": url,
        "ANAF_LOGIN_URL": url,
        "ANAF_CLIENT_ID": "sandbox",
        "ANAF_CLIENT_SECRET": "sandbox",
        "ANAF_REFRESH_TOKEN": BOOTSTRAP_REFRESH_TOKEN,
        "ANAF_CALL_SECONDS": str(60 / CALLS_PER_MINUTE * 1.05),
        "ANAF_EFACTURA_TRUSTED_SEALS": str(seal),
        "ANAF_EFACTURA_CHECK_PLAN": "1,1,2,5",
        "ANAF_EFACTURA_RECONCILE_SECONDS": "2",
        "ANAF_EFACTURA_RESEND_AFTER_SECONDS": "8",
        "ANAF_EFACTURA_CLOCK_MARGIN_SECONDS": "0",
        "HEARTBEAT_SECONDS": "30",
        **worker_settings,
    }
    fleet = Fleet(lambda: WorkerProcess("anaf_efactura", tmp_path, environment))
    try:
        async with Bus.connect(private_broker.url) as bus:
            await fleet.all_ready()
            yield Installation(
                private_broker, private_redis, control, fleet, bus, tmp_path / "ledger.db"
            )
    finally:
        fleet.end()
