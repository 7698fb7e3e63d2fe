"""Messages to suppliers by the whole worker: killed where a naive one sends twice or never."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis

from workers_contracts.efactura_messages import SendMessage
from workers_runtime.testing import Bus, StartWorker
from workers_runtime.waiting import read_waiting
from workers_sandbox.testing import SandboxServer

pytestmark = [pytest.mark.integration, pytest.mark.fault]
BUYER, SELLER = "87654329", "12345674"
POINTS = ("after_handler", "after_record", "before_ack")
SENT, FAILED = "efactura.message_sent", "efactura.failed"


@pytest.fixture
def start(sandbox: SandboxServer, start_worker: StartWorker, tmp_path: Path):
    """Start the worker against the sandbox."""
    seal = tmp_path / "seal.pem"
    seal.write_bytes(sandbox.control.seal_pem())
    environment = {
        "ANAF_BASE_URL": sandbox.url,
        "ANAF_LOGIN_URL": sandbox.url,
        "ANAF_CLIENT_ID": sandbox.client_id,
        "ANAF_CLIENT_SECRET": sandbox.client_secret,
        "ANAF_REFRESH_TOKEN": sandbox.refresh_token,
        "ANAF_ENVIRONMENT": "prod",
        "ANAF_EFACTURA_TRUSTED_SEALS": str(seal),
        "ANAF_EFACTURA_CHECK_PLAN": "1",
        "ANAF_EFACTURA_RECONCILE_SECONDS": "1",
        "ANAF_EFACTURA_RESEND_AFTER_SECONDS": "3",
        "ANAF_EFACTURA_RECEIVE_SECONDS": "1",
        "ANAF_EFACTURA_CLOCK_MARGIN_SECONDS": "0",
    }
    return lambda **more: start_worker("anaf_efactura", **environment, **more)


@pytest.fixture
def invoices(sandbox: SandboxServer) -> list[str]:
    """Indexes of invoices that the buyer received."""
    sandbox.control.inbound(BUYER, 3)
    return [one["index"] for one in sandbox.control.planted()]


async def write(
    bus: Bus, name: str, about: str, text: str = "Vă rugăm corectați.", **how: Any
) -> None:
    """Publish a message to a supplier."""
    body = {"cif": BUYER, "about_index": about, "text": text}
    how = {"key": "efactura.send_message"} | how
    await bus.publish(body=body, message_id=name, correlation_id=name, **how)


async def replay(bus: Bus, name: str, about: str) -> None:
    """Put it back into its queue, as a person does with a dead letter."""
    queue = SendMessage.queue()
    await write(bus, name, about, key=queue, exchange="", headers={"x-replay": 1})


def told(bus: Bus, name: str) -> list[tuple[str, str]]:
    """What was told of a command, without repeated deliveries."""
    mine = [event for event in bus.events if event.correlation_id == name]
    return sorted({(event.key, event.message_id) for event in mine})


async def until(done, why: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, why
        await asyncio.sleep(0.05)


async def test_message_reaches_the_supplier_once_however_often_it_is_published(
    bus: Bus, start, sandbox, invoices
):
    start().wait_ready()
    about, text = invoices[0], "Linia 2: 10 buc. în loc de 12.\nVă rugăm corectați."
    await bus.publish("efactura.receive", {"cif": SELLER}, headers={"tid": "supplier"})
    for name in ("m1", "m1", "m2"):
        await write(bus, name, about, text)
    for name in ("m1", "m2"):
        await bus.event(SENT, correlation_id=name, seconds=60)
    received = await bus.event("efactura.message_received", seconds=60)
    assert (received.data["text"], received.data["about_index"]) == (text, about)
    assert received.envelope["tid"] == "supplier"
    assert [key for key, _ in told(bus, "m1") + told(bus, "m2")] == [SENT, SENT]
    assert len(sandbox.control.requests("upload")) == 1
    assert sandbox.control.violations() == []


async def test_killed_at_each_failpoint_it_is_sent_and_told_once(
    bus: Bus, start, sandbox, invoices, tmp_path
):
    for point, about in zip(POINTS, invoices, strict=True):
        # What the last one left may kill it before its own message does.
        worker = start(WORKERS_FAILPOINT=f"{point}@{tmp_path / point}")
        await write(bus, point, about)
        assert worker.wait_end(40) == -signal.SIGKILL
    start().wait_ready()
    for point in POINTS:
        await bus.event(SENT, correlation_id=point, seconds=60)
        assert [key for key, _ in told(bus, point)] == [SENT]
    taken = sandbox.control.uploads()
    assert sorted(one["number"] for one in taken) == sorted(invoices)
    assert len(sandbox.control.requests("upload")) == len(POINTS)
    assert sandbox.control.violations() == []


async def test_killed_while_uploads_are_on_their_way(bus: Bus, start, sandbox, invoices):
    # ANAF stays silent, so the kill falls between the recorded intents and any answer: once
    # without the message at ANAF, once with it.
    before, after, *_ = invoices
    sandbox.control.scenario("timeout-before-acceptance", number=before, seconds=60)
    sandbox.control.scenario("timeout-after-acceptance", number=after, seconds=60)
    worker = start().wait_ready()
    await write(bus, "before", before)
    await write(bus, "after", after)
    await until(lambda: len(sandbox.control.requests("upload")) == 2, "the uploads did not arrive")
    worker.signal(signal.SIGKILL)
    assert worker.wait_end() == -signal.SIGKILL

    start().wait_ready()
    await bus.event(SENT, correlation_id="after", seconds=60)
    failed = await bus.event(FAILED, correlation_id="before", seconds=60)
    assert failed.data["code"] == "efactura_upload_unresolved"
    assert "replay" in failed.data["message"]
    assert [key for key, _ in told(bus, "after")] == [SENT]
    # What may be at ANAF is not sent again: nobody would recognise the second one.
    assert len(sandbox.control.requests("upload")) == 2
    assert [one["number"] for one in sandbox.control.uploads()] == [after]

    await replay(bus, "before", before)
    await bus.event(SENT, correlation_id="before", seconds=60)
    assert sorted(one["number"] for one in sandbox.control.uploads()) == sorted([before, after])
    assert len(sandbox.control.requests("upload")) == 3


async def test_message_over_the_days_allowance_is_listed_as_waiting(
    bus: Bus, start, sandbox, invoices, redis_url
):
    sandbox.control.settings(rasp_per_cif=1)
    start().wait_ready()
    await write(bus, "m1", invoices[0])
    await bus.event(SENT, correlation_id="m1", seconds=60)
    await write(bus, "m2", invoices[1])
    async with redis.Redis.from_url(redis_url) as client:
        entries = []
        deadline = time.monotonic() + 30
        while not entries:
            assert time.monotonic() < deadline, "nothing waits"
            entries = (await read_waiting(client, "anaf.efactura", limit=9)).entries
    (entry,) = entries
    assert (entry.message_id, entry.command) == ("m2", "efactura.send_message")
    assert entry.code == "anaf_daily_limit"
    assert told(bus, "m2") == []
