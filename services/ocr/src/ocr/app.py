"""Composition root: makes the parts of this worker and hands them to its handlers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from workers_runtime.app import Worker, create_app
from workers_runtime.artifacts import Artifacts
from workers_runtime.config import load
from workers_runtime.redis_pool import connect

from . import models
from .client import Processes
from .config import Settings
from .extraction import Allowed, Extraction
from .handlers import router
from .health import SelfTest
from .reading import Reader
from .result import EngineFacts
from .scratch import Scratch
from .store import PageStore


def build(settings: Settings | None = None) -> Worker:
    """Put the worker together; reads the environment when no settings are given."""
    settings = settings or load(Settings, "ocr")
    processes = Processes(
        recognisers=settings.processes,
        recycle=settings.recycle_pages,
        megabytes=settings.process_mb,
    )
    test = SelfTest(processes, settings.models(), preload=settings.preload)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
        state = connect(settings.redis_url.get_secret_value())
        scratch = Scratch()
        if settings.preload and models.missing(settings.models().folder) is None:
            test.start()
        try:
            yield {"extraction": _extraction(settings, processes, state, scratch)}
        finally:
            await test.close()
            await processes.close()
            scratch.close()
            await state.aclose()

    return create_app(settings, router, lifespan=lifespan, deep_checks={"models": test.problem})


def _extraction(
    settings: Settings, processes: Processes, state: Any, scratch: Scratch
) -> Extraction:
    where = settings.models()
    facts = EngineFacts(version("paddleocr"), models.hashes(where.folder))
    engine = {"paddleocr": facts.version, **facts.models}
    store = PageStore(state, seconds=settings.result_ttl_seconds, engine=engine)
    reader = Reader(
        processes,
        store,
        scratch,
        limits=settings.limits(),
        models=where,
        seconds=settings.page_seconds,
    )
    allowed = Allowed(
        settings.max_bytes, settings.max_pages, settings.slice_pages, settings.job_seconds
    )
    return Extraction(reader, Artifacts(settings.artifacts_url), allowed, engine=facts)
