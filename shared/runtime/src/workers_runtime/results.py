"""The last outcome of each message in Redis, for those who ask instead of listening."""

import asyncio
import contextlib
import json

from redis.exceptions import RedisError

from workers_contracts.topology import EVENTS

from .redis_pool import connect
from .wire import Wire


class Results:
    """Writes ``wrk:result:<message_id>``: a JSON list of the CloudEvents published for it."""

    def __init__(self, url: str, *, ttl_seconds: int) -> None:
        self._redis = connect(url)
        self._ttl = ttl_seconds

    async def keep(self, message_id: str, wires: list[Wire]) -> None:
        """Store the events; a convenience, so a Redis that is away costs only the result."""
        events = [json.loads(wire.body) for wire in wires if wire.exchange == EVENTS]
        if not events:
            return
        with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError):
            await self._redis.set(f"wrk:result:{message_id}", json.dumps(events), ex=self._ttl)

    async def close(self) -> None:
        """Disconnect."""
        await self._redis.aclose()
