"""Every minute: read ``/metrics`` of every instance and keep a small digest."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from prometheus_client.parser import text_string_to_metric_families

from workers_runtime.logs import get_logger

from .clock import Clock
from .fetch import Fetcher, FetchError, RefusedError
from .fleet import Instance
from .measures import Measures
from .registry import Registry
from .views import Digest

log = get_logger(__name__)

INTERVAL_SECONDS = 60.0
TRIES = 3
PAUSE_SECONDS = 0.2
CONCURRENCY = 20

_FAILED = {"failed", "invalid"}


def digest(tag: str, texts: Iterable[str], *, failed: int, at: datetime) -> Digest:
    """Sum what the expositions of a worker's instances say.

    Raises:
        ValueError: a text is not in Prometheus' exposition format.
    """
    sums = {"tasks_succeeded": 0.0, "tasks_failed": 0.0}
    sums |= {"duration_seconds_sum": 0.0, "duration_count": 0.0}
    scraped = 0
    for text in texts:
        scraped += 1
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                field = _field(sample.name, sample.labels)
                if field:
                    sums[field] += sample.value
    return Digest(
        tag=tag, scraped_at=at, instances_scraped=scraped, instances_failed=failed, **sums
    )


def _field(name: str, labels: dict[str, str]) -> str:
    if name == "worker_outcomes_total":
        outcome = labels.get("outcome", "")
        return (
            "tasks_succeeded" if outcome == "ok" else "tasks_failed" if outcome in _FAILED else ""
        )
    return {
        "task_duration_seconds_sum": "duration_seconds_sum",
        "task_duration_seconds_count": "duration_count",
    }.get(name, "")


class Scraper:
    """Scrapes all instances at once, a bounded number at a time: one that hangs delays none."""

    def __init__(
        self, registry: Registry, fetcher: Fetcher, measures: Measures, clock: Clock
    ) -> None:
        self._registry = registry
        self._fetcher = fetcher
        self._measures = measures
        self._clock = clock
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run(self) -> None:
        """Scrape for ever."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self.scrape()

    async def scrape(self) -> None:
        """Scrape every worker once; each worker's digest is kept as soon as it is complete."""
        async with asyncio.TaskGroup() as group:
            for tag in self._registry.fleet.tags():
                living = [i for i in self._registry.fleet.of(tag) if not i.missing]
                if living:
                    group.create_task(self._worker(tag, living))

    async def _worker(self, tag: str, instances: list[Instance]) -> None:
        texts = await asyncio.gather(*(self._instance(instance) for instance in instances))
        good = [text for text in texts if text is not None]
        try:
            # Parsing two megabytes would hold the loop for a while.
            made = await asyncio.to_thread(
                digest, tag, good, failed=len(texts) - len(good), at=self._clock()
            )
        except (ValueError, KeyError, IndexError):
            self._failed(tag, "", "not in Prometheus' text format")
            return
        self._registry.note_scrape(made)

    async def _instance(self, instance: Instance) -> str | None:
        status = instance.status
        reason = ""
        for attempt in range(1, TRIES + 1):
            try:
                async with self._slots:
                    body = await self._fetcher.get(status.health_endpoint, "/metrics")
                return body.decode()
            except RefusedError as error:
                reason = str(error)
                break
            except (FetchError, UnicodeDecodeError) as error:
                reason = str(error) if isinstance(error, FetchError) else "not UTF-8"
            await asyncio.sleep(PAUSE_SECONDS * attempt)
        self._failed(status.tag, status.id, reason)
        return None

    def _failed(self, tag: str, instance_id: str, reason: str) -> None:
        self._measures.failed_checks.labels(tag, "metrics").inc()
        log.warning("scrape failed", tag=tag, id=instance_id, reason=reason, tries=TRIES)
