"""One run of one contender: start, first event, warm-up, burst; and what it cost."""

import asyncio
import contextlib
import itertools
import subprocess
import time
from collections.abc import AsyncIterator

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from workers_contracts.taxpayer import TaxpayerValidated
from workers_contracts.topology import EVENTS
from workers_runtime.declare import declare

from .contenders import Contender
from .job import DONE
from .tree import cpu_seconds, pss_mb

WARM_UP = 300
SETTLE_SECONDS = 0.25
"""After the last event: its result and acknowledgement belong to the burst too."""

LIMIT_SECONDS = 300
QUORUM = {"x-queue-type": "quorum"}


class Bench:
    """Publishes bursts, counts events, looks at the worker's process tree."""

    def __init__(self, channel: AbstractChannel, servers: dict[str, str]) -> None:
        self._channel = channel
        self._servers = servers
        self._arrived = 0
        self._sent = 0
        # Numbers that no earlier run used: the kernel answers known ids from its journal.
        self._numbers = itertools.count(time.time_ns())

    async def listen(self) -> None:
        """Count every event."""
        queue = await self._channel.declare_queue("bench.events", durable=True, arguments=QUORUM)
        for key in (DONE, TaxpayerValidated.key):
            await queue.bind(EVENTS, key)

        async def count(_message: AbstractIncomingMessage) -> None:
            self._arrived += 1

        await queue.consume(count, no_ack=True)

    async def run(self, contender: Contender, messages: int) -> dict[str, float]:
        """Start a contender, warm it up, send a burst; returns what it cost."""
        self._arrived = self._sent = 0
        await self._publish(contender, 1)
        async with self._worker(contender) as pid:
            start = await self._started(pid)
            idle = pss_mb(pid)
            await self._publish(contender, WARM_UP)
            await self._until_all()
            await asyncio.sleep(SETTLE_SECONDS)
            burst = await self._burst(contender, pid, messages)
            return start | burst | {"pss_idle_mb": idle, "pss_after_mb": pss_mb(pid)}

    async def _started(self, pid: int) -> dict[str, float]:
        started = time.perf_counter()
        await self._until_all()
        return {"start_s": time.perf_counter() - started, "start_cpu_s": cpu_seconds(pid)}

    async def _burst(self, contender: Contender, pid: int, messages: int) -> dict[str, float]:
        before, started = cpu_seconds(pid), time.perf_counter()
        # Published at once, so that the worker is never waiting for work.
        await self._publish(contender, messages)
        await self._until_all()
        seconds = time.perf_counter() - started
        await asyncio.sleep(SETTLE_SECONDS)
        used = cpu_seconds(pid) - before
        return {"cpu_us": used / messages * 1e6, "per_second": messages / seconds}

    @contextlib.asynccontextmanager
    async def _worker(self, contender: Contender) -> AsyncIterator[int]:
        process = subprocess.Popen(
            contender.command,
            env=contender.environment(self._servers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, 20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    async def _publish(self, contender: Contender, count: int) -> None:
        exchange = self._channel.default_exchange
        self._sent += count
        for start in range(0, count, 100):
            messages = [
                contender.message(next(self._numbers)) for _ in range(min(100, count - start))
            ]
            await asyncio.gather(*(exchange.publish(one, contender.queue) for one in messages))

    async def _until_all(self) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while self._arrived < self._sent:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{self._arrived} of {self._sent} events within {LIMIT_SECONDS} s"
                )
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def connected(url: str, servers: dict[str, str], queues: list[str]) -> AsyncIterator[Bench]:
    """Open a bench whose queues exist."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await declare(channel)
        for queue in queues:
            if queue.startswith("bench."):
                await channel.declare_queue(queue, durable=True, arguments=QUORUM)
        bench = Bench(channel, servers)
        await bench.listen()
        yield bench
