"""pytest fixtures for workers on a real broker: `bus` publishes and listens, `start_worker` runs.

They stand on `vhost_url` and `redis_url` of workers-stack's plugin.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from .bus import Bus
from .installed import as_installed
from .process import WorkerProcess

StartWorker = Callable[..., WorkerProcess]


@pytest.fixture
async def bus(vhost_url: str) -> AsyncIterator[Bus]:
    """Another team's view of the bus: publish commands, await events, look at queues."""
    async with Bus.connect(vhost_url) as connected:
        yield connected


@pytest.fixture
def start_worker(vhost_url: str, redis_url: str, tmp_path: Path) -> Iterator[StartWorker]:
    """Start ``python -m <module>`` (or a script) as a process on this test's broker and Redis."""
    started: list[WorkerProcess] = []

    def start(program: str, **environment: str) -> WorkerProcess:
        defaults = {
            "RMQ_URL": vhost_url,
            "REDIS_URL": redis_url,
            "DATABASE_URL": f"sqlite:///{tmp_path}/ledger.db",
            "ARTIFACTS_URL": f"file://{tmp_path}/artifacts",
        }
        worker = WorkerProcess(program, tmp_path, {**defaults, **environment})
        started.append(worker)
        return worker

    yield start
    # All at once: without their broker they need some seconds each.
    for worker in started:
        worker.ask_to_end()
    for worker in started:
        worker.end()


__all__ = ["Bus", "StartWorker", "WorkerProcess", "as_installed", "bus", "start_worker"]
