"""Tells the registry, every 30 seconds, what this instance is and what it has done."""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime

import aio_pika
import psutil

from workers_contracts.heartbeat import Status, WorkerMetrics, WorkerStatus
from workers_contracts.topology import HEARTBEATS

from .consumers import Consumers
from .health import Health
from .identity import Identity, derived_id
from .kernel import Kernel
from .metrics import Metrics
from .publisher import Publisher
from .tasks import end
from .waiting import WaitingList
from .wire import cloud_event

START_SECONDS = 5
"""After this long without a broker the beats begin all the same."""


class Heartbeat:
    """Publishes `WorkerStatus` at start, regularly, and once more when the worker stops."""

    def __init__(
        self,
        *,
        tag: str,
        instance: str,
        version: str,
        address: Callable[[], str],
        publisher: Publisher,
        consumers: Consumers,
        kernel: Kernel,
        health: Health,
        waiting: WaitingList,
        metrics: Metrics,
        seconds: float,
    ) -> None:
        self._tag = tag
        self._instance = instance
        self._version = version
        self._address = address
        self._publisher = publisher
        self._consumers = consumers
        self._kernel = kernel
        self._health = health
        self._waiting = waiting
        self._metrics = metrics
        self._seconds = seconds
        self._started = datetime.now(UTC)
        self._process = psutil.Process(os.getpid())
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to beat; a broker that is away is waited for, not an error."""
        self._task = asyncio.create_task(self._beat_forever())

    async def stop(self) -> None:
        """Say ``stopped`` once, within two seconds."""
        await end(self._task)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._send("stopped"), 2)

    async def _beat_forever(self) -> None:
        # A beat before the first consumer would call every start an error.
        for _ in range(START_SECONDS * 10):
            if self._consumers.consuming:
                break
            await asyncio.sleep(0.1)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._publisher.connect(), START_SECONDS)
        while True:
            await self._health.run_deep()
            with contextlib.suppress(asyncio.TimeoutError):
                # A beat that could not leave in time is dropped: the next one is fresh.
                await asyncio.wait_for(self._send(None), self._seconds)
            # The first beats come quickly: a new instance is known before its first half minute.
            await asyncio.sleep(self._seconds if self._consumers.consuming else 1.0)

    async def status(self, override: Status | None = None) -> WorkerStatus:
        """Return what would be said now."""
        deductions = await self._health.deductions()
        score = max(0, 100 - sum(deduction.points for deduction in deductions))
        in_flight = len(self._kernel.running)
        status: Status = override or ("error" if score < 50 else "running" if in_flight else "idle")
        last = self._metrics.last_task_time
        waiting = await self._waiting.count()
        if waiting is not None:
            self._metrics.waiting.set(waiting)
        times = self._process.cpu_times()
        return WorkerStatus(
            id=self._instance,
            tag=self._tag,
            version=self._version,
            status=status,
            last_seen=datetime.now(UTC),
            started_at=self._started,
            health_endpoint=self._address(),
            progress=sum(progress.settled for progress in self._kernel.progress.values()),
            metrics=WorkerMetrics(
                queue_size=self._consumers.ready,
                in_flight=in_flight,
                waiting=waiting,
                last_task_time=datetime.fromtimestamp(last, UTC) if last else None,
                tasks_succeeded=self._metrics.succeeded,
                tasks_failed=self._metrics.failed,
                health_score=score,
                deductions=deductions,
                memory_bytes=self._process.memory_info().rss,
                cpu_seconds=round(times.user + times.system, 3),
            ),
        )

    async def _send(self, override: Status | None) -> None:
        status = await self.status(override)
        beat_id = derived_id(self._instance, status.last_seen.isoformat())
        identity = Identity(message_id=None, correlation_id=self._instance)
        envelope = cloud_event(
            status, source=self._tag, identity=identity, event_id=beat_id, time=status.last_seen
        )
        message = aio_pika.Message(
            json.dumps(envelope).encode(),
            content_type="application/cloudevents+json",
            message_id=beat_id,
            type=status.key,
            # An old heartbeat says nothing: better none than a late one.
            expiration=self._seconds * 2,
        )
        await self._publisher.publish(HEARTBEATS, status.key, message, mandatory=False)
