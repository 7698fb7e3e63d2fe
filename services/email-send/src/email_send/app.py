"""Composition root: makes the parts of this worker and hands them to its handlers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from workers_runtime.app import Worker, create_app
from workers_runtime.config import load

from .client import Client, echo
from .config import Settings
from .handlers import router


def build(settings: Settings | None = None) -> Worker:
    """Put the worker together; reads the environment when no settings are given."""
    settings = settings or load(Settings, "email-send")

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
        yield {"client": Client(echo, seconds=settings.seconds)}

    return create_app(settings, router, lifespan=lifespan)
