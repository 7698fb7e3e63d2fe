"""AMQP frames of one moment leave in one write: a system call for each costs more than its work.

The AMQP library hands every acknowledgement and every published message to the socket by itself.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import aiormq.connection
from aiormq.exceptions import AMQPConnectionError
from yarl import URL

_FACTORIES = ("TCPTransportFactory", "TLSTransportFactory")
"""The library's names of what opens its connections; ``tests/test_private_names.py`` watches."""


Octets = bytes | bytearray | memoryview


class GatheringWriter(asyncio.StreamWriter):
    """A writer that sends what was written in one turn of the event loop at its end."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._gathered: list[Octets] = []

    def write(self, data: Octets) -> None:
        """Keep the bytes until this turn of the event loop is over."""
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._send)
        self._gathered.append(data)

    def writelines(self, data: Iterable[Octets]) -> None:
        """Keep all of them."""
        self.write(b"".join(data))

    async def drain(self) -> None:
        """Send now, and wait while the socket takes no more."""
        self._send()
        await super().drain()

    def write_eof(self) -> None:
        """Send, then end the sending side."""
        self._send()
        super().write_eof()

    def close(self) -> None:
        """Send, then close."""
        self._send()
        super().close()

    def _send(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            super().write(b"".join(gathered))


class GatheringTransport(aiormq.connection.TransportFactory):
    """Opens connections whose writers gather."""

    async def create(
        self, url: URL, **kwargs: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect; raises what the library's own factory raises."""
        certificates = kwargs.pop("ssl_context_provider")
        ssl = await certificates.get_context() if url.scheme == "amqps" else None
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await loop.create_connection(
                lambda: protocol, host=url.host or "", port=url.port or 0, ssl=ssl, **kwargs
            )
        except OSError as error:
            raise AMQPConnectionError(*error.args) from error
        return reader, GatheringWriter(transport, protocol, reader, loop)


def gather() -> None:
    """Make this process's AMQP connections gather; may be called repeatedly."""
    for name in _FACTORIES:
        setattr(aiormq.connection, name, GatheringTransport)
