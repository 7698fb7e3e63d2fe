"""The watch over the consumers: zombies, deleted queues, cut connections, a topology in the way."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from workers_contracts.topology import COMMANDS
from workers_runtime.testing import Bus, StartWorker

pytestmark = [pytest.mark.integration, pytest.mark.fault]
QUEUE = "anaf.taxpayer"
STALL = 2.0


@pytest.fixture
async def inner(run_inner, vhost_url, redis_url, eventually):
    async with run_inner(vhost_url, redis_url, stall_seconds=STALL) as worker:
        await eventually(lambda: worker.consumers.consuming)
        yield worker


async def send(bus: Bus, name: str) -> None:
    await bus.publish("taxpayer.validate", {"number": name}, message_id=name, correlation_id=name)


async def test_consumer_that_gets_messages_and_handles_none_is_replaced(bus, inner, eventually):
    """The zombie: the broker shows a consumer and a full prefetch, and nothing ever happens."""
    channel = await inner.main._queue_obj.channel.get_underlay_channel()

    async def swallow(_message):
        return None

    channel.consumers[inner.main._consumer_tag] = swallow
    numbers = [f"number-{n}" for n in range(10)]
    for number in numbers:
        await send(bus, number)
    started = time.monotonic()
    await eventually(lambda: set(inner.handled) == set(numbers), STALL + 5)
    assert time.monotonic() - started > STALL / 2
    assert inner.rebuilds("stalled") == 1
    await bus.collect(10, "anaf.taxpayer.validated")
    assert sorted(inner.handled) == sorted(numbers)


async def test_consumer_that_the_broker_lost_is_replaced(bus, inner, eventually):
    channel = await inner.main._queue_obj.channel.get_underlay_channel()
    await channel.basic_cancel(inner.main._consumer_tag)
    await send(bus, "after")
    await eventually(lambda: inner.handled == ["after"], 12)


async def test_idle_and_busy_workers_are_left_alone(bus, inner, eventually):
    """No work, and a handler that takes long with its prefetch full, are both healthy."""
    free = asyncio.Event()
    inner.behave = lambda _number: free.wait()
    for n in range(8):
        await send(bus, f"number-{n}")
    await eventually(lambda: len(inner.handled) == 4)
    await asyncio.sleep(STALL * 2)
    assert inner.consumers.consuming
    assert inner.consumers.stalled_seconds == 0
    free.set()
    await bus.collect(8, "anaf.taxpayer.validated")
    await asyncio.sleep(STALL * 2)
    assert inner.consumers.stalled_seconds == 0
    assert inner.rebuilds("stalled") == 0


async def test_delivery_that_nothing_can_settle_goes_back_and_is_not_lost(bus, inner, eventually):
    """The last resort: whatever breaks in the kernel itself, the broker still has the message."""
    real = inner.kernel._exits.publish
    broken = 2

    async def publish(delivery, wires):
        nonlocal broken
        if broken:
            broken -= 1
            raise KeyError("nobody thought of this")
        await real(delivery, wires)

    inner.kernel._exits.publish = publish
    await send(bus, "number-1")
    await bus.event("anaf.taxpayer.validated")
    assert inner.handled == ["number-1"]
    assert broken == 0


async def test_slip_of_a_library_in_a_handler_is_tried_again_in_doubt(bus, inner):
    slips = 1

    async def slip():
        nonlocal slips
        if slips:
            slips -= 1
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

    inner.behave = lambda _number: slip()
    await send(bus, "number-1")
    await bus.event("anaf.taxpayer.validated", seconds=12)
    assert inner.handled == ["number-1", "number-1"]


async def test_two_copies_in_the_same_moment_are_handled_once(bus, inner):
    inner.behave = lambda _number: asyncio.sleep(0.2)
    for _ in range(4):
        await bus.publish("taxpayer.validate", {"number": "twin"}, message_id="twin")
    await bus.collect(4, "anaf.taxpayer.validated", seconds=12)
    assert inner.handled == ["twin"]


async def test_hostile_headers_and_names_reach_the_dead_letters(bus, inner, vhost_url):
    """What a publisher chooses may be as long as a frame; the copy must still fit into one."""
    long = {f"h{n}": "x" * 1000 for n in range(120)}
    await bus.publish("taxpayer.validate", b"{", message_id="long", headers=long)
    body = {"number": "12345674", "y" * 200_000: 1}
    await bus.publish("taxpayer.validate", body, message_id="field")
    for _ in range(2):
        assert (await bus.take(f"{QUEUE}.dead")).headers["x-reason-code"] == "invalid_message"
    assert inner.metrics.publish_retries.labels(reason="not_confirmed")._value.get() == 0


@pytest.fixture
def probe(start_worker: StartWorker, probe_program, effects):
    return start_worker(probe_program, PROBE_EFFECTS=str(effects), STALL_SECONDS="3").wait_ready()


async def test_queue_deleted_under_load_twenty_times(
    probe, effects, vhost_url, make_publisher, eventually
):
    publisher, stop = make_publisher(vhost_url, repair=None), asyncio.Event()
    numbers = itertools.count()

    async def publish(name: str) -> None:
        body = aio_pika.Message(f'{{"number": "{name}"}}'.encode(), message_id=name)
        await publisher.publish(COMMANDS, "taxpayer.validate", body, mandatory=False)

    async def load() -> None:
        while not stop.is_set():
            await publish(f"load-{next(numbers)}")
            await asyncio.sleep(0.01)

    async def ask(question: Callable[[AbstractChannel], Awaitable[Any]]) -> Any:
        # A connection of its own: the broker closes it when the queue is just being deleted.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(3), await aio_pika.connect(vhost_url) as connection:
                return await question(await connection.channel())
        return None

    async def ready() -> int | None:
        queue = await ask(lambda channel: channel.declare_queue(QUEUE, passive=True))
        return queue.declaration_result.message_count if queue else None

    async def handled(name: str) -> bool:
        # A command that falls into the gap is lost with its queue; the next one must not be.
        await publish(f"{name}-{next(numbers)}")
        return f"{name}-" in effects.read_text()

    async def empty() -> bool:
        return await ready() == 0

    task = asyncio.create_task(load())
    for n in range(20):
        await eventually(lambda: ask(lambda channel: channel.queue_delete(QUEUE)), 10)
        await eventually(lambda name=f"after{n}": handled(name), 10)
    stop.set()
    await task
    await eventually(empty, 20)
    assert probe.running


async def test_connections_closed_by_the_operator_under_load(bus, probe, broker, vhost_url):
    if not hasattr(broker, "ctl"):
        pytest.skip("needs a broker of our own: rabbitmqctl cannot reach a given one")
    vhost = urlsplit(vhost_url).path.lstrip("/")
    sent = 0
    for _ in range(3):
        for _ in range(40):
            await _send_when_open(bus, f"number-{sent}")
            sent += 1
        await broker.ctl("close_all_connections", "--vhost", vhost, "test")
    deadline = time.monotonic() + 30
    answered: set[str] = set()
    while len(answered) < sent and time.monotonic() < deadline:
        answered = {e.correlation_id for e in bus.events if e.key == "anaf.taxpayer.validated"}
        await asyncio.sleep(0.1)
    assert len(answered) == sent
    probe.wait_ready(10)


async def _send_when_open(bus: Bus, name: str) -> None:
    for _ in range(100):
        try:
            await asyncio.wait_for(send(bus, name), 2)
        except Exception:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("could not publish: the connection stayed closed")


async def test_topology_in_the_way_is_said_once_and_ends_when_it_is_removed(
    vhost_url, start_worker, probe_program, eventually
):
    async with await aio_pika.connect(vhost_url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(QUEUE, durable=True)
        worker = start_worker(probe_program)
        await eventually(lambda: "topology is in the way" in worker.log, 20)
        await asyncio.sleep(3)
        assert worker.running
        assert worker.get("/health/live").status_code == 200
        answer = worker.get("/health/ready")
        assert answer.status_code == 503
        assert "not consuming" in answer.json()["checks"]["consuming"]
        (line,) = [line for line in worker.log.splitlines() if "topology is in the way" in line]
        assert QUEUE in line
        assert "topology diff" in line
        await channel.queue_delete(QUEUE)
        await asyncio.to_thread(worker.wait_ready, 15)
    assert "Traceback" not in worker.log
