"""Answers kept for a while in Redis; without Redis every question goes to the authority."""

import asyncio
import contextlib
from datetime import date

import redis.asyncio as redis
from pydantic import ValidationError
from redis.exceptions import RedisError

from workers_anaf.romania import today
from workers_contracts.taxpayer import TaxpayerValidated


class Cache:
    """Keeps answers by country, number and day; ``checked_at`` stays that of the call.

    Args:
        client: the Redis that all replicas share.
        found_seconds: how long an answer about today is fresh.
        not_found_seconds: the same, of a number that nobody knows.
        past_seconds: the same, of a day that was over when the authority was asked.
        stale_seconds: how long the last answer about a number is kept for an outage.
    """

    def __init__(
        self,
        client: "redis.Redis",
        *,
        found_seconds: int,
        not_found_seconds: int,
        past_seconds: int,
        stale_seconds: int,
    ) -> None:
        self._redis = client
        self._found_seconds = found_seconds
        self._not_found_seconds = not_found_seconds
        self._past_seconds = past_seconds
        self._stale_seconds = stale_seconds

    async def get(self, country: str, number: str, as_of: date) -> TaxpayerValidated | None:
        """Return a fresh answer."""
        return await self._read(_key(country, number, as_of.isoformat()))

    async def last(self, country: str, number: str) -> TaxpayerValidated | None:
        """Return the newest answer about a day that was today; it may be days old."""
        return await self._read(_key(country, number, "last"))

    async def put(self, answer: TaxpayerValidated) -> None:
        """Keep an authority's answer."""
        day = answer.as_of.isoformat()
        await self._write(_key(answer.country, answer.number, day), answer, self._fresh(answer))
        if answer.as_of == today(answer.checked_at):
            # Of a number that is unknown now, an older answer would be wrong: it is forgotten.
            seconds = self._stale_seconds if answer.taxpayer else 0
            await self._write(_key(answer.country, answer.number, "last"), answer, seconds)

    def _fresh(self, answer: TaxpayerValidated) -> int:
        if answer.taxpayer is None:
            return self._not_found_seconds
        past = answer.as_of < today(answer.checked_at)
        return self._past_seconds if past else self._found_seconds

    async def _read(self, key: str) -> TaxpayerValidated | None:
        with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError, ValidationError):
            kept = await self._redis.get(key)
            return TaxpayerValidated.model_validate_json(kept) if kept else None
        return None

    async def _write(self, key: str, answer: TaxpayerValidated, seconds: int) -> None:
        with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError):
            if seconds:
                await self._redis.set(key, answer.model_dump_json(), ex=seconds)
            else:
                await self._redis.delete(key)


def _key(country: str, number: str, day: str) -> str:
    return f"wrk:cache:taxpayer:{country}:{number}:{day}"
