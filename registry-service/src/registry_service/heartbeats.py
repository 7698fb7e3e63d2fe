"""The way in: heartbeats from the exchange ``workers.heartbeats``."""

import asyncio
import contextlib
import json
from urllib.parse import urlsplit

from faststream import AckPolicy
from faststream.rabbit import ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.annotations import RabbitMessage
from faststream.rabbit.schemas.queue import QuorumQueueArgs
from pydantic import ValidationError

from workers_contracts.heartbeat import WorkerStatus
from workers_contracts.topology import HEARTBEATS
from workers_runtime.giving_up import end_with_its_caller
from workers_runtime.logs import get_logger
from workers_runtime.unreadable import tolerate

from .jobs import ask_to_end
from .measures import Measures
from .registry import Registry

log = get_logger(__name__)

QUEUE = "registry.heartbeats"
MAX_BEAT_BYTES = 64 * 1024
CHECK_SECONDS = 1.0
PATIENCE_SECONDS = 3.0
"""The client repairs a short break itself; after this the connection is made anew."""

RETRY_SECONDS = 1.0
ATTEMPTS_PER_LINE = 30

_ARGUMENTS: QuorumQueueArgs = {
    "x-max-length": 10_000,
    "x-overflow": "drop-head",
    # A beat that waited longer proves nothing of now.
    "x-message-ttl": 60_000,
}


class MalformedHeartbeatError(Exception):
    """The body is no heartbeat; the text says why, without the body."""


def read_heartbeat(body: bytes) -> WorkerStatus:
    """Return the heartbeat in a CloudEvent's ``data``.

    Raises:
        MalformedHeartbeatError: it is too large, no CloudEvent, or no WorkerStatus.
    """
    if len(body) > MAX_BEAT_BYTES:
        raise MalformedHeartbeatError(f"over {MAX_BEAT_BYTES} bytes")
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedHeartbeatError("not JSON in UTF-8") from None
    if not isinstance(envelope, dict) or envelope.get("specversion") != "1.0":
        raise MalformedHeartbeatError("not a CloudEvent with specversion 1.0")
    if envelope.get("type") != WorkerStatus.key:
        raise MalformedHeartbeatError(f"its type is not {WorkerStatus.key}")
    try:
        return WorkerStatus.model_validate(envelope.get("data"))
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(["data", *map(str, problem["loc"])])
        raise MalformedHeartbeatError(f"{place}: {problem['msg']}") from None


async def _undecoded(message: RabbitMessage) -> bytes:
    return message.body


class Heartbeats:
    """Consumes beats and keeps doing so over breaks of the broker."""

    def __init__(self, url: str, registry: Registry, measures: Measures) -> None:
        self._url = url
        self._registry = registry
        self._measures = measures
        self.consuming = False
        """True while the broker has our consumer."""

    def take(self, body: bytes) -> None:
        """Hand a beat to the registry; a malformed one is counted, logged and dropped."""
        try:
            status = read_heartbeat(body)
        except MalformedHeartbeatError as reason:
            self._measures.heartbeats.labels("malformed").inc()
            log.warning("heartbeat dropped", reason=str(reason), size=len(body))
            return
        self._registry.heartbeat(status)

    async def run(self) -> None:
        """Consume for ever; connect again whenever that fails."""
        failures = 0
        while True:
            broker = self._broker()
            try:
                await _answers(self._url)
                await broker.start()
                log.info("heartbeats are consumed", queue=QUEUE, failed_attempts=failures)
                failures = 0
                await self._watch(broker)
            except Exception as error:  # noqa: BLE001 -- any failure means: connect again
                if failures % ATTEMPTS_PER_LINE == 0:
                    log.warning("broker is away", reason=type(error).__name__, attempts=failures)
                failures += 1
            finally:
                self.consuming = False
                await _stopped(broker)
            ask_to_end()
            await asyncio.sleep(RETRY_SECONDS)

    def _broker(self) -> RabbitBroker:
        tolerate()
        end_with_its_caller()
        broker = RabbitBroker(self._url, logger=None, graceful_timeout=1.0, reconnect_interval=1.0)

        @broker.subscriber(
            RabbitQueue(
                QUEUE,
                queue_type=QueueType.QUORUM,
                durable=True,
                routing_key="#",
                arguments=_ARGUMENTS,
            ),
            RabbitExchange(HEARTBEATS, type=ExchangeType.TOPIC, durable=True),
            ack_policy=AckPolicy.ACK,
            decoder=_undecoded,
            title="heartbeats",
        )
        async def on_beat(body: bytes) -> None:
            """Take a beat in."""
            self.take(body)

        return broker

    async def _watch(self, broker: RabbitBroker) -> None:
        """Return when the broker has not had our consumer for a while."""
        silent = 0.0
        while silent < PATIENCE_SECONDS:
            self.consuming = await _has_consumer(broker)
            silent = 0.0 if self.consuming else silent + CHECK_SECONDS
            await asyncio.sleep(CHECK_SECONDS)
        log.warning("consumer is lost", queue=QUEUE, action="connect again")


async def _answers(url: str) -> None:
    """Raise OSError when nobody listens: the library's own failed attempt leaves tasks behind."""
    parts = urlsplit(url)
    port = parts.port or (5671 if parts.scheme == "amqps" else 5672)
    async with asyncio.timeout(3.0):
        _, writer = await asyncio.open_connection(parts.hostname or "localhost", port)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _has_consumer(broker: RabbitBroker) -> bool:
    """Ask the broker, not the library: a deleted queue leaves a consumer that gets nothing."""
    connection = broker._connection  # noqa: SLF001 -- FastStream shows it nowhere else
    if connection is None or not await broker.ping(timeout=1.0):
        return False
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            async with connection.channel() as channel:
                queue = await channel.declare_queue(QUEUE, passive=True)
                return bool(queue.declaration_result.consumer_count)
    except Exception:  # noqa: BLE001 -- whatever it is, the consumer cannot be seen
        return False


async def _stopped(broker: RabbitBroker) -> None:
    # A connection that is broken may not close within reason.
    with contextlib.suppress(Exception):
        async with asyncio.timeout(2.0):
            await broker.stop()
