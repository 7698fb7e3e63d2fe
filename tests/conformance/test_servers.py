"""What every worker survives: a broker or a Redis that stops, dies, freezes or forgets.

All workers meet each fault together: a broker that is frozen for 45 s is frozen once.
"""

import asyncio
import contextlib
import json
import os
import time

import aio_pika
import pytest

from workers_contracts.topology import COMMANDS
from workers_runtime.testing import Bus

pytestmark = [pytest.mark.integration, pytest.mark.fault]
START_SECONDS = 90
"""For all of them at once on two processors."""

THAWED_WITHIN = float(os.environ.get("THAWED_WITHIN", "10"))
"""Seconds from the thaw to the answers of all workers; ``./justw frost`` asks for 3."""


@pytest.fixture
async def own(start_crew, private_broker):
    """Every worker, and a bus, on a broker of their own."""
    crew = start_crew(RMQ_URL=private_broker.url)
    _wait_ready(crew)
    async with Bus.connect(private_broker.url) as bus:
        yield crew, bus, private_broker


async def test_workers_start_before_their_broker(start_crew, private_broker, subtests):
    await private_broker.stop()
    crew = start_crew(RMQ_URL=private_broker.url)
    for service, worker in crew:
        with subtests.test(service.name):
            worker.wait_status(503, START_SECONDS)
            assert worker.get("/health/live").status_code == 200
    await private_broker.start()
    for service, worker in crew:
        with subtests.test(service.name):
            worker.wait_ready(START_SECONDS)


@pytest.mark.parametrize("how", ["restart", "kill"])
async def test_broker_goes_away_and_comes_back(own, how, subtests):
    crew, bus, broker = own
    for service, _ in crew:
        with subtests.test(service.name):
            assert await service.answered(bus, await service.send(bus), seconds=60)
    if how == "kill":
        await broker.kill()
    else:
        await broker.stop()
    await broker.start()
    for service, worker in crew:
        with subtests.test(service.name):
            worker.wait_ready(40)
            correlation = await _send_when_back(service, bus)
            assert (await service.answered(bus, correlation, seconds=60)).key in service.outcomes
            assert worker.running


async def test_broker_frozen_for_45_seconds_is_used_again_at_the_thaw(
    start_crew, private_broker, tmp_path, until_in_hand, subtests
):
    """An answer that becomes ready in the frost leaves at the thaw, and nothing is lost."""
    broker = private_broker
    slow = f"slow:5@{tmp_path}/once-{{name}}"
    crew = start_crew(RMQ_URL=broker.url, WORKERS_FAILPOINT=slow)
    _wait_ready(crew)
    async with Bus.connect(broker.url) as bus:
        during = {service.name: await service.send(bus) for service, _ in crew}
        for _, worker in crew:
            await until_in_hand(worker)
        pending = [(service, await service.send(bus)) for service, _ in crew for _ in range(3)]
        await broker.freeze()
        await asyncio.sleep(45)
        for service, worker in crew:
            with subtests.test(service.name, moment="in the frost"):
                assert worker.running
                assert worker.get("/health/live").status_code in (200, 503)
        thawed = time.monotonic()
        await broker.thaw()
        for service, _ in crew:
            with subtests.test(service.name, moment="at the thaw"):
                first = await service.answered(bus, during[service.name], seconds=60)
                assert first.key in service.outcomes
                assert first.at - thawed <= THAWED_WITHIN
        for service, worker in crew:
            pending.append((service, await _send_when_back(service, bus)))
            assert worker.running
        for service, correlation in pending:
            with subtests.test(service.name, moment="afterwards"):
                event = await service.answered(bus, correlation, seconds=60)
                assert event.key in service.outcomes


async def test_queue_deleted_under_load_is_declared_again_and_consumed(own, subtests):
    crew, bus, broker = own
    apart = Apart(broker.url)
    for service, worker in crew:
        with subtests.test(service.name):
            load = asyncio.create_task(_load(service, apart, 40))
            await asyncio.sleep(0.5)
            await apart.delete(service.queue)
            deleted = time.monotonic()
            while not await _is_answered(service, bus, apart):
                late = time.monotonic() - deleted >= 10
                assert not late, f"not consumed again within 10 s: {worker.log}"
            await load
            assert worker.running


async def test_redis_goes_away_and_comes_back(start_crew, bus, private_redis, subtests):
    crew = start_crew(REDIS_URL=private_redis.url)
    _wait_ready(crew)
    for service, _ in crew:
        with subtests.test(service.name, moment="before"):
            assert await service.answered(bus, await service.send(bus), seconds=60)
    await private_redis.stop()
    during = [(service, worker, await service.send(bus)) for service, worker in crew]
    await asyncio.sleep(3)
    for service, worker, _ in during:
        with subtests.test(service.name, moment="away"):
            assert worker.running
            assert worker.get("/health/live").status_code == 200
    await private_redis.start()
    for service, worker, correlation in during:
        with subtests.test(service.name, moment="back"):
            event = await service.answered(bus, correlation, seconds=60)
            assert event.key in service.outcomes
            worker.wait_ready()


def _wait_ready(crew) -> None:
    for _, worker in crew:
        worker.wait_ready(START_SECONDS)


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
