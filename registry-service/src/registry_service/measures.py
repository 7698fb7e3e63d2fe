"""The registry's own numbers, and those of the workers it knows."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .views import WorkerView

_STATES = ("running", "idle", "error", "missing")


class WorkersCollector(Collector):
    """Reads the fleet at each scrape, so that a worker that is gone leaves no series behind."""

    def __init__(self, workers: Callable[[], Iterable[WorkerView]]) -> None:
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """Yield one family a number, labelled with the worker's tag."""
        workers = list(self._workers())
        yield _family("worker_count", "Instances that live.", workers, _living)
        yield _states(workers)
        yield _family(
            "queue_depth", "Messages ready for a worker.", workers, lambda w: w.queue_size
        )
        yield _family(
            "worker_waiting",
            "Commands that wait for another try or an authority.",
            workers,
            lambda w: w.waiting,
        )
        yield _family(
            "worker_last_heartbeat_timestamp_seconds",
            "When the newest beat was made, seconds since 1970.",
            workers,
            lambda w: w.last_seen.timestamp(),
        )
        yield _family(
            "worker_memory_usage",
            "Resident memory of all instances, bytes.",
            workers,
            lambda w: sum(i.memory_bytes for i in w.instances),
        )
        yield _family(
            "worker_cpu_usage",
            "Processor time of all instances, seconds.",
            workers,
            lambda w: sum(i.cpu_seconds for i in w.instances),
        )
        yield _family(
            "worker_health_score", "Lowest score, 0 to 100.", workers, lambda w: w.health_score
        )


def _living(worker: WorkerView) -> float:
    return sum(not instance.missing for instance in worker.instances)


def _family(
    name: str,
    text: str,
    workers: list[WorkerView],
    value: Callable[[WorkerView], float | None],
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["tag"])
    for worker in workers:
        number = value(worker)
        if number is not None:
            family.add_metric([worker.tag], number)
    return family


def _states(workers: list[WorkerView]) -> Metric:
    family = GaugeMetricFamily("worker_status", "Instances by status.", labels=["tag", "status"])
    for worker in workers:
        shown = ["missing" if i.missing else i.status for i in worker.instances]
        for state in _STATES:
            family.add_metric([worker.tag, state], shown.count(state))
    return family


class Measures:
    """What the registry counts itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.latency = Histogram(
            "heartbeat_latency",
            "Seconds from making a beat to receiving it.",
            buckets=(0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=self.registry,
        )
        self.heartbeats = Counter(
            "registry_heartbeats",
            "Beats by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.unrouted = Counter(
            "registry_unrouted",
            "Commands that no queue took, by what became of them: forwarded or refused.",
            ["outcome"],
            registry=self.registry,
        )
        self.failed_checks = Counter(
            "failed_health_checks",
            "Scrapes and liveness probes of workers that failed.",
            ["tag", "check"],
            registry=self.registry,
        )

    def watch(self, workers: Callable[[], Iterable[WorkerView]]) -> None:
        """Show the workers, too."""
        self.registry.register(WorkersCollector(workers))
