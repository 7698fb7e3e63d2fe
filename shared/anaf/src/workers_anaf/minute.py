"""At most so many calls in any minute, over all replicas, whatever holds a call up on its way."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio as redis
from redis.exceptions import RedisError

from workers_runtime.logs import get_logger

WINDOW_SECONDS = 60.0
HOLD_SECONDS = 180.0
"""Longest call, with its connection and its answer; one whose process died counts until then."""

POLL_SECONDS = 0.5
"""Who waits looks again this often: a call that ends may free its place long before its time."""

# A call counts from before it is sent until a minute after its answer: whenever in between it
# arrived, no minute of the authority's holds more than the limit. Members are calls, scores the
# moments until which they count, by Redis's own clock. Returns the milliseconds to wait.
_ENTER = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 0
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return math.max(1, math.ceil(first[2] - now))
"""
_LEAVE = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
return redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[1])
"""
_log = get_logger(__name__)


class Minute:
    """Counts calls exactly; this process alone when Redis is away.

    Args:
        client: the Redis that all replicas share.
        name: of the limit.
        limit: calls in any 60 seconds.
    """

    def __init__(self, client: "redis.Redis", name: str, *, limit: int) -> None:
        self._redis = client
        self._key = f"wrk:limit:{name}:minute"
        self._limit = limit
        self._own: dict[str, float] = {}

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Wait for a place in the minute, and keep it while the call is made."""
        member = uuid.uuid4().hex
        left = await self._enter(member)
        while left > 0:
            await asyncio.sleep(min(left, POLL_SECONDS))
            left = await self._enter(member)
        try:
            yield
        finally:
            self._own[member] = time.monotonic() + WINDOW_SECONDS
            await self._run(_LEAVE, member, str(int(WINDOW_SECONDS * 1000)))

    async def _enter(self, member: str) -> float:
        now = time.monotonic()
        self._own = {one: until for one, until in self._own.items() if until > now}
        if len(self._own) >= self._limit:
            return min(self._own.values()) - now
        # Taken before Redis is asked: others of this process may ask meanwhile.
        self._own[member] = now + HOLD_SECONDS
        life = str(int((HOLD_SECONDS + WINDOW_SECONDS) * 1000))
        left = int(await self._run(_ENTER, str(self._limit), member, life) or 0) / 1000
        if left > 0:
            del self._own[member]
        return left

    async def _run(self, script: str, *args: str) -> str | None:
        try:
            return str(await self._redis.eval(script, 1, self._key, *args))
        except (TimeoutError, RedisError, OSError) as error:
            _log.warning("limit kept by this process alone", reason=type(error).__name__)
            return None
