"""ANAF's limits, kept for the whole installation: all replicas share the counters in Redis."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import redis.asyncio as redis
from redis.exceptions import RedisError

from workers_runtime.errors import QuotaError
from workers_runtime.logs import get_logger

from .minute import Minute
from .romania import next_day, today

# One reservation: the next free moment, at least `interval` after the last one. Redis's own clock
# decides, so replicas with different clocks agree. Returns the microseconds to wait.
_RESERVE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
local slot = math.max(now, free)
local ahead = math.ceil((slot - now + tonumber(ARGV[1])) / 1000)
redis.call('SET', KEYS[1], string.format('%.0f', slot + tonumber(ARGV[1])), 'PX', ahead + 1000)
return string.format('%.0f', slot - now)
"""
# A turn is a key that nobody else can set; its life is the wait. Returns the milliseconds left.
_TAKE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
local left = redis.call('PTTL', KEYS[1])
if left > 0 then return left end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0
"""
_GIVE_BACK = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[1], '', 'PX', ARGV[2])
else redis.call('DEL', KEYS[1]) end
return 1
"""
_log = get_logger(__name__)


class DailyLimitError(QuotaError):
    """ANAF's allowance for this call is used up until midnight in Romania."""

    code = "anaf_daily_limit"


class Pace:
    """At most one call per ``seconds``, over all replicas; alone when Redis is away."""

    def __init__(
        self, client: "redis.Redis", name: str, *, seconds: float, minute: Minute | None = None
    ) -> None:
        self._redis = client
        self._key = f"wrk:limit:{name}"
        self._seconds = seconds
        self._minute = minute
        self._free = 0.0

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Wait until the next call may start; make it inside.

        Between its moment and its sending a call may be held up: by a busy loop, a handshake, a
        process that was stopped. Then many leave at once, which only `Minute` sees.
        """
        await self.wait()
        if self._minute is None:
            yield
            return
        async with self._minute.call():
            yield

    async def wait(self) -> None:
        """Return when the next call may start."""
        await asyncio.sleep(max(await self._shared(), self._own()))

    async def _shared(self) -> float:
        try:
            micros = self._redis.eval(_RESERVE, 1, self._key, str(int(self._seconds * 1_000_000)))
            return int(await micros) / 1_000_000
        except (TimeoutError, RedisError, OSError) as error:
            _log.warning("limit kept by this process alone", reason=type(error).__name__)
            return 0.0

    def _own(self) -> float:
        now = time.monotonic()
        wait = max(0.0, self._free - now)
        self._free = max(now, self._free) + self._seconds
        return wait


class Turns:
    """One call at a time over all replicas, and ``seconds`` from an end to the next beginning.

    Slower than `Pace`, and exact: whatever a loop, a handshake or a network delays, two calls
    never arrive closer together. Alone when Redis is away.

    Args:
        client: the Redis that all replicas share.
        name: of the limit.
        seconds: between two calls.
        hold_seconds: longest call; after it a turn whose holder died is free again.
    """

    def __init__(
        self, client: "redis.Redis", name: str, *, seconds: float, hold_seconds: float = 30.0
    ) -> None:
        self._redis = client
        self._key = f"wrk:limit:{name}"
        self._seconds = seconds
        self._hold = hold_seconds
        self._lock = asyncio.Lock()
        self._free = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn, hold it while the call is made."""
        token = uuid.uuid4().hex
        async with self._lock:
            await asyncio.sleep(max(0.0, self._free - time.monotonic()))
            await self._wait_for(token)
            try:
                yield
            finally:
                self._free = time.monotonic() + self._seconds
                await self._give_back(token)

    async def _wait_for(self, token: str) -> None:
        left = await self._take(token)
        while left > 0:
            # Who has the turn may end long before its longest call.
            await asyncio.sleep(min(left, max(self._seconds / 10, 0.01)))
            left = await self._take(token)

    async def _take(self, token: str) -> float:
        answer = await self._run(_TAKE, token, str(int(self._hold * 1000)))
        return int(answer or 0) / 1000

    async def _give_back(self, token: str) -> None:
        await self._run(_GIVE_BACK, token, str(int(self._seconds * 1000)))

    async def _run(self, script: str, *args: str) -> str | None:
        try:
            return str(await self._redis.eval(script, 1, self._key, *args))
        except (TimeoutError, RedisError, OSError) as error:
            _log.warning("limit kept by this process alone", reason=type(error).__name__)
            return None


class Allowance:
    """At most ``limit`` calls a Romanian day for one subject, for example one message."""

    def __init__(
        self,
        client: "redis.Redis",
        name: str,
        *,
        limit: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._redis = client
        self._name = name
        self._limit = limit
        self._clock = clock

    def _key(self, subject: str) -> str:
        return f"wrk:limit:{self._name}:{today(self._clock()).isoformat()}:{subject}"

    async def take(self, subject: str) -> None:
        """Count one call; raises DailyLimitError before a call that ANAF would refuse."""
        try:
            used = int(await self._redis.incr(self._key(subject)))
            await self._redis.expire(self._key(subject), 90_000)
        except (TimeoutError, RedisError, OSError):
            return  # ANAF counts too, and its refusal is understood
        if used > self._limit:
            raise self.exhausted()

    async def give_back(self, subject: str) -> None:
        """Take a call back that was counted and not made."""
        with contextlib.suppress(TimeoutError, RedisError, OSError):
            await self._redis.decr(self._key(subject))

    async def exhaust(self, subject: str) -> DailyLimitError:
        """Note that ANAF said the day's allowance is used up; returns the error to raise."""
        try:
            await self._redis.set(self._key(subject), self._limit, ex=90_000)
        except (TimeoutError, RedisError, OSError) as error:
            _log.warning("limit not noted", reason=type(error).__name__)
        return self.exhausted()

    def exhausted(self) -> DailyLimitError:
        """Return the error that makes the command wait until the next Romanian day."""
        return DailyLimitError(
            f"ANAF's daily allowance for {self._name} is used up", until=next_day(self._clock())
        )
