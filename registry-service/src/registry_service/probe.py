"""A crash is seen in seconds: an instance that answered before and refuses now is missing.

A probe alone never condemns an instance that this host could not reach in the first place,
and the next heartbeat always acquits it.
"""

import asyncio

from workers_runtime.logs import get_logger

from .fetch import Fetcher, FetchError, UnreachableError
from .fleet import Instance
from .measures import Measures
from .registry import Registry

log = get_logger(__name__)

INTERVAL_SECONDS = 2.0
LIMIT_SECONDS = 2.0
REFUSALS = 2
"""In a row, before an instance counts as crashed."""

CONCURRENCY = 20


class Prober:
    """Asks ``/health/live`` of every instance."""

    def __init__(self, registry: Registry, fetcher: Fetcher, measures: Measures) -> None:
        self._registry = registry
        self._fetcher = fetcher
        self._measures = measures
        self._refusals: dict[tuple[str, str], int] = {}
        """Of the instances that answered at least once: refusals since."""
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run(self) -> None:
        """Probe for ever."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self.probe()

    async def probe(self) -> None:
        """Probe every living instance once."""
        living = [instance for instance in self._registry.fleet if not instance.missing]
        await asyncio.gather(*(self._instance(instance) for instance in living))
        known = {(i.status.tag, i.status.id) for i in living}
        self._refusals = {key: n for key, n in self._refusals.items() if key in known}

    async def _instance(self, instance: Instance) -> None:
        status = instance.status
        key = (status.tag, status.id)
        try:
            async with self._slots:
                await self._fetcher.get(status.health_endpoint, "/health/live", LIMIT_SECONDS)
            self._refusals[key] = 0
        except UnreachableError:
            self._measures.failed_checks.labels(status.tag, "live").inc()
            if key in self._refusals:
                self._refused(key)
        except FetchError as error:
            # Slow or unwell is for its heartbeats to tell; only silence of the port is a crash.
            self._measures.failed_checks.labels(status.tag, "live").inc()
            log.debug("liveness probe failed", tag=status.tag, id=status.id, reason=str(error))

    def _refused(self, key: tuple[str, str]) -> None:
        self._refusals[key] += 1
        if self._refusals[key] >= REFUSALS:
            del self._refusals[key]
            current = self._registry.fleet.get(*key)
            if current is not None:
                self._registry.lose(current, "its port is closed: the process ended or crashed")
