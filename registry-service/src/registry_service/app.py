"""The composition root: what is made, how it is wired, when it starts and stops."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from prometheus_fastapi_instrumentator import Instrumentator

from .api import Guard, routes
from .clock import Clock, utc_now
from .config import Settings
from .fetch import Fetcher
from .heartbeats import Heartbeats
from .jobs import end, start
from .measures import Measures
from .portal import Collector
from .portal_api import portal_routes
from .probe import Prober
from .problems import Problem, install
from .registry import Registry
from .scrape import Scraper
from .store import Store, connect
from .tokens import Keyring
from .unrouted import Unrouted

VERSION = version("registry-service")
DESCRIPTION = """Which workers live, how healthy they are, and what they speak.

Tokens are JWT (HS256) with `iss`, `aud`, `exp` and `scope`: `workers:read` to read,
`workers:admin` to change. Errors are problems (RFC 9457) that say what to do."""


@dataclass
class Service:
    """Everything the process runs."""

    registry: Registry
    store: Store
    heartbeats: Heartbeats
    scraper: Scraper
    prober: Prober
    collector: Collector
    unrouted: Unrouted
    fetcher: Fetcher
    measures: Measures
    keyring: Keyring
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        """Start all jobs; none of them needs a server to be there."""
        jobs: dict[str, Coroutine[Any, Any, None]] = {
            "store": self.store.run(self.registry.adopt),
            "sweep": self.registry.run(),
            "heartbeats": self.heartbeats.run(),
            "scrape": self.scraper.run(),
            "probe": self.prober.run(),
            "asyncapi": self.collector.run(),
            "unrouted": self.unrouted.run(),
        }
        self._tasks = [start(name, job) for name, job in jobs.items()]

    async def stop(self) -> None:
        """End all jobs and hang up, within a few seconds whatever the servers do."""
        await end(self._tasks)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                await asyncio.gather(
                    self.store.close(), self.fetcher.close(), self.unrouted.close()
                )

    def failed_jobs(self) -> list[str]:
        """Name the jobs that ended; a registry without one of them is not alive."""
        return [task.get_name() for task in self._tasks if task.done()]


def make_service(settings: Settings, clock: Clock = utc_now) -> Service:
    """Make everything; nothing is connected or started yet.

    Raises:
        SettingsError: the signing key is missing or too short.
    """
    measures = Measures()
    store = Store(connect(settings.redis_url.get_secret_value()), clock)
    registry = Registry(store, measures, clock)
    fetcher = Fetcher()
    return Service(
        registry=registry,
        store=store,
        heartbeats=Heartbeats(settings.rmq_url.get_secret_value(), registry, measures),
        scraper=Scraper(registry, fetcher, measures, clock),
        prober=Prober(registry, fetcher, measures),
        collector=Collector(registry, fetcher),
        unrouted=Unrouted(settings.rmq_url.get_secret_value(), measures, settings.environment),
        fetcher=fetcher,
        measures=measures,
        keyring=Keyring.of(settings),
    )


def build(settings: Settings, service: Service | None = None) -> FastAPI:
    """Return the app; its lifespan starts and stops the service."""
    made = service or make_service(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        made.start()
        yield
        await made.stop()

    app = FastAPI(
        title="workers-core registry",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        # Their pages fetch scripts from public hosts; /portal and /openapi.json are ours.
        docs_url=None,
        redoc_url=None,
    )
    install(app)
    app.include_router(routes(made.registry, Guard(made.keyring, open_reads=settings.is_dev)))
    app.include_router(portal_routes(made.registry, made.collector, VERSION))
    app.include_router(_health_routes(made))
    instrumentator = Instrumentator(
        registry=made.measures.registry, excluded_handlers=["/metrics", "/health/.*"]
    )
    instrumentator.instrument(app).expose(app, endpoint="/metrics", tags=["health"])
    _describe(app)
    return app


def _health_routes(service: Service) -> APIRouter:
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("/live", responses={503: {"description": "A job ended."}})
    async def live() -> JSONResponse:
        """Say whether every job of the process still runs."""
        failed = service.failed_jobs()
        return JSONResponse({"live": not failed, "ended": failed}, 503 if failed else 200)

    @router.get("/ready", responses={503: {"description": "The broker is away."}})
    async def ready() -> JSONResponse:
        """Say whether heartbeats are consumed. Redis may be away: memory answers."""
        consuming = service.heartbeats.consuming
        redis = "away" if service.store.stale else "ok"
        checks = {"broker": "ok" if consuming else "away", "redis": redis}
        return JSONResponse({"ready": consuming, "checks": checks}, 200 if consuming else 503)

    return router


def _describe(app: FastAPI) -> None:
    """Complete the OpenAPI with what FastAPI does not write: problems and tokens."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        schema = made()
        components = schema.setdefault("components", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        components.setdefault("schemas", {}).update(problem.pop("$defs"), Problem=problem)
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        components["securitySchemes"] = {"bearer": bearer}
        for path, operations in schema["paths"].items():
            if path.startswith("/v1/"):
                for operation in operations.values():
                    operation["security"] = [{"bearer": []}]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
