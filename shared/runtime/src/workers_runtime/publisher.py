"""The only way out to the broker: confirmed, persistent, with deadlines, retried until done.

Why not the library's own publish: a publish in flight to a frozen broker blocks about 36 s,
ignores its time-out and then raises a `CancelledError` that nobody asked for.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import (
    CONNECTION_EXCEPTIONS,
    ChannelNotFoundEntity,
    DeliveryError,
    PublishError,
)

from .connection import Connection
from .errors import WorkerError
from .identity import DUE
from .ladder import rung_for
from .logs import get_logger
from .metrics import Metrics
from .tasks import is_being_cancelled
from .wire import Wire

CONFIRM_SECONDS = 10.0
"""The broker's time to confirm one message; then the connection is made anew."""

MAX_HEADER = 512
"""Characters of a header that is copied to another message."""

RETRY_SECONDS = (0.1, 0.5, 1.0)
"""Pauses between two tries; the last repeats: a broker that is back is used within seconds."""

ResultType = TypeVar("ResultType")
_log = get_logger(__name__)


class UnroutableError(WorkerError):
    """The broker has no queue for the message."""

    code = "unroutable"


class NotConfirmedError(WorkerError):
    """The broker did not confirm the message in time, or refused it."""

    code = "not_confirmed"


class Publisher:
    """Publishes until the broker confirms; only cancellation of the caller ends it earlier."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        metrics: Metrics,
        repair: Callable[[AbstractChannel], Awaitable[None]] | None = None,
        confirm_seconds: float = CONFIRM_SECONDS,
    ) -> None:
        self._connection = Connection(url, name)
        self._metrics = metrics
        self._repair = repair
        self._confirm_seconds = confirm_seconds
        self._waiting: dict[asyncio.Task[Any] | None, float] = {}
        self._in_flight: dict[str, asyncio.Event] = {}

    @property
    def is_connected(self) -> bool:
        """Say whether the last known state of the connection is good."""
        return self._connection.is_open

    async def connect(self) -> None:
        """Open the connection now, once; raises when the broker does not answer."""
        await self._connection.channel()

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def send(self, wire: Wire) -> None:
        """Publish an event or a (delayed) command of a recorded outcome."""
        exchange, headers = wire.exchange, dict(wire.headers)
        if wire.delay_seconds > 0:
            due = datetime.now(UTC).timestamp() + wire.delay_seconds
            headers[DUE] = int(due * 1000)
            exchange = rung_for(wire.delay_seconds)
        message = aio_pika.Message(
            wire.body.encode(),
            headers=dict(headers),
            content_type=wire.content_type,
            content_encoding="utf-8",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=wire.message_id,
            correlation_id=wire.correlation_id,
            timestamp=datetime.now(UTC),
            type=wire.type or None,
        )
        # An event nobody listens to is fine; a command without a queue would be lost.
        await self.publish(
            exchange, wire.routing_key, message, mandatory=exchange != wire.exchange or not exchange
        )

    async def publish(
        self, exchange: str, routing_key: str, message: aio_pika.Message, *, mandatory: bool
    ) -> None:
        """Publish one message and return once the broker has it safe."""
        caller = asyncio.current_task()
        self._waiting[caller] = time.monotonic()
        try:
            await self._until_confirmed(exchange, routing_key, message, mandatory=mandatory)
        finally:
            del self._waiting[caller]

    def stuck(self, seconds: float) -> set[asyncio.Task[Any] | None]:
        """Return the tasks whose message the broker has not confirmed for this long."""
        now = time.monotonic()
        return {task for task, since in self._waiting.items() if now - since > seconds}

    async def _until_confirmed(
        self, exchange: str, routing_key: str, message: aio_pika.Message, *, mandatory: bool
    ) -> None:
        attempt = 0
        while True:
            try:
                await self._once(exchange, routing_key, message, mandatory=mandatory)
            except (NotConfirmedError, UnroutableError) as error:
                self._metrics.publish_retries.labels(reason=error.code).inc()
                _log.warning("publish tried again", reason=str(error), routing_key=routing_key)
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
                attempt += 1
            else:
                return

    async def _once(
        self, exchange: str, routing_key: str, message: aio_pika.Message, *, mandatory: bool
    ) -> None:
        channel: AbstractChannel | None = None
        try:
            channel = self._connection.opened
            if channel is None:
                channel = await self._apart(self._connection.channel())
            async with self._alone(message.message_id if mandatory else None):
                await self._confirmed(channel, exchange, routing_key, message, mandatory=mandatory)
        except ChannelNotFoundEntity as error:
            # The exchange is missing: the broker closed the channel, so mend on a new one.
            self._connection.drop(channel)
            await self._mend()
            raise UnroutableError(f"there is no exchange '{exchange}'") from error
        except PublishError as error:
            await self._mend()
            raise UnroutableError(f"no queue takes {routing_key} from '{exchange}'") from error
        except DeliveryError as error:
            # A negative confirm: the queue is at its bound. Waiting is the back-pressure.
            raise NotConfirmedError("the broker refused the message: its queue is full") from error
        except (TimeoutError, *CONNECTION_EXCEPTIONS, OSError, RuntimeError) as error:
            self._connection.drop(channel)
            raise NotConfirmedError(
                f"the broker is not reachable: {type(error).__name__}"
            ) from error

    async def _confirmed(
        self,
        channel: AbstractChannel,
        exchange: str,
        routing_key: str,
        message: aio_pika.Message,
        *,
        mandatory: bool,
    ) -> None:
        try:
            async with asyncio.timeout(self._confirm_seconds):
                wire = cast("aiormq.Channel", await channel.get_underlay_channel())
                # The confirm proves that the bytes left; the socket need not be waited for, too.
                await wire.basic_publish(
                    message.body,
                    exchange=exchange,
                    routing_key=routing_key,
                    properties=message.properties,
                    mandatory=mandatory,
                    wait=False,
                )
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            # The library's own, with a lost connection: nobody asked this task to end.
            raise ConnectionResetError("the connection was lost before the confirm") from None

    @asynccontextmanager
    async def _alone(self, message_id: str | None) -> AsyncIterator[None]:
        """Let one message of an id travel at a time: tenants, and copies, share their ids.

        The library knows a returned message by its id alone. Of two in flight it would fail the
        later one, and call the earlier one confirmed, which no queue took.
        """
        if not message_id:
            yield
            return
        while (other := self._in_flight.get(message_id)) is not None:
            await other.wait()
        self._in_flight[message_id] = ended = asyncio.Event()
        try:
            yield
        finally:
            del self._in_flight[message_id]
            ended.set()

    async def _apart(self, step: Coroutine[Any, Any, ResultType]) -> ResultType:
        """Do a rare step in a task of its own: the library may ignore its cancellation for long."""
        task = asyncio.create_task(step)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._confirm_seconds)
        finally:
            if not task.done():
                task.cancel()
                task.add_done_callback(_consume)
        if not done or task.cancelled():
            raise TimeoutError
        return task.result()

    async def _mend(self) -> None:
        """Declare the topology again; whatever stops that is logged, the publish is retried."""
        if self._repair is None:
            return
        try:
            await self._apart(self._declare(self._repair))
        except (WorkerError, TimeoutError, *CONNECTION_EXCEPTIONS) as error:
            _log.warning("the topology could not be repaired", reason=str(error))

    async def _declare(self, repair: Callable[[AbstractChannel], Awaitable[None]]) -> None:
        await repair(await self._connection.channel())


def _consume(task: "asyncio.Task[Any]") -> None:
    """Look at an abandoned step's end, so that nobody warns about it."""
    if not task.cancelled():
        task.exception()


def plain_headers(headers: Mapping[str, object]) -> dict[str, str | int]:
    """Return the plain headers; tables of the broker (x-death) are left out.

    All headers of a message must fit into one AMQP frame (128 KiB), or the broker cuts the
    connection: very long ones, and those after the first hundred, are left out too.
    """
    plain = {
        name: value
        for name, value in headers.items()
        if isinstance(value, int) or (isinstance(value, str) and len(value) <= MAX_HEADER)
    }
    return dict(itertools.islice(plain.items(), 100))
