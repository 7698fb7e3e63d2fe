"""Told ahead by the whole worker on a real broker: beside the command, never in its way."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta

import pytest
import redis.asyncio as redis

from anaf_efactura.deadline import due_in
from workers_contracts.topology import DELAYS_SECONDS, delay_name
from workers_runtime.testing import Bus, StartWorker
from workers_runtime.waiting import read_waiting
from workers_sandbox.testing import SandboxServer

pytestmark = pytest.mark.integration
LADDER = delay_name(DELAYS_SECONDS[-1])
"""Where what is due in an hour or more waits."""


@pytest.fixture
def worker(sandbox: SandboxServer, start_worker: StartWorker):
    """The worker, ready, with the sandbox in ANAF's place."""
    return start_worker(
        "anaf_efactura",
        ANAF_BASE_URL=sandbox.url,
        ANAF_LOGIN_URL=sandbox.url,
        ANAF_CLIENT_ID=sandbox.client_id,
        ANAF_CLIENT_SECRET=sandbox.client_secret,
        ANAF_REFRESH_TOKEN=sandbox.refresh_token,
    ).wait_ready()


async def test_a_refused_invoice_is_watched_and_its_refusal_stays_the_result(
    bus: Bus, worker, invoice, redis_url
):
    body = {"cif": "12345674", "xml": invoice("R-1").replace("RO12345674", "RO12345678")}
    await bus.publish(
        "efactura.submit", body, message_id="r1", correlation_id="r1", headers={"tid": "firm"}
    )
    await bus.event("efactura.rejected", correlation_id="r1")
    waits = await bus.take(LADDER)
    assert (waits.type, waits.headers["tid"]) == ("efactura.watch", "firm")
    assert json.loads(waits.body)["number"] == "R-1"
    async with redis.Redis.from_url(redis_url) as client:
        assert (await read_waiting(client, "anaf.efactura", limit=9)).total == 0
        # Events leave before the result is kept.
        async with asyncio.timeout(15):
            while (text := await client.get("wrk:result:firm:r1")) is None:
                await asyncio.sleep(0.05)
        kept = json.loads(text)
    assert [event["type"] for event in kept] == ["efactura.rejected"]


async def test_while_anaf_is_away_the_term_is_watched_beside_the_tries(
    bus: Bus, worker, invoice, sandbox
):
    sandbox.control.scenario("unavailable-503-retry-after", operation="upload", times=None)
    body = {"cif": "12345674", "xml": invoice("AWAY-1")}
    await bus.publish("efactura.submit", body, message_id="a1", correlation_id="a1")
    waits = await bus.take(LADDER)
    assert waits.type == "efactura.watch"
    assert waits.correlation_id == "a1"
    assert bus.events == []


async def test_an_approaching_term_is_an_event_of_the_tenant_and_told_once(bus: Bus, worker):
    body = {
        "document_id": "d1",
        "cif": "12345674",
        "kind": "invoice",
        "number": "T-1",
        "issue_date": f"{_due_within_three_days()}",
    }
    for message_id in ("w1", "w1", "w2"):
        await bus.publish(
            "anaf.efactura.watch",
            body,
            exchange="",
            message_id=message_id,
            correlation_id="c1",
            headers={"tid": "firm"},
        )
    event = await bus.event("efactura.deadline_approaching")
    assert (event.correlation_id, event.envelope["tid"]) == ("c1", "firm")
    assert event.envelope["subject"] == "T-1"
    assert event.data["state"] == "refused_locally"
    # Another one, which ends later: by then the copies have been handled.
    await bus.publish(
        "anaf.efactura.watch", body | {"document_id": "d2"}, exchange="", message_id="w3"
    )
    await bus.collect(2, "efactura.deadline_approaching")
    mine = [e for e in bus.events if e.data["document_id"] == "d1"]
    assert len({e.message_id for e in mine}) == 1


def _due_within_three_days() -> date:
    now = datetime.now(UTC)
    days = [now.date() - timedelta(days=n) for n in range(25)]
    within = [day for day in days if timedelta(minutes=2) < due_in(day, now) < timedelta(days=3)]
    if not within:
        pytest.skip("no term ends within three days: these are holidays")
    return within[0]
