"""Composition root: makes the parts of this worker and hands them to its handlers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from workers_runtime.app import Worker, create_app
from workers_runtime.artifacts import Artifacts
from workers_runtime.config import load
from workers_runtime.logs import get_logger

from .chromium import Chromium, Limits
from .chromium.process import Launch
from .client import WebClient
from .config import Settings
from .handlers import router
from .rendering import Bounds, Rendering
from .sources import Source
from .templating import Templates

_log = get_logger(__name__)
_MIB = 2**20


def build(settings: Settings | None = None) -> Worker:
    """Put the worker together; reads the environment when no settings are given."""
    settings = settings or load(Settings, "pdf-render")
    chromium = chromium_of(settings)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
        if not settings.sandbox:
            _log.warning("Chromium runs without its own sandbox", setting="PDF_RENDER_SANDBOX")
        async with WebClient(settings.allowed_origins) as web:
            try:
                yield {"rendering": rendering_of(settings, chromium, web)}
            finally:
                await chromium.close()

    return create_app(
        settings, router, lifespan=lifespan, deep_checks={"chromium": chromium.problem}
    )


def chromium_of(settings: Settings) -> Chromium:
    """Return the renderer that these settings describe; it starts with the first document."""
    return Chromium(
        Launch(settings.chromium_path, settings.chromium_user, settings.sandbox),
        Limits(
            parallel=settings.parallel,
            recycle_after=settings.recycle_after,
            recycle_bytes=settings.recycle_mb * _MIB,
            document_bytes=settings.document_mb * _MIB,
        ),
    )


def rendering_of(settings: Settings, chromium: Chromium, web: WebClient) -> Rendering:
    """Return what the handler works with."""
    output = settings.output_mb * _MIB
    source = Source(web, Templates(settings.templates), settings.scripts, output)
    bounds = Bounds(
        seconds=settings.seconds,
        input_bytes=settings.input_mb * _MIB,
        output_bytes=output,
        pages=settings.pages,
        document_bytes=settings.document_mb * _MIB,
    )
    return Rendering(chromium, source, Artifacts(settings.artifacts_url), bounds)
