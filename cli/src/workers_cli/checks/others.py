"""Checks of Redis and of the sandbox."""

from workers_runtime.redaction import redact_text

from .result import Check, ok, wrong

SECONDS = 5.0


async def redis_check(url: str) -> list[Check]:
    """Check that Redis answers."""
    # Imported here: the library takes longer to load than the rest of the program.
    from redis.asyncio import Redis  # noqa: PLC0415
    from redis.exceptions import RedisError  # noqa: PLC0415

    client = Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        words = redact_text(str(error)).strip() or type(error).__name__
        step = "start it (`just dev`), or give --redis-url or REDIS_URL"
        return [wrong("redis", f"does not answer: {words}", step)]
    finally:
        await client.aclose()
    return [ok("redis", "answers")]


async def sandbox_check(url: str | None) -> list[Check]:
    """Check the sandbox, when a local stack names one."""
    if url is None:
        return []
    import httpx  # noqa: PLC0415 - as above

    try:
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
            answer = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return [wrong("sandbox", f"does not answer at {url}: {type(error).__name__}", "just dev")]
    if answer.status_code >= 500:
        return [wrong("sandbox", f"answers {answer.status_code} at {url}", "just dev")]
    return [ok("sandbox", f"answers at {url}")]
