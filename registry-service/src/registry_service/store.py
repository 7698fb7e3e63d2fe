"""The registry's copy in Redis: written behind, kept while Redis is away."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from workers_runtime.logs import get_logger
from workers_runtime.waiting import WaitingPage, read_waiting

from . import keys
from .clock import Clock
from .jobs import ask_to_end
from .views import Digest, InstanceRecord, Notice, WorkerView

log = get_logger(__name__)

MAX_NOTICES = 1000
"""Notices kept while Redis is away; the oldest go first."""

PAUSE_SECONDS = 1.0
_AWAY = (RedisError, OSError, TimeoutError)


@dataclass(frozen=True)
class Write:
    """The value a key shall have; None removes it."""

    text: str | None
    expires_at: datetime


def connect(url: str) -> Redis:
    """Return a client that gives up after a second: the memory answers meanwhile."""
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=1.0,
        socket_connect_timeout=1.0,
        retry=Retry(NoBackoff(), 0),
    )


class Store:
    """Collects the latest value of each key and writes them as soon as Redis takes them.

    Nobody waits for Redis: ``put`` and its siblings only note what shall be written.
    """

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._pending: dict[str, Write] = {}
        self._notices: deque[Notice] = deque(maxlen=MAX_NOTICES)
        self._wake = asyncio.Event()
        self.stale = True
        """True while what Redis holds is not what we know."""

    def put_instance(self, record: InstanceRecord) -> None:
        """Note an instance; it lives 120 s from its last beat."""
        key = keys.instance(record.status.tag, record.status.id)
        self._note(key, record.model_dump_json(), record.received_at, keys.INSTANCE_SECONDS)

    def drop_instance(self, tag: str, instance_id: str) -> None:
        """Note that an instance is gone."""
        self._note(keys.instance(tag, instance_id), None, self._clock(), keys.INSTANCE_SECONDS)

    def put_worker(self, tag: str, view: WorkerView | None) -> None:
        """Note a worker's aggregate, None when it has no instance left."""
        text = view.model_dump_json() if view else None
        self._note(keys.status(tag), text, self._clock(), keys.STATUS_SECONDS)

    def put_digest(self, digest: Digest) -> None:
        """Note a worker's last scrape."""
        key = keys.metrics(digest.tag)
        self._note(key, digest.model_dump_json(), digest.scraped_at, keys.METRICS_SECONDS)

    def announce(self, notice: Notice) -> None:
        """Note a change for the channel ``wrk:events``."""
        self._notices.append(notice)
        self._wake.set()

    async def load(self) -> list[InstanceRecord]:
        """Return the instances that Redis remembers; unreadable ones are skipped and logged."""
        names = [key async for key in self._redis.scan_iter(match=keys.INSTANCES, count=500)]
        texts = await self._redis.mget(names) if names else []
        return [
            record
            for name, text in zip(names, texts, strict=True)
            if text and (record := _record(name, text)) is not None
        ]

    async def waiting(self, tag: str, limit: int) -> WaitingPage | None:
        """Return what the worker's commands wait for; None while Redis is away."""
        with contextlib.suppress(*_AWAY):
            return await read_waiting(self._redis, tag, limit=limit)
        return None

    async def flush(self) -> None:
        """Write what is noted, in one round trip; also tells whether Redis is there.

        Raises:
            RedisError: Redis is away; everything stays noted.
        """
        writes, notices = dict(self._pending), list(self._notices)
        now = self._clock()
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.ping()
            for key, write in writes.items():
                milliseconds = int((write.expires_at - now) / timedelta(milliseconds=1))
                if write.text is None or milliseconds <= 0:
                    pipe.delete(key)
                else:
                    pipe.set(key, write.text, px=milliseconds)
            for notice in notices:
                pipe.publish(keys.EVENTS, notice.model_dump_json())
            await pipe.execute()
        self._forget(writes, notices)

    async def run(self, on_return: Callable[[list[InstanceRecord]], None]) -> None:
        """Keep Redis up to date for ever; ``on_return`` gets what it held when it (re)appears."""
        while True:
            self._wake.clear()
            try:
                if self.stale:
                    on_return(await self.load())
                await self.flush()
                self._tell(stale=False)
            except _AWAY as error:
                self._tell(stale=True, reason=type(error).__name__)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            ask_to_end()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_SECONDS):
                    await self._wake.wait()

    async def close(self) -> None:
        """Write what is left, if Redis takes it, and hang up."""
        with contextlib.suppress(*_AWAY):
            await self.flush()
        with contextlib.suppress(*_AWAY):
            await self._redis.aclose()

    def _note(self, key: str, text: str | None, since: datetime, seconds: int) -> None:
        self._pending[key] = Write(text, since + timedelta(seconds=seconds))
        self._wake.set()

    def _forget(self, writes: dict[str, Write], notices: list[Notice]) -> None:
        for key, write in writes.items():
            if self._pending.get(key) is write:
                del self._pending[key]
        for notice in notices:
            with contextlib.suppress(ValueError):
                self._notices.remove(notice)

    def _tell(self, *, stale: bool, reason: str = "") -> None:
        if stale and not self.stale:
            log.warning("redis went away", reason=reason, action="reads answer from memory")
        elif self.stale and not stale:
            log.info("redis is there", pending=len(self._pending))
        self.stale = stale


def _record(key: str, text: str | bytes) -> InstanceRecord | None:
    try:
        return InstanceRecord.model_validate_json(text)
    except ValidationError as error:
        log.warning("stored instance skipped", key=key, problems=error.error_count())
        return None
