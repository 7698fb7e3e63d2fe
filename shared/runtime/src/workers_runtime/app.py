"""Puts a worker together: broker, kernel, watch, health, heartbeat, pages."""

import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from faststream.asgi import AsgiFastStream, AsgiResponse, get
from faststream.asgi.types import Scope
from faststream.rabbit import RabbitBroker
from faststream.specification import AsyncAPI
from prometheus_client import CollectorRegistry

from .binding import bind
from .config import WorkerSettings
from .connection import with_heartbeat
from .consumers import Consumers
from .declare import declare
from .delivery import Exits
from .drain import drain
from .failure import Policy
from .health import DeepCheck, Health
from .heartbeat import Heartbeat
from .journal import Journal
from .journal_redis import RedisJournal
from .kernel import Kernel
from .logs import get_logger
from .metrics import Metrics
from .publisher import Publisher
from .results import Results
from .router import Router
from .tracing import Tracing
from .waiting import WaitingList

Lifespan = Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]]
"""Makes a worker's dependencies; what it yields is found by handlers as `Context("name")`."""

_log = get_logger(__name__)


class Worker:
    """A worker, ready to run; made by `create_app`."""

    def __init__(
        self,
        app: AsgiFastStream,
        settings: WorkerSettings,
        service: str,
        *,
        install: Callable[[], None],
    ) -> None:
        self.app = app
        self.settings = settings
        self.service = service
        self.install = install
        """Makes the worker's telemetry the process's own; called once, by `run`."""
        self.address = ""
        """Where its pages are, known once the server listens."""


