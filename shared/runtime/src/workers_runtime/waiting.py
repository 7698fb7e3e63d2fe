"""What waits, why, and until when: one entry in Redis for each command on the delay ladder.

The commands themselves are safe in the broker; this is for the person who asks. When Redis was
emptied, an entry is back at the command's next try.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel, ConfigDict, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from workers_contracts.types import UtcDateTime

from .redis_pool import connect

KEEP_SECONDS = 30 * 86_400
"""An entry that is overdue for this long belongs to a command that is gone, for example purged."""

# KEYS: due times by id, entries by id. ARGV: id, due in ms, entry, oldest due time kept, seconds.
# What waits again keeps the moment since when it waits, and what it is about: a follow-up of it
# may not say that.
_NOTE = """
local entry, known = cjson.decode(ARGV[3]), redis.call('HGET', KEYS[2], ARGV[1])
if known then
  local before = cjson.decode(known)
  entry.since = before.since
  if entry.subject == '' then entry.subject = before.subject end
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(entry))
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[4], 'LIMIT', 0, 100)
if #old > 0 then
  redis.call('ZREM', KEYS[1], unpack(old))
  redis.call('HDEL', KEYS[2], unpack(old))
end
for _, key in ipairs(KEYS) do
  if redis.call('TTL', key) < tonumber(ARGV[5]) then redis.call('EXPIRE', key, ARGV[5]) end
end
"""

MOST_OWED = 10_000
"""Entries that are taken away once Redis is back."""

_AWAY = (RedisError, OSError, asyncio.TimeoutError)


class Waiting(BaseModel):
    """A command that waits; ``message_id`` is the publisher's, also while a follow-up waits."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message_id: str
    correlation_id: str = ""
    tenant: str = ""
    command: str
    """Routing key of what will be tried: the command itself or a follow-up of it."""
    subject: str = ""
    """What the command is about, for example a firm's fiscal code; empty when it does not say."""
    code: str
    """Error code of the last try; ``follow_up`` when nothing failed."""
    reason: str
    """For a person; secrets are redacted."""
    attempt: int = 1
    """Tries so far."""
    since: UtcDateTime
    due: UtcDateTime
    """Next try."""


@dataclass(frozen=True)
class WaitingPage:
    """The next ones due, and how many there are in all."""

    total: int
    entries: list[Waiting]


def keys(tag: str) -> list[str]:
    """Return the Redis keys of a worker: due times by id, entries by id."""
    return [f"wrk:waiting:{tag}", f"wrk:waiting:{tag}:entries"]


class WaitingList:
    """Writes the entries of one worker; a Redis that is away costs only the view."""

    def __init__(self, url: str, *, tag: str) -> None:
        self._redis = connect(url)
        self._keys = keys(tag)
        self._note = self._redis.register_script(_NOTE)
        self._over: set[str] = set()

    async def note(self, entry: Waiting) -> None:
        """Say that a command waits, or waits again."""
        self._over.discard(_id(entry))
        due = int(entry.due.timestamp() * 1000)
        oldest = int((time.time() - KEEP_SECONDS) * 1000)
        lives = max(0, due // 1000 - int(time.time())) + KEEP_SECONDS
        with contextlib.suppress(*_AWAY):
            await self._note(
                keys=self._keys, args=[_id(entry), due, entry.model_dump_json(), oldest, lives]
            )

    async def clear(self, message_id: str, tenant: str) -> None:
        """Say that a command waits no more; a Redis that is away is told later."""
        if len(self._over) < MOST_OWED:
            self._over.add(f"{tenant}:{message_id}")
        with contextlib.suppress(*_AWAY):
            await self._take_away()

    async def _take_away(self) -> None:
        if not (over := list(self._over)):
            return
        async with self._redis.pipeline() as pipeline:
            pipeline.zrem(self._keys[0], *over)
            pipeline.hdel(self._keys[1], *over)
            await pipeline.execute()
        self._over.difference_update(over)

    async def count(self) -> int | None:
        """Return how many wait; None when Redis does not answer."""
        with contextlib.suppress(*_AWAY):
            await self._take_away()
            return int(await self._redis.zcard(self._keys[0]))
        return None

    async def close(self) -> None:
        """Disconnect."""
        await self._redis.aclose()


def _id(entry: Waiting) -> str:
    return f"{entry.tenant}:{entry.message_id}"


async def read_waiting(redis: "Redis", tag: str, *, limit: int) -> WaitingPage:
    """Return what waits in a worker, the next one due first.

    Raises:
        RedisError: Redis does not answer.
    """
    due, entries = keys(tag)
    total = int(await redis.zcard(due))
    ids = cast("list[bytes]", await redis.zrange(due, 0, limit - 1))
    texts = await cast("Awaitable[list[bytes | None]]", redis.hmget(entries, ids)) if ids else []
    found: list[Waiting] = []
    for text in texts:
        with contextlib.suppress(ValidationError):
            found.append(Waiting.model_validate_json(text or b""))
    return WaitingPage(total, found)
