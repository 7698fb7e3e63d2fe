"""The whole service, wired as in production, on real servers."""

import asyncio

import aio_pika
import httpx
import pytest
from pydantic import SecretStr

from registry_service import app as module
from registry_service.clock import utc_now
from registry_service.jobs import ask_to_end, end, start
from workers_contracts.topology import HEARTBEATS


@pytest.mark.integration
async def test_beat_on_the_bus_is_shown_over_http(
    settings, vhost_url, redis_url, beat, envelope, serve, eventually
):
    web = await serve()
    web.answer("/health/live", b"{}")
    made = settings(rmq_url=SecretStr(vhost_url), redis_url=SecretStr(redis_url), environment="dev")
    app = module.build(made)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://registry") as client,
    ):

        async def ready():
            return (await client.get("/health/ready")).status_code == 200

        await eventually(ready, 20)
        async with await aio_pika.connect(vhost_url) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange(HEARTBEATS)
            status = beat(last_seen=utc_now(), health_endpoint=web.url)
            await exchange.publish(aio_pika.Message(envelope(status)), "worker.heartbeat")

        async def shown():
            reply = (await client.get("/v1/workers")).json()
            return not reply["stale"] and reply["workers"]

        (worker,) = await eventually(shown)
        assert (worker["tag"], worker["status"]) == ("anaf.efactura", "running")
        assert "live: 1" in (await client.get("/portal")).text
        await eventually(lambda: "/health/live" in web.asked)
        web.server.close()
        await web.server.wait_closed()

        async def crashed():
            (worker,) = (await client.get("/v1/workers")).json()["workers"]
            return worker["status"] == "error" and worker["reason"]

        assert "port is closed" in await eventually(crashed, 15)
    assert not [t for t in asyncio.all_tasks() if t.get_name() in {"store", "heartbeats"}]


async def test_ended_job_makes_the_service_not_alive(lone_service, settings):
    async def fails():
        raise RuntimeError("broken")

    lone_service._tasks.append(start("fails", fails()))
    await asyncio.sleep(0)
    app = module.build(settings(), lone_service)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://registry"
    ) as client:
        await asyncio.sleep(0.01)
        answer = await client.get("/health/live")
    assert (answer.status_code, answer.json()) == (503, {"live": False, "ended": ["fails"]})
    with pytest.raises(RuntimeError):
        await lone_service._tasks[0]


async def test_job_that_swallows_a_cancellation_ends_anyway():
    async def swallows_once():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    job = start("stubborn", swallows_once())
    await asyncio.sleep(0)
    await end([job])
    assert job.cancelled()


async def test_swallowed_cancellation_is_raised_again():
    async def swallows():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ask_to_end()

    job = start("swallows", swallows())
    await asyncio.sleep(0)
    await end([job])
    assert job.cancelled()
