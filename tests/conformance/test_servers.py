"""What every worker survives: a broker or a Redis that stops, dies, freezes or forgets."""

import asyncio
import contextlib
import json
import time

import aio_pika
import pytest

from workers_contracts.topology import COMMANDS
from workers_runtime.testing import Bus

pytestmark = [pytest.mark.integration, pytest.mark.fault]


@pytest.fixture
async def own(start, private_broker):
    """A worker and a bus on a broker of their own."""
    worker = start(RMQ_URL=private_broker.url).wait_ready()
    async with Bus.connect(private_broker.url) as bus:
        yield worker, bus, private_broker


async def test_worker_starts_before_its_broker(service, start, private_broker):
    await private_broker.stop()
    worker = start(RMQ_URL=private_broker.url)
    worker.wait_status(503)
    assert worker.get("/health/live").status_code == 200
    await private_broker.start()
    worker.wait_ready()


@pytest.mark.parametrize("how", ["restart", "kill"])
async def test_broker_goes_away_and_comes_back(service, own, how):
    worker, bus, broker = own
    assert await service.answered(bus, await service.send(bus))
    if how == "kill":
        await broker.kill()
        await broker.start()
    else:
        await broker.stop()
        await broker.start()
    worker.wait_ready(40)
    await asyncio.sleep(1)
    correlation = await _send_when_back(service, bus)
    assert (await service.answered(bus, correlation, seconds=30)).key in service.outcomes
    assert worker.running


async def test_broker_frozen_for_45_seconds_is_used_again_within_3(
    service, start, private_broker, tmp_path, until_in_hand
):
    """An answer that becomes ready in the frost leaves at the thaw, and nothing is lost."""
    broker = private_broker
    worker = start(RMQ_URL=broker.url, WORKERS_FAILPOINT=f"slow:5@{tmp_path}/once").wait_ready(90)
    async with Bus.connect(broker.url) as bus:
        during = await service.send(bus)
        await until_in_hand(worker)
        pending = [await service.send(bus) for _ in range(3)]
        await broker.freeze()
        await asyncio.sleep(45)
        assert worker.running
        assert worker.get("/health/live").status_code in (200, 503)
        thawed = time.monotonic()
        await broker.thaw()
        first = await service.answered(bus, during, seconds=60)
        assert first.key in service.outcomes
        assert first.at - thawed <= 3
        await _all_answered(service, bus, pending)
        assert worker.running


async def _all_answered(service, bus, pending: list[str]) -> None:
    for correlation in pending:
        assert (await service.answered(bus, correlation, seconds=60)).key in service.outcomes
    correlation = await _send_when_back(service, bus)
    assert (await service.answered(bus, correlation, seconds=60)).key in service.outcomes


async def test_queue_deleted_under_load_is_declared_again_and_consumed(service, own):
    worker, bus, broker = own
    apart = Apart(broker.url)
    load = asyncio.create_task(_load(service, apart, 40))
    await asyncio.sleep(0.5)
    await apart.delete(service.queue)
    deleted = time.monotonic()
    while not await _is_answered(service, bus, apart):
        assert time.monotonic() - deleted < 10, f"not consumed again within 10 s: {worker.log}"
    await load
    assert worker.running


async def test_redis_goes_away_and_comes_back(service, start, bus, private_redis):
    worker = start(REDIS_URL=private_redis.url).wait_ready()
    assert await service.answered(bus, await service.send(bus))
    await private_redis.stop()
    during = await service.send(bus)
    await asyncio.sleep(3)
    assert worker.running
    assert worker.get("/health/live").status_code == 200
    await private_redis.start()
    assert (await service.answered(bus, during, seconds=30)).key in service.outcomes
    worker.wait_ready()


async def _send_when_back(service, bus) -> str:
    """Publish as a client with a retry does: our own connection was lost too."""
    for _ in range(40):
        try:
            return await asyncio.wait_for(service.send(bus), 3)
        except Exception:
            await asyncio.sleep(0.5)
    raise AssertionError("could not publish after the broker came back")


class Apart:
    """A connection for each step: RabbitMQ 3.10 may close that of who uses a dying queue.

    The one that listens for the events must not be it.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    async def publish(self, key, body, **properties) -> None:
        async with asyncio.timeout(3), await aio_pika.connect(self._url) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange(COMMANDS, ensure=False)
            await exchange.publish(aio_pika.Message(json.dumps(body).encode(), **properties), key)

    async def delete(self, queue: str) -> None:
        for _ in range(10):
            with contextlib.suppress(Exception):
                async with asyncio.timeout(3), await aio_pika.connect(self._url) as connection:
                    await (await connection.channel()).queue_delete(queue)
                    return
        raise AssertionError("the queue could not be deleted")


async def _is_answered(service, bus, apart) -> bool:
    """Say whether a new command is answered; one that falls into the gap is kept as unrouted."""
    correlation = await _send_when_back(service, apart)
    with contextlib.suppress(AssertionError):
        return (await service.answered(bus, correlation, seconds=3)).key in service.outcomes
    return False


async def _load(service, bus, count: int) -> None:
    for _ in range(count):
        await _send_when_back(service, bus)
        await asyncio.sleep(0.02)
