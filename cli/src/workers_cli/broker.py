"""The connection to RabbitMQ, with its errors in words."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import unquote, urlsplit

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelNotFoundEntity,
    InvalidFrameError,
    ProbableAuthenticationError,
)
from aiormq.abc import FieldTable
from aiormq.exceptions import ChannelAccessRefused

from workers_runtime.connection import address, with_heartbeat
from workers_runtime.unreadable import tolerate

from .errors import (
    BrokerLostError,
    BrokerRefusedError,
    BrokerUnreachableError,
    CliError,
    TopologyMissingError,
)

CONNECT_SECONDS = 5.0
_DOCTOR = "workers doctor"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AbstractConnection]:
    """Open a connection; whatever the broker then refuses becomes a `CliError`."""
    connection = await connect(url)
    try:
        with translated(url):
            yield connection
    finally:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(connection.close(), 2)


async def connect(url: str) -> AbstractConnection:
    """Open a connection or say why that cannot be.

    Raises:
        BrokerUnreachableError: nothing answers, or not as RabbitMQ.
        BrokerRefusedError: wrong user, password or virtual host.
    """
    # A dead letter may be dead because of its properties; it must be seen all the same.
    tolerate()
    properties: FieldTable = {"connection_name": f"workers-cli@{socket.gethostname()}"}
    try:
        return await asyncio.wait_for(
            aio_pika.connect(with_heartbeat(url), client_properties=properties), CONNECT_SECONDS
        )
    except (AuthenticationError, ProbableAuthenticationError):
        user = urlsplit(url).username or "guest"
        raise BrokerRefusedError(
            f"RabbitMQ at {address(url)} refuses the user {user}: its name or password is wrong",
            "correct --rmq-url or RMQ_URL (amqp://user:password@host:port/vhost)",
        ) from None
    except InvalidFrameError as error:
        # The library expects the virtual host to open and shows the broker's "no" as a bad frame.
        if "OpenOk" not in str(error):
            raise _unreachable(url, reason(error)) from None
        raise BrokerRefusedError(
            f"RabbitMQ at {address(url)} has no virtual host {_vhost(url)} for this user",
            "correct the last part of --rmq-url or RMQ_URL (amqp://user:password@host:port/vhost)",
        ) from None
    except TimeoutError:
        raise _unreachable(url, f"no answer within {CONNECT_SECONDS:g} s") from None
    except (AMQPError, OSError) as error:
        raise _unreachable(url, reason(error)) from None


def _vhost(url: str) -> str:
    return unquote(urlsplit(url).path.removeprefix("/")) or "/"


def _unreachable(url: str, why: str) -> CliError:
    return BrokerUnreachableError(
        f"RabbitMQ is not reachable at {address(url)}: {why}",
        "start it (`just dev`), or give the right address with --rmq-url or RMQ_URL",
    )


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn the AMQP library's errors into words."""
    try:
        yield
    except ChannelAccessRefused as error:
        raise BrokerRefusedError(
            f"RabbitMQ refuses: {reason(error)}", "ask its administrator for that permission"
        ) from None
    except ChannelNotFoundEntity as error:
        raise TopologyMissingError(reason(error), "workers topology apply") from None
    except (AMQPError, ConnectionError) as error:
        raise BrokerLostError(
            f"the connection to RabbitMQ at {address(url)} ended: {reason(error)}", _DOCTOR
        ) from None


def reason(error: BaseException) -> str:
    """Return the broker's words without the library's frame."""
    text = str(error) or type(error).__name__
    for prefix in ("NOT_FOUND - ", "PRECONDITION_FAILED - ", "ACCESS_REFUSED - ", "NOT_ALLOWED - "):
        text = text.removeprefix(prefix)
    return text


def version(connection: AbstractConnection) -> str:
    """Return the broker's version; empty when it does not tell."""
    transport = getattr(connection, "transport", None)
    properties = getattr(getattr(transport, "connection", None), "server_properties", None) or {}
    found = properties.get("version", "")
    return found.decode() if isinstance(found, bytes) else str(found)
