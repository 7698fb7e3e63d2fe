"""The worker's numbers: one Prometheus registry a process."""

import functools
import os
import time

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Seconds; the longest tasks render documents or wait for a slow authority."""


class Metrics:
    """Every series that the kernel writes, under the names that the dashboards use."""

    def __init__(self, tag: str) -> None:
        self.registry = CollectorRegistry()
        self.tag = tag
        self.started = time.time()
        self.succeeded = 0
        self.failed = 0
        self.last_task_time: float | None = None
        self._of_tasks(self.registry)
        self._of_messages(self.registry)
        _of_process(self.registry)
        # Found once: looking a series up by its labels costs more than counting in it.
        self._counted = functools.cache(functools.partial(self.outcomes.labels, tag))
        self._timed = functools.cache(functools.partial(self.duration.labels, tag))
        self._rate = self.success_rate.labels(tag)

    def _of_tasks(self, registry: CollectorRegistry) -> None:
        self.duration = Histogram(
            "task_duration_seconds",
            "Time in the handler.",
            ["tag", "command"],
            buckets=BUCKETS,
            registry=registry,
        )
        self.outcomes = Counter(
            "worker_outcomes_total",
            "How deliveries ended.",
            ["tag", "command", "outcome"],
            registry=registry,
        )
        self.success_rate = Gauge(
            "task_success_rate",
            "Share of finished tasks that succeeded, 0 to 1.",
            ["tag"],
            registry=registry,
        )
        self.in_flight = Gauge("worker_in_flight", "Messages in hand.", registry=registry)
        self.waiting = Gauge(
            "worker_waiting",
            "Commands of this tag on the delay ladder, as at the last heartbeat.",
            registry=registry,
        )

    def _of_messages(self, registry: CollectorRegistry) -> None:
        self.dead_letters = Counter(
            "worker_dead_letters_total",
            "Messages given up.",
            ["tag", "queue", "code"],
            registry=registry,
        )
        self.publish_retries = Counter(
            "worker_publish_retries_total", "Publishes tried again.", ["reason"], registry=registry
        )
        self.rebuilds = Counter(
            "worker_consumer_rebuilds_total", "Consumers made anew.", ["reason"], registry=registry
        )
        self.made_ids = Counter(
            "worker_made_ids_total",
            "Messages that came without an id.",
            ["property"],
            registry=registry,
        )
        self.queue_depth = Gauge(
            "queue_depth", "Messages ready in a queue.", ["queue"], registry=registry
        )

    def finished(self, command: str, outcome: str, seconds: float | None = None) -> None:
        """Count the end of a delivery: ok, failed, retried, duplicate, invalid, …"""
        self._counted(command, outcome).inc()
        if seconds is not None:
            self._timed(command).observe(seconds)
        if outcome == "ok":
            self.succeeded += 1
        elif outcome in {"failed", "invalid"}:
            self.failed += 1
        else:
            return
        self.last_task_time = time.time()
        total = self.succeeded + self.failed
        self._rate.set(self.succeeded / total)


def _of_process(registry: CollectorRegistry) -> None:
    process = psutil.Process(os.getpid())
    memory = Gauge("worker_memory_usage", "Resident memory in bytes.", registry=registry)
    memory.set_function(lambda: float(process.memory_info().rss))
    cpu = Gauge("worker_cpu_usage", "Processor time in seconds.", registry=registry)
    cpu.set_function(lambda: sum(process.cpu_times()[:2]))
