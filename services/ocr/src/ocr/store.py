"""What was read of a document, page by page, in Redis: a crash costs the page in hand, no more."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import redis.asyncio as redis
from redis.exceptions import RedisError

from workers_runtime.logs import get_logger

from .engine.values import Models, Options
from .errors import PagesUnavailableError

_log = get_logger(__name__)


class PageStore:
    """Keeps pages as JSON, for as long as results.

    Args:
        client: Redis, answering bytes.
        seconds: how long pages are kept.
        engine: what decides, beside a command's options, what is read: versions and models.
    """

    def __init__(self, client: "redis.Redis", *, seconds: int, engine: Mapping[str, str]) -> None:
        self._redis = client
        self._seconds = seconds
        self._engine = dict(engine)

    def key(self, tenant: str, sha256: str, options: Options, models: Models) -> str:
        """Return the key of a document's pages, read with these options by this engine."""
        what = {**asdict(options), "side": models.side, **self._engine}
        digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
        return f"wrk:ocr:pages:{tenant}:{sha256}:{digest}"

    async def read(self, key: str, numbers: Sequence[int]) -> dict[int, str]:
        """Return the pages that are there; none when Redis does not answer."""
        if not numbers:
            return {}
        try:
            found = await self._redis.hmget(key, [str(number) for number in numbers])
        except (RedisError, OSError) as error:
            # Reading again costs time only.
            _log.warning("kept pages not read", reason=type(error).__name__)
            return {}
        pairs = zip(numbers, found, strict=True)
        return {number: page.decode() for number, page in pairs if isinstance(page, bytes)}

    async def keep(self, key: str, number: int, page: str, *, needed: bool) -> None:
        """Keep a page.

        Args:
            needed: without it the document could not go on.

        Raises:
            PagesUnavailableError: Redis does not answer, and the page is needed.
        """
        try:
            await self._redis.hset(key, str(number), page.encode())
            await self._redis.expire(key, self._seconds)
        except (RedisError, OSError) as error:
            if needed:
                raise PagesUnavailableError(
                    f"pages cannot be kept in Redis ({type(error).__name__})"
                ) from None
            _log.warning("page not kept", reason=type(error).__name__)
