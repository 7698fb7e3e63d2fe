"""One way to reach Redis: a bounded pool in which a caller waits for its turn."""

import redis.asyncio as redis

CONNECTIONS = 20
"""Of one client; the library's own pool refuses the caller after its hundredth instead."""


def connect(url: str, *, seconds: float = 2.0, decode: bool = False) -> "redis.Redis":
    """Return a client whose calls wait for a connection, and whose waits end."""
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=5,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        decode_responses=decode,
    )
    return redis.Redis.from_pool(pool)
