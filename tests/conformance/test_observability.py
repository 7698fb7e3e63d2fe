"""What an operator can see of every worker."""

import asyncio
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.integration


async def test_pages_and_heartbeat(service, worker, bus, subtests):
    correlation = await service.send(bus)
    await service.answered(bus, correlation)
    _health(worker, subtests)
    _metrics(service, worker, subtests)
    _asyncapi(service, worker, subtests)
    await _heartbeat(service, worker, bus, subtests)
    with subtests.test("the log has the ids of the message and none of its content"):
        assert correlation in worker.log
        assert "sandbox-refresh-token" not in worker.log
        assert not re.search(r"eyJ[\w-]+\.[\w-]+\.", worker.log)
        assert "Strada Exemplului" not in worker.log


def _health(worker, subtests):
    with subtests.test("liveness and readiness answer, with each condition"):
        assert worker.get("/health/live").json()["status"] == "alive"
        ready = worker.get("/health/ready")
        assert ready.status_code == 200
        assert ready.json()["checks"]["consuming"] == "ok"
        assert ready.json()["checks"]["journal"] == "ok"
    with subtests.test("there is no page that acts"):
        for path in ("/docs", "/docs/try", "/asyncapi/try", "/"):
            assert worker.get(path).status_code == 404


def _metrics(service, worker, subtests):
    families = {f.name: f for f in text_string_to_metric_families(worker.get("/metrics").text)}
    with subtests.test("the agreed metrics are there"):
        wanted = {
            "task_duration_seconds",
            "task_success_rate",
            "queue_depth",
            "worker_memory_usage",
            "worker_cpu_usage",
            "worker_outcomes",
            "worker_dead_letters",
            "worker_in_flight",
        }
        assert wanted <= families.keys()
    with subtests.test("a finished task is counted"):
        outcomes = [
            s for s in families["worker_outcomes"].samples if s.labels.get("outcome") == "ok"
        ]
        assert any(s.labels["command"] == service.key and s.value >= 1 for s in outcomes)
    with subtests.test("no label holds an id"):
        for family in families.values():
            for sample in family.samples:
                assert not any(
                    re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", v) for v in sample.labels.values()
                )


def _asyncapi(service, worker, subtests):
    document = worker.get("/asyncapi").json()
    with subtests.test("the AsyncAPI document describes each message once"):
        assert "Overwrite channel" not in worker.log
    with subtests.test("the AsyncAPI document names the command, its events and their fields"):
        text = worker.get("/asyncapi").text
        assert document["asyncapi"].startswith("3.")
        assert service.command.__name__ in text
        for event in service.handler.emits:
            assert event.__name__ in text
        for field in service.command.model_fields:
            assert f'"{field}"' in text
    with subtests.test("the AsyncAPI document shows no address of the broker with its password"):
        assert "guest:guest" not in worker.get("/asyncapi").text


async def _heartbeat(service, worker, bus, subtests):
    beat = await bus.heartbeat()
    with subtests.test("a heartbeat says who, where and how"):
        assert beat.data["tag"] == service.command.tag
        assert beat.data["health_endpoint"] == worker.url
        assert beat.data["status"] in {"idle", "running"}
        assert beat.data["metrics"]["memory_bytes"] > 1_000_000
        assert beat.data["last_seen"].endswith("Z")
    with subtests.test("progress grows with the work done"):
        before = bus.heartbeats[-1].data["progress"]
        await service.answered(bus, await service.send(bus))
        for _ in range(60):
            if bus.heartbeats[-1].data["progress"] > before:
                break
            await asyncio.sleep(0.1)
        assert bus.heartbeats[-1].data["progress"] > before


def test_missing_setting_ends_the_start_with_one_line_that_names_it(service, start):
    worker = start(RMQ_URL="")
    assert worker.wait_end(20) == 2
    lines = [line for line in worker.log.splitlines() if line.strip()]
    assert len(lines) == 1
    assert "RMQ_URL" in lines[0]
    assert service.name in lines[0]


def test_secrets_may_come_from_files(service, start, vhost_url, tmp_path):
    secret = tmp_path / "rmq"
    secret.write_text(vhost_url + "\n")
    environment = {"RMQ_URL_FILE": str(secret)}
    worker = start(**environment, RMQ_URL="")
    worker.wait_ready()
