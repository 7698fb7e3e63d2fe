"""Composition root: makes the parts of this worker and hands them to its handlers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from workers_runtime.app import Worker, create_app
from workers_runtime.artifacts import Artifacts
from workers_runtime.config import load
from workers_runtime.redis_pool import connect

from .client import SlackClient
from .config import Settings
from .handlers import router
from .posting import Limits, Poster


def build(settings: Settings | None = None) -> Worker:
    """Put the worker together; reads the environment when no settings are given."""
    settings = settings or load(Settings, "notify-slack")
    client = SlackClient(settings)
    limits = Limits(settings.messages_per_second, settings.burst, settings.journal_ttl_seconds)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
        state = connect(settings.redis_url.get_secret_value(), decode=True)
        artifacts = Artifacts(settings.artifacts_url)
        await client.open()
        try:
            yield {"poster": Poster(client, settings.routes(), state, artifacts, limits)}
        finally:
            await client.close()
            await state.aclose()

    return create_app(settings, router, lifespan=lifespan, deep_checks={"slack": client.problem})
