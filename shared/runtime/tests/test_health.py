"""Health: one list of conditions; readiness, liveness and the score follow from it."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from workers_runtime.errors import JournalUnavailableError
from workers_runtime.health import STALLED_FOR_LIVENESS_SECONDS, Health


class FakeJournal:
    """A journal that answers, refuses or hangs."""

    def __init__(self) -> None:
        self.how = "answers"

    async def ping(self) -> None:
        if self.how == "refuses":
            raise JournalUnavailableError("Redis does not answer: ConnectionError")
        if self.how == "hangs":
            await asyncio.sleep(60)


@pytest.fixture
def parts(metrics):
    return SimpleNamespace(
        consumers=SimpleNamespace(consuming=True, stopping=False, stalled_seconds=0.0),
        publisher=SimpleNamespace(is_connected=True),
        journal=FakeJournal(),
        metrics=metrics,
        deep={},
    )


@pytest.fixture
def health(parts) -> Health:
    return Health(**vars(parts))


@pytest.fixture
def ask(health):
    """Ask one of the pages; returns status and body."""

    async def get(path: str) -> tuple[int, bytes]:
        app = dict(health.routes())[path]
        sent: list[dict] = []

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
        await app(scope, receive, send)
        return sent[0]["status"], sent[1]["body"]

    return get


async def score(health: Health) -> int:
    return 100 - sum(deduction.points for deduction in await health.deductions())


async def test_all_well_is_100_and_ready(health, ask):
    assert await health.deductions() == []
    assert (await ask("/health/ready"))[0] == (await ask("/health/live"))[0] == 200


@pytest.mark.parametrize(
    ("change", "reason", "points", "ready"),
    [
        ({"consuming": False}, "consuming", 60, False),
        ({"stopping": True}, "consuming", 60, False),
        ({"stalled_seconds": 12.0}, "consuming", 60, False),
        ({"journal": "refuses"}, "journal", 40, False),
        ({"is_connected": False}, "publisher", 20, True),
    ],
)
async def test_each_problem_has_its_deduction(health, parts, ask, change, reason, points, ready):
    for name, value in change.items():
        if name == "journal":
            parts.journal.how = value
        elif name == "is_connected":
            parts.publisher.is_connected = value
        else:
            setattr(parts.consumers, name, value)
    (deduction,) = await health.deductions()
    assert (deduction.reason, deduction.points) == (reason, points)
    assert deduction.detail
    assert await score(health) == 100 - points
    status, body = await ask("/health/ready")
    assert (status == 200) is ready
    assert json.loads(body)["checks"][reason] == deduction.detail


async def test_journal_that_hangs_does_not_hang_the_page(health, parts, ask):
    parts.journal.how = "hangs"
    status, body = await asyncio.wait_for(ask("/health/ready"), 5)
    assert status == 503
    assert "2 s" in json.loads(body)["checks"]["journal"]


async def test_deep_checks_are_kept_with_their_cause(health, parts):
    async def good() -> None:
        return None

    async def bad() -> str:
        return "the certificate ends in 3 days"

    async def broken() -> None:
        raise ConnectionResetError("s3cret")

    health._deep.update(good=good, bad=bad, broken=broken)
    await health.run_deep()
    found = {deduction.reason: deduction.detail for deduction in await health.deductions()}
    assert found == {"bad": "the certificate ends in 3 days", "broken": "ConnectionResetError"}


async def test_many_failures_cost_points_only_when_they_are_many(health, metrics):
    for _ in range(19):
        metrics.finished("x", "failed")
    assert await score(health) == 100
    metrics.finished("x", "failed")
    assert [d.reason for d in await health.deductions()] == ["failures"]
    for _ in range(21):
        metrics.finished("x", "ok")
    assert await score(health) == 100


async def test_liveness_fails_only_for_a_long_stall_with_a_broker(health, parts, ask):
    parts.consumers.stalled_seconds = STALLED_FOR_LIVENESS_SECONDS + 1
    assert (await ask("/health/live"))[0] == 503
    # Without a broker a restart helps nobody.
    parts.consumers.consuming = False
    assert (await ask("/health/live"))[0] == 200


async def test_metrics_page_has_every_series(ask, metrics):
    metrics.finished("taxpayer.validate", "ok", 0.2)
    _, body = await ask("/metrics")
    for name in ("task_duration_seconds_bucket", "worker_outcomes_total", "task_success_rate",
                 "worker_memory_usage", "worker_cpu_usage", "worker_in_flight"):  # fmt: skip
        assert name in body.decode()
