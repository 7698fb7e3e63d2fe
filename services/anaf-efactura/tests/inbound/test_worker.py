"""Receiving by the whole worker: 1,300 messages on three pages, late entries, two kills -9.

``./justw inbound-proof`` runs it at that size; here it is a tenth. ``INBOUND_REPORT`` names a file
for the figures.
"""

import asyncio
import collections
import hashlib
import json
import os
import random
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis.asyncio as redis

from workers_runtime.testing import Bus, StartWorker
from workers_runtime.waiting import read_waiting
from workers_sandbox.testing import SandboxServer

pytestmark = [pytest.mark.integration, pytest.mark.fault]
CIF = "87654329"
TENANTS = ("firm", "other")
DAY = 86_400
PREFETCH = 16
"""Messages that one worker has in hand at most, here; what a kill may repeat."""

SEED = int(os.environ.get("INBOUND_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)


@dataclass(frozen=True)
class Size:
    """How much lies in the box, and how it is paged."""

    messages: int
    late: int
    page: int
    seconds: float


FULL, SMALL = Size(1300, 40, 500, 600), Size(110, 10, 50, 120)
SIZE = FULL if os.environ.get("INBOUND_PROOF") == "full" else SMALL


@pytest.fixture
def start(start_worker: StartWorker, sandbox: SandboxServer, tmp_path: Path):
    """Start the worker against the sandbox; its lists are read every second."""
    seal = tmp_path / "seal.pem"
    seal.write_bytes(sandbox.control.seal_pem())
    environment = {
        "ANAF_BASE_URL": sandbox.url,
        "ANAF_LOGIN_URL": sandbox.url,
        "ANAF_CLIENT_ID": sandbox.client_id,
        "ANAF_CLIENT_SECRET": sandbox.client_secret,
        "ANAF_REFRESH_TOKEN": sandbox.refresh_token,
        "ANAF_ENVIRONMENT": "prod",
        "ANAF_CALL_SECONDS": "0.001",
        "ANAF_EFACTURA_TRUSTED_SEALS": str(seal),
        "ANAF_EFACTURA_CLOCK_MARGIN_SECONDS": "0",
        "ANAF_EFACTURA_RECEIVE_SECONDS": "1",
        "ANAF_EFACTURA_CHECK_PLAN": "1",
    }
    return lambda **more: start_worker("anaf_efactura", **environment, **more)


async def ask(bus: Bus, tenant: str, **fields: object) -> None:
    """Ask for the box, as its users would."""
    name = f"ask-{tenant}-{len(fields)}"
    body, whose = {"cif": CIF, **fields}, {"tid": tenant}
    await bus.publish("efactura.receive", body, message_id=name, correlation_id=name, headers=whose)


def told(bus: Bus, tenant: str, *keys: str) -> dict[str, set[str]]:
    """The ids of the events of each message; one each, however often they were delivered."""
    found: dict[str, set[str]] = collections.defaultdict(set)
    for event in bus.events:
        if event.key in keys and event.envelope.get("tid") == tenant:
            found[event.data["download_id"]].add(event.message_id)
    return found


async def until(done, seconds: float, why) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, why()
        await asyncio.sleep(0.1)


async def test_a_full_box_is_received_once_over_crashes(bus: Bus, start, sandbox, tmp_path, capsys):
    dice = random.Random(SEED)
    control = sandbox.control
    control.settings(page_size=SIZE.page, calls_per_minute=100_000)
    normal = control.inbound(CIF, SIZE.messages - SIZE.late - 1, spread_seconds=59 * DAY)
    # They bear moments of a quarter of an hour to a day ago, and appear while the box is read.
    late = control.inbound(
        CIF, SIZE.late, age_seconds=900, spread_seconds=DAY - 1800, late_seconds=8
    )
    (gone,) = control.inbound(CIF, scenario="message-past-60-days", age_seconds=DAY)
    control.scenario("pages-change-between-calls", times=3)
    control.scenario("list-window-clock-drift", times=1, seconds=2)
    wanted, started = {*normal, *late}, time.monotonic()

    def received() -> int:
        return min(len(told(bus, tenant, "efactura.received")) for tenant in TENANTS)

    worker = start().wait_ready()
    for tenant in TENANTS:
        await ask(bus, tenant)
    for part in (dice.uniform(0.02, 0.3), dice.uniform(0.4, 0.7)):
        await until(
            lambda part=part: received() >= part * len(wanted), SIZE.seconds, worker_log(worker)
        )
        worker.signal(signal.SIGKILL)
        assert worker.wait_end() == -signal.SIGKILL
        worker = start().wait_ready()
    await until(lambda: received() == len(wanted), SIZE.seconds, worker_log(worker))
    await until(
        lambda: all(told(bus, t, "efactura.receive_expired") for t in TENANTS),
        SIZE.seconds,
        worker_log(worker),
    )
    took = time.monotonic() - started
    planted = {one["id"]: one for one in control.planted()}
    for tenant in TENANTS:
        events = told(bus, tenant, "efactura.received")
        assert events.keys() == wanted
        assert {len(ids) for ids in events.values()} == {1}, "a message was told under two ids"
        expired = told(bus, tenant, "efactura.receive_expired")
        assert (expired.keys(), {len(ids) for ids in expired.values()}) == ({gone}, {1})
    archives = {
        event.data["download_id"]: event.data["archive"]
        for event in bus.events
        if event.key == "efactura.received"
    }
    for message_id, archive in archives.items():
        content = Path(archive["uri"].removeprefix("file://")).read_bytes()
        assert hashlib.sha256(content).hexdigest() == planted[message_id]["archive_sha256"]
    seals = {e.data["seal"]["status"] for e in bus.events if e.key == "efactura.received"}
    downloads = [planted[message_id]["downloads"] for message_id in wanted]
    report = {
        "seed": SEED,
        "messages": SIZE.messages,
        "pages": -(-SIZE.messages // SIZE.page),
        "tenants": len(TENANTS),
        "kills": 2,
        "seconds": round(took),
        "received": {tenant: len(told(bus, tenant, "efactura.received")) for tenant in TENANTS},
        "archives on disk": len(list((tmp_path / "artifacts").rglob("*.zip"))),
        "downloads": sum(downloads),
        "downloads that a kill repeated": sum(downloads) - len(TENANTS) * len(wanted),
        "most downloads of one message": max(downloads),
        "rules of ANAF's broken": control.state()["violations"],
    }
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(report)}\n")
    if path := os.environ.get("INBOUND_REPORT"):
        Path(path).write_text(json.dumps(report, indent=1))
    assert seals == {"verified"}
    assert report["archives on disk"] == len(wanted)
    # What was under way when the worker died is asked for again, and nothing else.
    assert report["downloads that a kill repeated"] <= report["kills"] * PREFETCH
    assert report["rules of ANAF's broken"] == {}


def worker_log(worker):
    return lambda: worker.log[-3000:]


async def test_receiving_stands_beside_the_command_and_stops(bus: Bus, start, sandbox, redis_url):
    start().wait_ready()
    sandbox.control.inbound(CIF, 1)
    await ask(bus, "firm")
    answer = await bus.event("efactura.receiving")
    assert answer.envelope["subject"] == CIF
    received = await bus.event("efactura.received", seconds=30)
    assert received.envelope["tid"] == "firm"
    assert received.correlation_id == "ask-firm-0"
    assert received.envelope["subject"] == received.data["number"]
    async with redis.Redis.from_url(redis_url) as client:
        assert (await read_waiting(client, "anaf.efactura", limit=9)).total == 0
        kept = json.loads(await client.get("wrk:result:firm:ask-firm-0"))
    assert [event["type"] for event in kept] == ["efactura.receiving"]
    await ask(bus, "firm", active=False)
    stopped = await bus.event("efactura.receiving", correlation_id="ask-firm-1")
    assert (stopped.data["active"], stopped.data["stored"]) == (False, 1)
    assert stopped.data["read_at"] is not None
