"""A worker inside the test's own loop, with its parts in reach."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from faststream.rabbit import RabbitBroker

from workers_contracts.taxpayer import TaxpayerValidated, ValidateTaxpayer
from workers_runtime.binding import bind
from workers_runtime.connection import with_heartbeat
from workers_runtime.consumers import Consumers
from workers_runtime.declare import declare
from workers_runtime.delivery import Exits
from workers_runtime.failure import Policy
from workers_runtime.journal_redis import RedisJournal
from workers_runtime.kernel import Kernel
from workers_runtime.metrics import Metrics
from workers_runtime.publisher import Publisher
from workers_runtime.results import Results
from workers_runtime.router import Router
from workers_runtime.tracing import Tracing
from workers_runtime.waiting import WaitingList

TAG = "anaf.taxpayer"


def validated(number: str) -> TaxpayerValidated:
    now = datetime.now(UTC)
    return TaxpayerValidated(
        number=number, country="RO", valid=True, source="local", as_of=now.date(), checked_at=now
    )


@dataclass
class InnerWorker:
    """The parts of a worker that faults are put into."""

    broker: RabbitBroker
    consumers: Consumers
    kernel: Kernel
    journal: RedisJournal
    publisher: Publisher
    metrics: Metrics
    handled: list[str] = field(default_factory=list)
    behave: Callable[[str], object] | None = None

    @property
    def main(self):
        """The subscriber of the public command."""
        return next(s for s in self.broker.subscribers if s.queue.name == TAG)

    def rebuilds(self, reason: str) -> float:
        return self.metrics.rebuilds.labels(reason=reason)._value.get()


@asynccontextmanager
async def inner_worker(
    url: str, redis_url: str, *, prefetch: int = 4, stall_seconds: float = 2.0
) -> AsyncIterator[InnerWorker]:
    """Run a worker whose handler notes each number, then does what ``behave`` says."""
    metrics, tracing = Metrics(TAG), Tracing("inner-worker")
    journal = RedisJournal(redis_url, tag=TAG, instance="inner", ttl_seconds=600)
    results = Results(redis_url, ttl_seconds=60)
    publisher = Publisher(url, name="inner publish", metrics=metrics, repair=declare)
    waiting = WaitingList(redis_url, tag=TAG)
    exits = Exits(
        tag=TAG, publisher=publisher, results=results, waiting=waiting, metrics=metrics,
        environment="production",
    )  # fmt: skip
    kernel = Kernel(
        tag=TAG, journal=journal, exits=exits, metrics=metrics, tracing=tracing,
        policy=Policy(), environment="production", handler_seconds=60,
    )  # fmt: skip
    router = Router("inner-worker")

    @router.handles(ValidateTaxpayer, emits=[TaxpayerValidated])
    async def validate(command: ValidateTaxpayer) -> TaxpayerValidated:
        """Note it."""
        worker.handled.append(command.number)
        if worker.behave is not None:
            outcome = worker.behave(command.number)
            if hasattr(outcome, "__await__"):
                await outcome
        return validated(command.number)

    broker = RabbitBroker(with_heartbeat(url), logger=None, graceful_timeout=None)
    lanes = bind(router, broker, kernel, prefetch=prefetch)
    consumers = Consumers(
        broker, kernel, lanes, url=url, name="inner", prefetch=prefetch,
        stall_seconds=stall_seconds, metrics=metrics,
    )  # fmt: skip
    worker = InnerWorker(broker, consumers, kernel, journal, publisher, metrics)
    async with AsyncExitStack() as stack:
        stack.callback(tracing.close)
        stack.push_async_callback(results.close)
        stack.push_async_callback(waiting.close)
        await journal.start()
        stack.push_async_callback(journal.stop)
        stack.push_async_callback(publisher.close)
        await consumers.start()
        stack.push_async_callback(consumers.close)
        stack.push_async_callback(consumers.cancel)
        yield worker
