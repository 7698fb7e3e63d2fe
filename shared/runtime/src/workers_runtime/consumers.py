"""Keeps the consumers really consuming: watches progress, and makes them anew when it stops.

What the library does not notice by itself: a queue deleted under load can leave a consumer that
the broker lists and that gets nothing; a frozen broker keeps the socket open and says nothing.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelNotFoundEntity
from faststream.rabbit import RabbitBroker

from .connection import Connection, cut
from .declare import declare
from .delivery import Lane
from .errors import TopologyError
from .kernel import Kernel, Progress
from .logs import get_logger
from .metrics import Metrics
from .tasks import end

WATCH_SECONDS = 1.0
ASK_SECONDS = 5.0
CANCEL_SECONDS = 2.0
POLITE_SECONDS = 3.0
SETTLE_SECONDS = 0.2
RESTORE_SECONDS = 6.0
"""The library's own time to restore a lost connection, before the consumers are made anew."""

_BROKER_ERRORS = (*CONNECTION_EXCEPTIONS, OSError, asyncio.TimeoutError, RuntimeError)
_log = get_logger(__name__)


@dataclass
class Watched:
    """What was last seen of one queue."""

    ready: int = 0
    consumers: int = 0
    delivered: int = -1
    settled: int = -1
    since: float = field(default_factory=time.monotonic)
    """When deliveries last advanced, or nothing was ready."""


