"""Composition root: makes the parts of this worker and hands them to its handlers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from workers_runtime.app import Worker, create_app
from workers_runtime.artifacts import Artifacts
from workers_runtime.config import load
from workers_runtime.redis_pool import connect

from .config import Settings
from .handlers import router
from .relay import MailClient
from .sending import Parts, Sender
from .templating import Templates


def build(settings: Settings | None = None) -> Worker:
    """Put the worker together; reads the environment when no settings are given."""
    settings = settings or load(Settings, "email-send")
    client = MailClient(settings)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
        state = connect(settings.redis_url.get_secret_value(), decode=True)
        parts = Parts(
            settings=settings,
            client=client,
            state=state,
            artifacts=Artifacts(settings.artifacts_url),
            templates=Templates(settings.templates),
            accounts=settings.ways(),
        )
        try:
            yield {"sender": Sender(parts)}
        finally:
            await client.close()
            await state.aclose()

    return create_app(settings, router, lifespan=lifespan, deep_checks={"smtp": client.problem})
