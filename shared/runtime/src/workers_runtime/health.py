"""Is the process alive, and is it able to work? Each answer with its reasons."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from faststream.asgi import AsgiResponse, get
from faststream.asgi.types import ASGIApp, Scope
from prometheus_client import generate_latest

from workers_contracts.heartbeat import Deduction

from .consumers import Consumers
from .errors import JournalUnavailableError
from .journal import Journal
from .metrics import Metrics
from .publisher import Publisher

STALLED_FOR_LIVENESS_SECONDS = 120.0
"""Without progress for this long although a broker answers, a restart is the better try."""


@dataclass(frozen=True)
class Check:
    """One condition of readiness."""

    name: str
    points: int
    problem: str | None


DeepCheck = Callable[[], Awaitable[str | None]]
"""A service's own check: None, or what is wrong."""


class Health:
    """Collects what is wrong; score and readiness are derived from one list."""

    def __init__(
        self,
        *,
        consumers: Consumers,
        publisher: Publisher,
        journal: Journal,
        metrics: Metrics,
        deep: dict[str, DeepCheck],
    ) -> None:
        self._consumers = consumers
        self._publisher = publisher
        self._journal = journal
        self._metrics = metrics
        self._deep = deep
        self._deep_results: dict[str, str | None] = {}

    async def checks(self) -> list[Check]:
        """Run the quick checks; each has a limit, so the page always answers."""
        found = [
            Check("consuming", 60, self._consuming()),
            Check("journal", 40, await self._journal_problem()),
            Check("publisher", 20, None if self._publisher.is_connected else "not connected"),
        ]
        found += [Check(name, 20, problem) for name, problem in self._deep_results.items()]
        return found

    async def run_deep(self) -> None:
        """Refresh the service's own checks (5 s each); called with each heartbeat."""
        for name, check in self._deep.items():
            try:
                self._deep_results[name] = await asyncio.wait_for(check(), 5)
            except TimeoutError:
                self._deep_results[name] = "no answer within 5 s"
            except Exception as error:  # noqa: BLE001 - a check that breaks is a failed check
                self._deep_results[name] = type(error).__name__

    async def deductions(self) -> list[Deduction]:
        """Return why the score is below 100."""
        found = [
            Deduction(reason=check.name, points=check.points, detail=check.problem)
            for check in await self.checks()
            if check.problem
        ]
        done = self._metrics.succeeded + self._metrics.failed
        if done >= 20 and self._metrics.failed / done > 0.5:
            found.append(
                Deduction(reason="failures", points=20, detail="more than half of the tasks failed")
            )
        return found

    def _consuming(self) -> str | None:
        if self._consumers.stopping:
            return "stopping"
        if not self._consumers.consuming:
            return "not consuming: no broker yet, or the consumers are being made anew"
        stalled = self._consumers.stalled_seconds
        return f"no progress for {stalled:.0f} s" if stalled else None

    async def _journal_problem(self) -> str | None:
        try:
            await asyncio.wait_for(self._journal.ping(), 2)
        except (TimeoutError, JournalUnavailableError) as error:
            return str(error) or "no answer within 2 s"
        return None

    def alive(self) -> str | None:
        """Return why a restart is due, or None. A missing broker is no reason: it may come."""
        stalled = self._consumers.stalled_seconds
        if self._consumers.consuming and stalled > STALLED_FOR_LIVENESS_SECONDS:
            return f"work is ready and none was done for {stalled:.0f} s"
        return None

    def routes(self) -> list[tuple[str, ASGIApp]]:
        """Return the worker's pages: liveness, readiness, metrics."""

        @get(include_in_schema=False)
        async def live(_scope: Scope) -> AsgiResponse:
            """Whether the process makes progress."""
            problem = self.alive()
            return _json({"status": "stalled" if problem else "alive", "problem": problem}, problem)

        @get(include_in_schema=False)
        async def ready(_scope: Scope) -> AsgiResponse:
            """Whether the worker can take work, with each condition."""
            checks = await self.checks()
            wrong = {check.name: check.problem for check in checks if check.problem}
            # The publisher connects when first needed; its absence alone refuses no work.
            blocking = {name for name in wrong if name in {"consuming", "journal"}}
            body = {
                "status": "not ready" if blocking else "ready",
                "checks": {check.name: check.problem or "ok" for check in checks},
            }
            return _json(body, blocking)

        @get(include_in_schema=False)
        async def metrics(_scope: Scope) -> AsgiResponse:
            """Every number, in Prometheus text format."""
            return AsgiResponse(
                generate_latest(self._metrics.registry),
                200,
                {"content-type": "text/plain; version=0.0.4; charset=utf-8"},
            )

        return [("/health/live", live), ("/health/ready", ready), ("/metrics", metrics)]


def _json(body: Mapping[str, object], problem: object) -> AsgiResponse:
    return AsgiResponse(
        json.dumps(body, ensure_ascii=False).encode(),
        503 if problem else 200,
        {"content-type": "application/json"},
    )
