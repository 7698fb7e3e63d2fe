"""The whole worker as a process, killed in the windows where a naive one files twice or never."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from workers_runtime.testing import Bus, StartWorker
from workers_sandbox.testing import SandboxServer

pytestmark = [pytest.mark.integration, pytest.mark.fault]
ACCEPTED, SUBMITTED = "efactura.accepted", "efactura.submitted"


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
        "ANAF_EFACTURA_TRUSTED_SEALS": str(seal),
        "ANAF_EFACTURA_CHECK_PLAN": "1",
        "ANAF_EFACTURA_RECONCILE_SECONDS": "1",
        "ANAF_EFACTURA_RESEND_AFTER_SECONDS": "3",
        "ANAF_EFACTURA_CLOCK_MARGIN_SECONDS": "0",
    }
    return lambda **more: start_worker("anaf_efactura", **environment, **more)


async def arrived(sandbox: SandboxServer, count: int, seconds: float = 20) -> None:
    """Wait until this many uploads reached the sandbox."""
    deadline = time.monotonic() + seconds
    while len(sandbox.control.requests("upload")) < count:
        assert time.monotonic() < deadline, "the uploads did not arrive"
        await asyncio.sleep(0.05)


async def ended_well(bus: Bus, correlation_id: str) -> None:
    """Wait for the end: accepted, and said with one id only."""
    await bus.event(ACCEPTED, correlation_id=correlation_id, seconds=60)
    mine = [event for event in bus.events if event.correlation_id == correlation_id]
    assert {event.key for event in mine} == {SUBMITTED, ACCEPTED}
    assert len({event.message_id for event in mine}) == 2


async def test_killed_while_uploads_are_on_their_way(bus: Bus, start, sandbox, invoice):
    # ANAF stays silent, so the kill falls between the recorded intents and any answer: once
    # without the document at ANAF, once with it.
    sandbox.control.scenario("timeout-before-acceptance", number="B-1", seconds=60)
    sandbox.control.scenario("timeout-after-acceptance", number="A-1", seconds=60)
    worker = start().wait_ready()
    for number in ("B-1", "A-1"):
        body = {"cif": "12345674", "xml": invoice(number)}
        await bus.publish("efactura.submit", body, message_id=number, correlation_id=number)
    await arrived(sandbox, 2)
    worker.signal(signal.SIGKILL)
    assert worker.wait_end() == -9

    start().wait_ready()
    await ended_well(bus, "B-1")
    await ended_well(bus, "A-1")
    taken = sandbox.control.uploads()
    assert sorted(one["number"] for one in taken) == ["A-1", "B-1"]
    assert [one["times_uploaded"] for one in taken] == [1, 1]
    operations = [one["operation"] for one in sandbox.control.requests()]
    assert operations.count("upload") == 3
    assert "listaMesajePaginatieFactura" in operations
    assert sandbox.control.violations() == []


async def test_killed_between_the_record_and_the_publishing(
    bus: Bus, start, sandbox, invoice, tmp_path
):
    worker = start(WORKERS_FAILPOINT=f"after_record@{tmp_path / 'happened'}").wait_ready()
    body = {"cif": "12345674", "xml": invoice()}
    await bus.publish("efactura.submit", body, message_id="m1", correlation_id="c1")
    assert worker.wait_end(40) == -9
    assert bus.events == []

    start().wait_ready()
    await ended_well(bus, "c1")
    assert len(sandbox.control.requests("upload")) == 1