class Consumers:
    """Starts, watches, rebuilds and cancels the subscribers of one worker."""

    def __init__(
        self,
        broker: RabbitBroker,
        kernel: Kernel,
        lanes: list[Lane],
        *,
        url: str,
        name: str,
        prefetch: int,
        stall_seconds: float,
        metrics: Metrics,
    ) -> None:
        self._broker = broker
        self._kernel = kernel
        self._lanes = lanes
        self._prefetch = prefetch
        self._stall_seconds = stall_seconds
        self._metrics = metrics
        self._probe = Connection(url, f"{name} watch")
        self._watched: dict[str, Watched] = {lane.consumed: Watched() for lane in lanes}
        self._task: asyncio.Task[None] | None = None
        self._unhealthy_since: float | None = None
        self._complaint = ""
        self._polite_seconds = POLITE_SECONDS
        """For a clean end of the connection; less once the broker was seen not to answer."""
        self.consuming = False
        self.stopping = False

    @property
    def ready(self) -> int | None:
        """Messages ready in this worker's queues at the last look."""
        return sum(watched.ready for watched in self._watched.values()) if self.consuming else None

    @property
    def stalled_seconds(self) -> float:
        """How long the consumers have not been right; 0 when they are."""
        return time.monotonic() - self._unhealthy_since if self._unhealthy_since else 0.0

    async def start(self) -> None:
        """Consume, as soon as there is a broker, and keep watch. Returns at once."""
        self._unhealthy_since = time.monotonic()
        self._task = asyncio.create_task(self._watch())

    async def cancel(self) -> None:
        """Take no new work. Doing this first keeps the prefetched rest out of a failed delivery."""
        self.stopping = True
        await end(self._task)
        # All at once: a broker that does not answer costs the time of one.
        await asyncio.gather(*(self._cancel(each) for each in self._broker.subscribers))
        self.consuming = False
        await self.settled()

    async def _cancel(self, subscriber: Any) -> None:
        queue, tag = (
            getattr(subscriber, "_queue_obj", None),
            getattr(subscriber, "_consumer_tag", None),
        )
        if queue is None or tag is None:
            return
        try:
            await asyncio.wait_for(queue.cancel(tag), CANCEL_SECONDS)
        except TimeoutError:
            self._polite_seconds = 0.5
        except _BROKER_ERRORS:
            pass
        setattr(subscriber, "_consumer_tag", None)  # noqa: B010 - the library's own field

    async def settled(self) -> None:
        """Return once the broker has read what was sent to it, and sent what it still had.

        A quorum queue may ignore acknowledgements that it reads in the moment in which their
        channel closes.
        """
        if self._polite_seconds < POLITE_SECONDS:
            return
        queues = (getattr(each, "_queue_obj", None) for each in self._broker.subscribers)
        asked = (queue.declare() for queue in queues if queue is not None)
        with contextlib.suppress(*_BROKER_ERRORS):
            await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), CANCEL_SECONDS)
            await asyncio.sleep(SETTLE_SECONDS)

    async def close(self) -> None:
        """Disconnect; what is not acknowledged goes back to its queue."""
        await self._disconnect()
        await self._probe.close()

    async def _watch(self) -> None:
        while True:
            try:
                if not self.consuming:
                    await self._build()
                problem = await self._problem()
            except TopologyError as error:
                problem = None
                self._complain(str(error))
                self.consuming = False
            except _BROKER_ERRORS as error:
                problem = f"broker: {type(error).__name__}"
                self._probe.drop()
            except Exception as error:  # noqa: BLE001 - the watch itself must never end
                problem = f"watch: {type(error).__name__}"
                _log.exception("the watch failed")
                self._probe.drop()
            await self._judge(problem)
            await asyncio.sleep(WATCH_SECONDS)

    def _complain(self, reason: str) -> None:
        # Once, not at every look: it lasts until a person acts.
        if reason != self._complaint:
            _log.error("not consuming: the broker's topology is in the way", reason=reason)
        self._complaint = reason

    async def _judge(self, problem: str | None) -> None:
        if problem is None:
            if self.consuming and self._unhealthy_since is not None:
                self._unhealthy_since, self._complaint = None, ""
                _log.info("consuming", queues=[lane.consumed for lane in self._lanes])
            return
        now = time.monotonic()
        self._unhealthy_since = self._unhealthy_since or now
        if self.consuming and (
            problem == "stalled" or now - self._unhealthy_since > RESTORE_SECONDS
        ):
            _log.warning("consumers are made anew", reason=problem)
            self._metrics.rebuilds.labels(reason=problem.split(":")[0]).inc()
            await self._disconnect()

    async def _build(self) -> None:
        channel = await self._probe.channel()
        await asyncio.wait_for(declare(channel), ASK_SECONDS * 4)
        try:
            await asyncio.wait_for(self._broker.start(), ASK_SECONDS * 4)
        except BaseException:
            await self._disconnect()
            raise
        now = time.monotonic()
        for watched in self._watched.values():
            watched.since = now
        self.consuming = True

    async def _disconnect(self) -> None:
        self.consuming = False
        connection = self._broker._connection  # noqa: SLF001
        if connection is not None:
            cut(connection)
        with contextlib.suppress(*_BROKER_ERRORS, Exception):
            await asyncio.wait_for(self._broker.stop(), self._polite_seconds)
        # When the polite way hung, the broker object must not keep the dead connection.
        self._broker._channel = None  # noqa: SLF001
        self._broker._connection = None  # noqa: SLF001
        self._broker.config.disconnect()

    async def _problem(self) -> str | None:
        """Look at every queue; return what is wrong with our consumers, if anything is."""
        channel = await self._probe.channel()
        for lane in self._lanes:
            try:
                queue = await asyncio.wait_for(
                    channel.declare_queue(lane.consumed, passive=True), ASK_SECONDS
                )
            except ChannelNotFoundEntity:
                _log.warning("queue is gone, declared again", queue=lane.consumed)
                await self._declare_again()
                return f"queue: {lane.consumed} was deleted"
            result = queue.declaration_result
            self._metrics.queue_depth.labels(queue=lane.consumed).set(result.message_count or 0)
            problem = self._look(lane, result.message_count or 0, result.consumer_count or 0)
            if problem:
                return problem
        return None

    async def _declare_again(self) -> None:
        channel: AbstractChannel = await self._probe.channel()
        await asyncio.wait_for(declare(channel), ASK_SECONDS * 4)

    def _look(self, lane: Lane, ready: int, consumers: int) -> str | None:
        watched, now = self._watched[lane.consumed], time.monotonic()
        progress = self._kernel.progress.get(lane.consumed) or Progress()
        limit = 1 if lane.suspect else self._prefetch
        full = progress.in_hand >= limit
        moved = progress.delivered != watched.delivered or progress.settled != watched.settled
        if moved or ready == 0 or full:
            watched.since = now
        watched.delivered, watched.settled = progress.delivered, progress.settled
        watched.ready, watched.consumers = ready, consumers
        if consumers == 0:
            return f"consumer: none on {lane.consumed}"
        return "stalled" if now - watched.since > self._stall_seconds else None
