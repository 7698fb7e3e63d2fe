"""Is there a working server behind a URL? Asked by a real log-in, not by an open port."""

import asyncio
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import redis.asyncio
from aio_pika.exceptions import AMQPError
from redis.exceptions import RedisError


def without_secret(url: str) -> str:
    """The URL with the password hidden, for messages."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rsplit("@", 1)[1]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{host}"))


async def broker_problem(url: str, *, limit: float = 5.0) -> str | None:
    """None when RabbitMQ accepts this URL's log-in and virtual host, else what went wrong."""
    try:
        connection = await asyncio.wait_for(aio_pika.connect(url), limit)
        await connection.close()
    except TimeoutError:
        return f"no answer within {limit:g} s"
    except (AMQPError, OSError, ValueError) as error:
        return _reason(error)
    return None


async def redis_problem(url: str, *, limit: float = 5.0) -> str | None:
    """None when Redis answers PING at this URL, else what went wrong."""
    try:
        client = redis.asyncio.from_url(url)
    except ValueError as error:
        return _reason(error)
    try:
        await asyncio.wait_for(client.ping(), limit)
    except TimeoutError:
        return f"no answer within {limit:g} s"
    except (RedisError, OSError) as error:
        return _reason(error)
    finally:
        await client.aclose()
    return None


async def speaks_amqp(host: str, port: int) -> bool:
    """Whether a broker answers the protocol header; cheap enough to ask many times at boot."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        writer.write(b"AMQP\x00\x00\x09\x01")
        first = await asyncio.wait_for(reader.read(1), 2.0)
    except OSError:  # a time-out is an OSError too
        return False
    finally:
        writer.close()
    return first == b"\x01"


def _reason(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
