"""What the kernel costs: CPU and memory a message, beside FastStream as it comes and bare aio-pika.

Every contender does the same: a JSON command from a quorum queue, validation, one persistent,
confirmed event with its correlation id, acknowledgement after it. The kernel adds what it is for:
journal, result, trace, metrics, watch. Contenders are interleaved in random order in each round,
so the ratios hold on a busy machine; the absolute numbers do not.

    python tests/performance/bench_kernel.py [--messages 1500] [--rounds 3] [--json FILE]
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aio_pika
import psutil

from workers_contracts.taxpayer import TaxpayerValidated, ValidateTaxpayer
from workers_contracts.topology import EVENTS
from workers_runtime.declare import declare
from workers_stack.servers import PrivateBroker, PrivateRedis

PREFETCH = 100
WARM_UP = 200
QUORUM = {"x-queue-type": "quorum"}
CONTENDERS = ("kernel", "faststream-default", "aio-pika")
QUEUES = {name: f"bench.{name}" for name in CONTENDERS} | {"kernel": "anaf.taxpayer"}


def answer(command: ValidateTaxpayer) -> TaxpayerValidated:
    """Do the job of all contenders."""
    now = datetime.now(UTC)
    return TaxpayerValidated(
        number=command.number,
        country="RO",
        valid=True,
        source="local",
        as_of=now.date(),
        checked_at=now,
    )


def run_kernel() -> None:
    """Run a worker as the product runs it."""
    from workers_runtime.app import Worker, create_app  # noqa: PLC0415
    from workers_runtime.config import WorkerSettings, load  # noqa: PLC0415
    from workers_runtime.router import Router  # noqa: PLC0415
    from workers_runtime.run import run  # noqa: PLC0415

    router = Router("bench-worker")

    @router.handles(ValidateTaxpayer, emits=[TaxpayerValidated])
    async def validate(command: ValidateTaxpayer) -> TaxpayerValidated:
        """Answer."""
        return answer(command)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
        yield {}

    def build() -> Worker:
        return create_app(load(WorkerSettings, "bench-worker"), router, lifespan=lifespan)

    run(build)


def run_faststream_default() -> None:
    """Run FastStream with its defaults, except that events are persistent."""
    from faststream import FastStream  # noqa: PLC0415
    from faststream.rabbit import (  # noqa: PLC0415
        ExchangeType,
        QueueType,
        RabbitBroker,
        RabbitExchange,
        RabbitQueue,
    )

    broker = RabbitBroker(os.environ["RMQ_URL"])
    events = RabbitExchange(EVENTS, type=ExchangeType.TOPIC, durable=True, declare=False)
    queue = RabbitQueue(
        QUEUES["faststream-default"], queue_type=QueueType.QUORUM, durable=True, declare=False
    )

    @broker.publisher(exchange=events, routing_key="bench.done", persist=True)
    @broker.subscriber(queue)
    async def validate(command: ValidateTaxpayer) -> TaxpayerValidated:
        return answer(command)

    asyncio.run(FastStream(broker).run())


def run_aio_pika() -> None:
    """Run the bare client library."""

    async def main() -> None:
        connection = await aio_pika.connect_robust(os.environ["RMQ_URL"])
        channel = await connection.channel()
        await channel.set_qos(PREFETCH)
        events = await channel.get_exchange(EVENTS, ensure=False)

        async def handle(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            event = answer(ValidateTaxpayer.model_validate_json(message.body))
            reply = aio_pika.Message(
                event.model_dump_json().encode(),
                correlation_id=message.correlation_id,
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            )
            await events.publish(reply, "bench.done")
            await message.ack()

        queue = await channel.get_queue(QUEUES["aio-pika"], ensure=False)
        await queue.consume(handle)
        await asyncio.Event().wait()

    asyncio.run(main())


PROGRAMS = {
    "kernel": run_kernel,
    "faststream-default": run_faststream_default,
    "aio-pika": run_aio_pika,
}


class Bench:
    """Publishes bursts, counts events, reads the worker's processor time."""

    def __init__(self, channel: aio_pika.abc.AbstractChannel, environment: dict[str, str]) -> None:
        self._channel = channel
        self._environment = environment
        self._arrived = 0
        # Numbers that no earlier run used: the kernel answers known ids from its journal.
        self._numbers = itertools.count(time.time_ns())

    async def listen(self) -> None:
        """Count every event."""
        queue = await self._channel.declare_queue("bench.events", durable=True, arguments=QUORUM)
        for key in ("bench.done", TaxpayerValidated.key):
            await queue.bind(EVENTS, key)

        async def count(_message: aio_pika.abc.AbstractIncomingMessage) -> None:
            self._arrived += 1

        await queue.consume(count, no_ack=True)

    async def _publish(self, name: str, count: int) -> None:
        for start in range(0, count, 100):
            batch = [self._one(name) for _ in range(min(100, count - start))]
            await asyncio.gather(*batch)

    async def _one(self, name: str) -> None:
        number = next(self._numbers)
        message = aio_pika.Message(
            b'{"number": "12345674"}',
            message_id=f"bench-{number}",
            correlation_id=f"c-{number}",
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await self._channel.default_exchange.publish(message, QUEUES[name])

    async def _until(self, count: int) -> None:
        deadline = time.monotonic() + 60
        while self._arrived < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._arrived} of {count} events within 60 s")
            await asyncio.sleep(0.005)

    async def run(self, name: str, messages: int) -> dict[str, float]:
        """Start a contender, warm it up, send a burst; returns what it cost."""
        process = subprocess.Popen(
            [sys.executable, __file__, "--worker", name],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._arrived = 0
            await self._publish(name, WARM_UP)
            await self._until(WARM_UP)
            watched = psutil.Process(process.pid)
            memory = watched.memory_info().rss
            before, started = watched.cpu_times(), time.perf_counter()
            # Published at once, so that the worker is never waiting for work.
            await self._publish(name, messages)
            await self._until(WARM_UP + messages)
            seconds, after = time.perf_counter() - started, watched.cpu_times()
            used = after.user + after.system - before.user - before.system
            return {
                "cpu_us": used / messages * 1e6,
                "per_second": messages / seconds,
                "rss_mb": memory / 2**20,
                "rss_after_mb": watched.memory_info().rss / 2**20,
            }
        finally:
            process.terminate()
            process.wait(20)


async def measure(messages: int, rounds: int) -> dict[str, dict[str, float]]:
    """Run all contenders interleaved; returns the medians."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    async with PrivateBroker() as broker, PrivateRedis() as redis:
        environment = os.environ | {
            "RMQ_URL": broker.url,
            "REDIS_URL": redis.url,
            "PREFETCH": str(PREFETCH),
            "HTTP_PORT": "0",
        }
        async with await aio_pika.connect(broker.url) as connection:
            channel = await connection.channel()
            await declare(channel)
            for queue in QUEUES.values():
                if queue.startswith("bench."):
                    await channel.declare_queue(queue, durable=True, arguments=QUORUM)
            bench = Bench(channel, environment)
            await bench.listen()
            for _ in range(rounds):
                for name in random.sample(CONTENDERS, len(CONTENDERS)):
                    found[name].append(await bench.run(name, messages))
    return {
        name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for name, runs in found.items()
    }


def table(found: dict[str, dict[str, float]]) -> str:
    """Return the medians for a person."""
    head = f"{'':20}{'CPU us/msg':>12}{'x aio-pika':>12}{'msg/s':>9}{'MB':>7}{'MB after':>10}"
    rows = [head]
    for name, run in found.items():
        ratio = run["cpu_us"] / found["aio-pika"]["cpu_us"]
        rows.append(
            f"{name:20}{run['cpu_us']:12.0f}{ratio:12.2f}{run['per_second']:9.0f}"
            f"{run['rss_mb']:7.0f}{run['rss_after_mb']:10.0f}"
        )
    return "\n".join(rows)


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the medians and ratios to this file")
    parser.add_argument("--worker", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        PROGRAMS[options.worker]()
        return
    found = asyncio.run(measure(options.messages, options.rounds))
    print(table(found))
    kernel = found["kernel"]["cpu_us"]
    ratios = {name: round(kernel / found[name]["cpu_us"], 2) for name in CONTENDERS[1:]}
    print("kernel's CPU against", ratios)
    if options.json:
        options.json.write_text(json.dumps({"medians": found, "kernel_against": ratios}, indent=1))


if __name__ == "__main__":
    main()
