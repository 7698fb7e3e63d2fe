"""One AMQP connection that is made anew whenever it fails; it never waits without a limit."""

import asyncio
import contextlib
from urllib.parse import urlsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection

CONNECT_SECONDS = 5.0


def address(url: str) -> str:
    """Return ``host:port`` of a broker address, without its password."""
    parts = urlsplit(url)
    return f"{parts.hostname or '?'}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}"


def with_heartbeat(url: str, seconds: int = 10) -> str:
    """Add the AMQP heartbeat to a broker address, unless it names one.

    A stuck connection is noticed after three heartbeats and three seconds.
    """
    if "heartbeat=" in url:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}heartbeat={seconds}"


class Connection:
    """A lazily opened connection with one channel in confirm mode."""

    def __init__(self, url: str, name: str) -> None:
        self._url = with_heartbeat(url)
        self._name = name
        self._lock = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Say whether a channel is there and nobody saw it fail."""
        return self.opened is not None

    @property
    def opened(self) -> AbstractChannel | None:
        """The channel, when one is there and nobody saw it fail."""
        channel = self._channel
        return None if channel is None or channel.is_closed else channel

    async def channel(self) -> AbstractChannel:
        """Return the channel, opened when needed; raises OSError or AMQPError within a limit."""
        async with self._lock:
            if self.opened is not None:
                return self.opened
            if self._connection is None or self._connection.is_closed:
                self._connection = await asyncio.wait_for(
                    aio_pika.connect(self._url, client_properties={"connection_name": self._name}),
                    CONNECT_SECONDS,
                )
            self._channel = await asyncio.wait_for(
                self._connection.channel(publisher_confirms=True, on_return_raises=True),
                CONNECT_SECONDS,
            )
            return self._channel

    def drop(self, channel: AbstractChannel | None = None) -> None:
        """Forget the connection and close it behind us.

        With ``channel``, only when that is still its channel: whoever waited on the old one must
        not take the new one from the others.
        """
        if channel is not None and channel is not self._channel:
            return
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            task = asyncio.create_task(_close(connection))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close within a second or two; the process is about to end."""
        self.drop()
        if self._closing:
            await asyncio.wait(self._closing, timeout=2)


async def _close(connection: AbstractConnection) -> None:
    cut(connection)
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await asyncio.wait_for(connection.close(), 1)


def cut(connection: AbstractConnection) -> None:
    """Stop reading from the broker at once: a frozen one never answers a polite close.

    Uses a private name of aiormq 7; ``tests/test_private_names.py`` watches it.
    """
    transport = getattr(connection, "transport", None)
    reader = getattr(getattr(transport, "connection", None), "_reader_task", None)
    # It is aiormq's own wrapper of a task.
    if reader is not None:
        reader.cancel()
