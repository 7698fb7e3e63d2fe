"""Answers kept for a while in Redis; without Redis every question goes to the authority."""

import asyncio
import contextlib
from datetime import date

import redis.asyncio as redis
from pydantic import ValidationError
from redis.exceptions import RedisError

from workers_contracts.taxpayer import TaxpayerValidated


class Cache:
    """Keeps answers by country, number and day; ``checked_at`` stays that of the call."""

    def __init__(
        self, client: "redis.Redis", *, found_seconds: int, not_found_seconds: int
    ) -> None:
        self._redis = client
        self._found_seconds = found_seconds
        self._not_found_seconds = not_found_seconds

    async def get(self, country: str, number: str, as_of: date) -> TaxpayerValidated | None:
        """Return a kept answer."""
        with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError, ValidationError):
            kept = await self._redis.get(_key(country, number, as_of))
            return TaxpayerValidated.model_validate_json(kept) if kept else None
        return None

    async def put(self, answer: TaxpayerValidated) -> None:
        """Keep an authority's answer."""
        seconds = self._not_found_seconds if answer.taxpayer is None else self._found_seconds
        if seconds == 0:
            return
        key = _key(answer.country, answer.number, answer.as_of)
        with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError):
            await self._redis.set(key, answer.model_dump_json(), ex=seconds)


def _key(country: str, number: str, as_of: date) -> str:
    return f"wrk:cache:taxpayer:{country}:{number}:{as_of.isoformat()}"
