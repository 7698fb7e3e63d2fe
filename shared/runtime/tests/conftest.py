"""What several tests need: messages as they arrive, a publisher on a server, effects of a probe."""

import asyncio
import importlib.util
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from workers_runtime.declare import declare
from workers_runtime.metrics import Metrics
from workers_runtime.publisher import Publisher


@pytest.fixture
def incoming() -> Callable[..., SimpleNamespace]:
    """Make a delivery as the AMQP library hands it over."""

    def make(body: bytes = b"{}", **properties: object) -> SimpleNamespace:
        defaults: dict[str, object] = {
            "body": body,
            "headers": {},
            "message_id": "m-1",
            "correlation_id": "c-1",
            "content_type": "application/json",
            "content_encoding": None,
            "redelivered": False,
            "timestamp": None,
            "type": None,
            "exchange": "",
        }
        return SimpleNamespace(**{**defaults, **properties})

    return make


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("anaf.taxpayer")


@pytest.fixture
async def make_publisher(metrics: Metrics) -> AsyncIterator[Callable[..., Publisher]]:
    """Make publishers that are closed after the test."""
    made: list[Publisher] = []

    def make(url: str, **options: object) -> Publisher:
        settings = {"name": "test", "metrics": metrics, "repair": declare, **options}
        publisher = Publisher(url, **settings)
        made.append(publisher)
        return publisher

    yield make
    for publisher in made:
        await publisher.close()


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """Wait until a condition holds; fails with its last value."""

    async def wait(condition: Callable[[], object], seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if asyncio.iscoroutine(value):
                value = await value
            if value:
                return
            assert time.monotonic() < deadline, f"still {value!r} after {seconds:g} s"
            await asyncio.sleep(0.05)

    return wait


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    """The file in which the probe worker marks its effects."""
    file = tmp_path / "effects.txt"
    file.touch()
    return file


@pytest.fixture
def run_inner() -> Callable[..., AbstractAsyncContextManager[Any]]:
    """Run a worker inside the test's loop; see `inner_worker.py`."""
    file = Path(__file__).with_name("inner_worker.py")
    spec = importlib.util.spec_from_file_location("inner_worker", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["inner_worker"] = module
    spec.loader.exec_module(module)
    return module.inner_worker


@pytest.fixture
def probe_program() -> str:
    return str(Path(__file__).parent / "probe_worker.py")


@pytest.fixture(autouse=True)
def _clean_log_context() -> Iterator[None]:
    yield
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