def package_version(distribution: str) -> str:
    """Return the installed version of a distribution, ``0`` when run from loose files."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "0"


def create_app(
    settings: WorkerSettings,
    router: Router,
    *,
    lifespan: Lifespan,
    journal: Callable[[str], Journal] | None = None,
    deep_checks: Mapping[str, DeepCheck] | None = None,
    series: Callable[[CollectorRegistry], None] | None = None,
) -> Worker:
    """Put a worker together.

    Args:
        settings: what was read from the environment.
        router: the worker's handlers; all belong to one tag.
        lifespan: makes the dependencies that handlers ask for.
        journal: makes another journal than Redis, given the instance's id.
        deep_checks: the worker's own health checks.
        series: adds the worker's own numbers to those of the kernel.
    """
    tag = _tag(router)
    instance = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    supplies = _supplies(settings, router.service, tag, instance, journal)
    (series or _no_series)(supplies.metrics.registry)
    kernel = _kernel(settings, tag, supplies)
    broker = RabbitBroker(
        with_heartbeat(settings.rmq_url.get_secret_value()),
        logger=None,
        app_id=router.service,
        reconnect_interval=1,
        graceful_timeout=None,
    )
    consumers = _consumers(settings, router, broker, kernel, supplies)
    health = Health(
        consumers=consumers,
        publisher=supplies.publisher,
        journal=supplies.journal,
        metrics=supplies.metrics,
        deep=dict(deep_checks or {}),
    )
    install = partial(supplies.tracing.install, supplies.metrics.registry)
    pages = _pages(broker, health, router, tag)
    worker = Worker(pages, settings, router.service, install=install)
    heartbeat = Heartbeat(
        tag=tag,
        instance=instance,
        version=package_version(router.service),
        address=lambda: worker.address,
        publisher=supplies.publisher,
        consumers=consumers,
        kernel=kernel,
        health=health,
        waiting=supplies.waiting,
        metrics=supplies.metrics,
        seconds=settings.heartbeat_seconds,
    )

    @asynccontextmanager
    async def whole_life() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(supplies.tracing.close)
            stack.push_async_callback(supplies.results.close)
            stack.push_async_callback(supplies.waiting.close)
            dependencies = await stack.enter_async_context(lifespan())
            for name, value in dependencies.items():
                broker.context.set_global(name, value)
            await supplies.journal.start()
            stack.push_async_callback(supplies.journal.stop)
            stack.push_async_callback(supplies.publisher.close)
            await consumers.start()
            heartbeat.start()
            try:
                yield
            finally:
                await drain(
                    consumers,
                    kernel,
                    heartbeat,
                    supplies.publisher,
                    seconds=settings.drain_seconds,
                )

    worker.app.lifespan_context = lambda *_: whole_life()
    return worker


def _no_series(_registry: CollectorRegistry) -> None:
    """Most workers have no numbers of their own."""


@dataclass(frozen=True)
class Supplies:
    """What the kernel of one worker stands on."""

    metrics: Metrics
    publisher: Publisher
    journal: Journal
    results: Results
    waiting: WaitingList
    tracing: Tracing


def _supplies(
    settings: WorkerSettings,
    service: str,
    tag: str,
    instance: str,
    journal: Callable[[str], Journal] | None,
) -> Supplies:
    metrics = Metrics(tag)
    redis_url = settings.redis_url.get_secret_value()
    ttl = settings.journal_ttl_seconds
    book = (
        journal(instance)
        if journal
        else RedisJournal(redis_url, tag=tag, instance=instance, ttl_seconds=ttl)
    )
    publisher = Publisher(
        settings.rmq_url.get_secret_value(),
        name=f"{service} publish",
        metrics=metrics,
        repair=declare,
    )
    results = Results(redis_url, ttl_seconds=settings.result_ttl_seconds)
    tracing = Tracing(service, endpoint=settings.otlp_endpoint)
    waiting = WaitingList(redis_url, tag=tag)
    return Supplies(metrics, publisher, book, results, waiting, tracing)


def _kernel(settings: WorkerSettings, tag: str, supplies: Supplies) -> Kernel:
    exits = Exits(
        tag=tag,
        publisher=supplies.publisher,
        results=supplies.results,
        waiting=supplies.waiting,
        metrics=supplies.metrics,
        environment=settings.environment,
    )
    return Kernel(
        tag=tag,
        journal=supplies.journal,
        exits=exits,
        metrics=supplies.metrics,
        tracing=supplies.tracing,
        policy=Policy(max_age=settings.retry_max_age),
        environment=settings.environment,
        handler_seconds=settings.handler_seconds,
    )


def _consumers(
    settings: WorkerSettings,
    router: Router,
    broker: RabbitBroker,
    kernel: Kernel,
    supplies: Supplies,
) -> Consumers:
    return Consumers(
        broker,
        kernel,
        bind(router, broker, kernel, prefetch=settings.prefetch),
        url=settings.rmq_url.get_secret_value(),
        name=router.service,
        prefetch=settings.prefetch,
        stall_seconds=settings.stall_seconds,
        metrics=supplies.metrics,
    )


def _tag(router: Router) -> str:
    tags = {handler.command.tag for handler in router.handlers}
    if len(tags) != 1:
        raise ValueError(
            f"{router.service} must handle the commands of one tag, not {sorted(tags)}"
        )
    return tags.pop()


def _pages(broker: RabbitBroker, health: Health, router: Router, tag: str) -> AsgiFastStream:
    app: AsgiFastStream

    @get(include_in_schema=False)
    async def asyncapi(_scope: Scope) -> AsgiResponse:
        """The worker's messages as an AsyncAPI 3.0 document."""
        document = app.schema.to_specification().to_json()
        return AsgiResponse(document.encode(), 200, {"content-type": "application/json"})

    # FastStream's own page is not used: it loads scripts from a public host, and its
    # "try it" route lets anyone stop the worker.
    app = AsgiFastStream(
        broker,
        logger=None,
        asgi_routes=[*health.routes(), ("/asyncapi", asyncapi)],
        specification=AsyncAPI(
            title=router.service,
            version=package_version(router.service),
            description=f"Worker {tag}",
            schema_version="3.0.0",
        ),
        asyncapi_path=None,
    )
    return app
