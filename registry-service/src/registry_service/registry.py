"""The registry itself: beats in, views out; memory leads, Redis follows."""

import asyncio
from datetime import timedelta

from workers_contracts.heartbeat import WorkerStatus
from workers_runtime.logs import get_logger

from .aggregate import worker_view
from .clock import Clock
from .fleet import Fleet, Instance
from .measures import Measures
from .store import Store
from .views import (
    Acceptance,
    Digest,
    InstanceRecord,
    Notice,
    WaitingReply,
    WorkerReply,
    WorkersReply,
    WorkerView,
)

log = get_logger(__name__)

MAX_SKEW = timedelta(seconds=60)
SWEEP_SECONDS = 1.0
DIGEST_SHOWN = timedelta(seconds=150)
"""A scrape older than two rounds says nothing of now."""


class Registry:
    """Knows all workers; memory answers."""

    def __init__(self, store: Store, measures: Measures, clock: Clock) -> None:
        self.fleet = Fleet()
        self._store = store
        self._measures = measures
        self._clock = clock
        self._digests: dict[str, Digest] = {}
        measures.watch(self.workers)

    def heartbeat(self, status: WorkerStatus) -> Acceptance:
        """Take a beat in and say what became of it."""
        now = self._clock()
        if status.last_seen > now + MAX_SKEW:
            seconds = int((status.last_seen - now).total_seconds())
            log.warning("heartbeat from the future clamped", tag=status.tag, id=status.id,
                        seconds_ahead=seconds, action="correct the clock of that host")  # fmt: skip
            status = status.model_copy(update={"last_seen": now})
        self._measures.latency.observe(max(0.0, (now - status.last_seen).total_seconds()))
        accepted = self.fleet.accept(status, now)
        self._measures.heartbeats.labels(accepted.outcome).inc()
        if accepted.outcome in {"registered", "updated"}:
            self._store.put_instance(InstanceRecord(status=status, received_at=now))
        if accepted.outcome == "refused_full":
            log.error("heartbeat refused", reason="too many instances", known=len(self.fleet))
        self._publish(status.tag, accepted.notices)
        return accepted.outcome

    def lose(self, instance: Instance, reason: str) -> None:
        """Show an instance as missing: it does not answer any more."""
        notices = self.fleet.lose(instance, reason, self._clock())
        if notices:
            self._publish(instance.status.tag, notices)

    def sweep(self) -> None:
        """Find the silent and the forgotten."""
        notices = self.fleet.sweep(self._clock())
        for tag in {notice.tag for notice in notices}:
            self._publish(tag, [notice for notice in notices if notice.tag == tag])

    def remove(self, tag: str) -> bool:
        """Forget a worker; False when it is unknown."""
        notices = self.fleet.remove(tag, self._clock())
        if notices:
            self._publish(tag, notices)
        return bool(notices)

    def note_scrape(self, digest: Digest) -> None:
        """Keep what a scrape said."""
        self._digests[digest.tag] = digest
        self._store.put_digest(digest)

    def adopt(self, records: list[InstanceRecord]) -> None:
        """Merge what Redis remembers with what is known, and note all of it for Redis again."""
        for record in records:
            self.fleet.restore(record)
        for instance in self.fleet:
            self._store.put_instance(
                InstanceRecord(status=instance.status, received_at=instance.received_at)
            )
        for tag in self.fleet.tags():
            self._store.put_worker(tag, self._view(tag))

    def workers(self) -> list[WorkerView]:
        """Return all workers, in order of their tags."""
        return [worker_view(tag, self.fleet.of(tag)) for tag in self.fleet.tags()]

    def reply(self) -> WorkersReply:
        """Return all workers with their last scrapes."""
        return WorkersReply(
            workers=[self._reply(view) for view in self.workers()],
            stale=self._store.stale,
            as_of=self._clock(),
        )

    def reply_for(self, tag: str) -> WorkerReply | None:
        """Return one worker with its last scrape, None when it is unknown."""
        view = self._view(tag)
        return self._reply(view) if view else None

    async def waiting(self, tag: str, limit: int) -> WaitingReply | None:
        """Return what waits in a worker, None while Redis is away; the only wait for a server."""
        page = await self._store.waiting(tag, limit)
        if page is None:
            return None
        now = self._clock()
        return WaitingReply(tag=tag, total=page.total, commands=page.entries, as_of=now)

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            self.sweep()
            await asyncio.sleep(SWEEP_SECONDS)

    def _view(self, tag: str) -> WorkerView | None:
        instances = self.fleet.of(tag)
        return worker_view(tag, instances) if instances else None

    def _reply(self, view: WorkerView) -> WorkerReply:
        digest = self._digests.get(view.tag)
        if digest and self._clock() - digest.scraped_at > DIGEST_SHOWN:
            digest = None
        return WorkerReply(**dict(view), stale=self._store.stale, metrics=digest)

    def _publish(self, tag: str, notices: list[Notice] | tuple[Notice, ...]) -> None:
        for notice in notices:
            self._store.announce(notice)
            log.info("worker changed", change=notice.event, tag=tag, id=notice.id,
                     status=notice.status, reason=notice.reason)  # fmt: skip
            if notice.event in {"stopped", "removed"}:
                self._store.drop_instance(tag, notice.id)
        view = self._view(tag)
        if view is None:
            self._digests.pop(tag, None)
        self._store.put_worker(tag, view)
