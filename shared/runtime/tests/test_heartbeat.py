"""Heartbeats: what an instance says of itself, and that an old beat is never sent late."""

import asyncio
import json
from types import SimpleNamespace

import aio_pika
import pytest

from workers_contracts.heartbeat import Deduction, WorkerStatus
from workers_runtime.heartbeat import Heartbeat
from workers_runtime.kernel import Progress


class FakePublisher:
    """Keeps what it is given; hangs while ``away``."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, aio_pika.Message]] = []
        self.away = False

    async def publish(self, exchange, key, message, *, mandatory):
        while self.away:
            await asyncio.sleep(0.01)
        self.sent.append((exchange, key, message))

    def statuses(self) -> list[WorkerStatus]:
        return [WorkerStatus.model_validate(json.loads(m.body)["data"]) for _, _, m in self.sent]


@pytest.fixture
def parts(metrics):
    deductions: list[Deduction] = []

    async def listed():
        return list(deductions)

    async def counted():
        return 3

    async def run_deep():
        return None

    return SimpleNamespace(
        publisher=FakePublisher(),
        consumers=SimpleNamespace(consuming=True, ready=7),
        waiting=SimpleNamespace(count=counted),
        kernel=SimpleNamespace(
            running=set(), progress={"q": Progress(5, 3), "q.s": Progress(1, 1)}
        ),
        health=SimpleNamespace(deductions=listed, run_deep=run_deep),
        metrics=metrics,
        list=deductions,
    )


@pytest.fixture
async def heartbeat(parts):
    beat = Heartbeat(
        tag="anaf.taxpayer", instance="host-1", version="1.2", address=lambda: "http://h:1",
        publisher=parts.publisher, consumers=parts.consumers, kernel=parts.kernel,
        health=parts.health, waiting=parts.waiting, metrics=parts.metrics, seconds=0.1,
    )  # fmt: skip
    yield beat
    parts.publisher.away = False
    await beat.stop()


async def test_status_tells_progress_queue_and_score(heartbeat, parts):
    parts.metrics.finished("x", "ok", 0.1)
    status = await heartbeat.status()
    assert (status.id, status.tag, status.version) == ("host-1", "anaf.taxpayer", "1.2")
    assert status.progress == 4
    assert status.metrics.queue_size == 7
    assert status.metrics.waiting == 3
    assert status.metrics.tasks_succeeded == 1
    assert status.metrics.last_task_time is not None
    assert status.metrics.memory_bytes > 1_000_000
    assert status.status == "idle"
    assert status.metrics.health_score == 100


async def test_status_follows_score_and_work(heartbeat, parts):
    parts.kernel.running.add(object())
    assert (await heartbeat.status()).status == "running"
    parts.list.append(Deduction(reason="consuming", points=60))
    assert (await heartbeat.status()).status == "error"
    parts.list.append(Deduction(reason="journal", points=60))
    assert (await heartbeat.status()).metrics.health_score == 0


async def test_beat_is_a_cloud_event_that_expires(heartbeat, parts, eventually):
    heartbeat.start()
    await eventually(lambda: parts.publisher.sent)
    exchange, key, message = parts.publisher.sent[0]
    assert (exchange, key) == ("workers.heartbeats", "worker.heartbeat")
    envelope = json.loads(message.body)
    assert envelope["type"] == "worker.heartbeat"
    assert envelope["id"] == message.message_id
    assert envelope["subject"] == "host-1"
    assert message.expiration


async def test_no_stale_beat_after_the_broker_was_away(heartbeat, parts, eventually):
    parts.publisher.away = True
    heartbeat.start()
    await asyncio.sleep(0.5)
    before = asyncio.get_running_loop().time()
    parts.publisher.away = False
    await eventually(lambda: parts.publisher.sent)
    status = parts.publisher.statuses()[0]
    now = (await heartbeat.status()).last_seen
    elapsed = asyncio.get_running_loop().time() - before
    assert (now - status.last_seen).total_seconds() < elapsed + 0.25


async def test_stopped_is_said_last(heartbeat, parts, eventually):
    heartbeat.start()
    await eventually(lambda: parts.publisher.sent)
    await heartbeat.stop()
    assert parts.publisher.statuses()[-1].status == "stopped"
    count = len(parts.publisher.sent)
    await asyncio.sleep(0.3)
    assert len(parts.publisher.sent) == count


async def test_stop_does_not_wait_for_a_broker_that_is_away(heartbeat, parts):
    parts.publisher.away = True
    heartbeat.start()
    await asyncio.sleep(0.05)
    await asyncio.wait_for(heartbeat.stop(), 4)
