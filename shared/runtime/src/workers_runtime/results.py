"""The last outcome of each message in Redis, for those who ask instead of listening."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from workers_contracts.topology import EVENTS

from .errors import TransientError
from .redis_batch import Batch
from .redis_pool import connect
from .wire import Wire


@dataclass(frozen=True)
class Result:
    """What is kept of one outcome, and for how long."""

    key: str
    text: str
    """A JSON list of CloudEvents."""
    ttl_seconds: int


class ResultsUnavailableError(TransientError):
    """Redis, where the answers of other workers are read, does not answer."""

    code = "results_unavailable"


def result_key(message_id: str, tenant: str = "") -> str:
    """Return the Redis key of a command's result."""
    return f"wrk:result:{tenant}:{message_id}" if tenant else f"wrk:result:{message_id}"


async def answer_to(redis: "Redis", message_id: str, tenant: str = "") -> list[dict[str, Any]]:
    """Return the newest CloudEvents that a worker published for a command; none when none came.

    Raises:
        ResultsUnavailableError: Redis does not answer.
    """
    try:
        text = await redis.get(result_key(message_id, tenant))
    except (TimeoutError, RedisError, OSError) as error:
        raise ResultsUnavailableError(
            f"Redis does not answer ({type(error).__name__})", retry_after=2
        ) from error
    events: list[dict[str, Any]] = json.loads(text) if text else []
    return events


async def forget_answer(redis: "Redis", message_id: str, tenant: str = "") -> None:
    """Take the result of a command away before its time.

    Raises:
        ResultsUnavailableError: Redis does not answer.
    """
    try:
        await redis.delete(result_key(message_id, tenant))
    except (TimeoutError, RedisError, OSError) as error:
        raise ResultsUnavailableError(
            f"Redis does not answer ({type(error).__name__})", retry_after=2
        ) from error


class Results:
    """Writes ``wrk:result:<message_id>``: a JSON list of the newest CloudEvents published for it.

    The id is that of the public command, also for the events of its follow-ups. With a tenant the
    key is ``wrk:result:<tid>:<message_id>``: two tenants may use the same ids.
    """

    def __init__(self, url: str, *, ttl_seconds: int) -> None:
        self._redis = connect(url)
        self._batch = Batch(self._redis)
        self._ttl = ttl_seconds

    def of(self, message_id: str, wires: list[Wire], *, tenant: str = "") -> Result | None:
        """Return what is kept of these messages; None when no event is among them."""
        events = [wire.body for wire in wires if wire.exchange == EVENTS]
        if not events:
            return None
        key = result_key(message_id, tenant)
        # The bodies are JSON already: joined, not read and written again.
        return Result(key, f"[{', '.join(events)}]", self._ttl)

    async def keep(self, result: Result | None) -> None:
        """Store it; a convenience, so a Redis that is away costs only the result."""
        if result is None:
            return
        with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError):
            await self._batch.execute("SET", result.key, result.text, "EX", result.ttl_seconds)

    async def close(self) -> None:
        """Disconnect."""
        await self._batch.close()
        await self._redis.aclose()
