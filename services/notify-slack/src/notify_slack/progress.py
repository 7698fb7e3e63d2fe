"""How far a job came, kept in Redis: a job that comes again posts nothing a second time.

A step is marked before it is sent and after it was taken in. A step that is only marked as begun
is in doubt: its answer was lost, or its worker died.
"""

import contextlib
from dataclasses import asdict, dataclass, field, replace
from json import dumps, loads

import redis.asyncio as redis
from redis.exceptions import RedisError

from workers_runtime.logs import get_logger

from .pace import shared

_log = get_logger(__name__)
_OPENED = "opened"
"""Beside the steps: whether the first try that is remembered was the first one."""

_FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Mark:
    """What is known of one step."""

    sent: bool = False
    tries: int = 1
    """Sends whose answer may have been lost."""

    doubtful: bool = False
    """Sent again without a way to find out whether it was there."""

    ts: str | None = None
    channel: str | None = None
    files: list[str] = field(default_factory=list)


class Progress:
    """The steps of one job.

    Args:
        client: the Redis that all replicas share.
        job: the job's id.
        seconds: how long it is remembered.
    """

    def __init__(self, client: "redis.Redis", job: str, *, seconds: int) -> None:
        self._redis = client
        self._key = f"wrk:slack:job:{job}"
        self._seconds = seconds
        self.job = job

    async def open(self, *, in_doubt: bool) -> bool:
        """Note that the job is at work; True when what an earlier try did is forgotten.

        Args:
            in_doubt: an earlier try may have sent something.
        """
        word = _FORGOTTEN if in_doubt else "known"
        if await shared(lambda: self._redis.hsetnx(self._key, _OPENED, word)):
            await self._keep()
            return in_doubt
        return bool(await shared(lambda: self._redis.hget(self._key, _OPENED)) == _FORGOTTEN)

    async def read(self, step: str) -> Mark | None:
        """Return what is known of a step, None when it was never begun."""
        text = await shared(lambda: self._redis.hget(self._key, step))
        return Mark(**loads(text)) if text else None

    async def begin(self, step: str, mark: Mark) -> None:
        """Note that a step is sent now; nothing may be sent when this fails."""
        await self._write(step, mark)

    async def back(self, step: str, before: Mark | None) -> None:
        """Note that a step was certainly not done."""
        if before is None:
            await shared(lambda: self._redis.hdel(self._key, step))
        else:
            await self._write(step, before)

    async def done(self, step: str, mark: Mark) -> Mark:
        """Note that a step was done; Redis being away does not undo it."""
        done = replace(mark, sent=True)
        try:
            await self._write(step, done)
        except Exception as error:  # noqa: BLE001 - the message is posted, whatever fails here
            _log.warning("done step not noted", step=step, reason=type(error).__name__)
        return done

    async def _write(self, step: str, mark: Mark) -> None:
        await shared(lambda: self._redis.hset(self._key, step, dumps(asdict(mark))))
        await self._keep()

    async def _keep(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._redis.expire(self._key, self._seconds)
