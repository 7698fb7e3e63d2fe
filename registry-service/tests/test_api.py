"""The REST API on a real Redis."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from registry_service.app import build
from workers_runtime.waiting import Waiting, WaitingList

PROBLEM = "application/problem+json"
BEAT = "/v1/workers/anaf.efactura/heartbeat"


def body(status):
    return status.model_dump(mode="json")


async def test_known_workers_are_listed_with_their_reasons(client, service, beat, bearer):
    slow = {"reason": "slow", "points": 40, "detail": "9 s"}
    service.registry.heartbeat(beat(metrics={"health_score": 60, "deductions": [slow]}))
    service.registry.heartbeat(beat(tag="reges"))
    answer = await client.get("/v1/workers", headers=bearer("workers:read"))
    workers = answer.json()["workers"]
    assert answer.status_code == 200
    assert [(w["tag"], w["health_score"]) for w in workers] == [
        ("anaf.efactura", 60),
        ("reges", 100),
    ]
    assert workers[0]["deductions"] == [slow]


async def test_one_worker_is_shown_and_an_unknown_one_is_a_problem(client, service, beat, bearer):
    service.registry.heartbeat(beat())
    shown = await client.get("/v1/workers/anaf.efactura", headers=bearer())
    assert shown.json()["instances"][0]["id"] == "one"
    unknown = await client.get("/v1/workers/nobody", headers=bearer())
    assert unknown.status_code == 404
    assert unknown.headers["content-type"] == PROBLEM
    assert unknown.json()["code"] == "worker_unknown"
    assert "GET /v1/workers" in unknown.json()["detail"]


async def test_what_waits_is_listed_next_due_first(client, bearer, redis_url):
    writer = WaitingList(redis_url, tag="anaf.efactura")
    now = datetime.now(UTC)
    for number, seconds in enumerate((900, 30)):
        await writer.note(
            Waiting(
                message_id=f"m-{number}",
                command="efactura.submit",
                code="anaf_unavailable",
                reason="ANAF answers 503",
                since=now,
                due=now + timedelta(seconds=seconds),
            )
        )
    await writer.close()
    url = "/v1/workers/anaf.efactura/waiting"
    answer = await client.get(url, params={"limit": 1}, headers=bearer("workers:read"))
    assert answer.status_code == 200
    assert answer.json()["total"] == 2
    (shown,) = answer.json()["commands"]
    assert (shown["message_id"], shown["reason"]) == ("m-1", "ANAF answers 503")
    assert (await client.get(url)).status_code == 401


async def test_what_waits_cannot_be_told_while_redis_is_away(lone_service, settings, bearer):
    transport = httpx.ASGITransport(build(settings(), lone_service))
    async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
        answer = await client.get("/v1/workers/reges/waiting", headers=bearer("workers:read"))
    assert (answer.status_code, answer.json()["code"]) == (503, "redis_unavailable")


async def test_heartbeat_over_http_registers_and_an_older_one_is_ignored(client, beat, bearer):
    first = await client.patch(BEAT, json=body(beat()), headers=bearer())
    assert (first.status_code, first.json()) == (200, {"outcome": "registered"})
    older = await client.patch(BEAT, json=body(beat(ago=9)), headers=bearer())
    assert older.json() == {"outcome": "ignored_older"}
    gone = await client.patch(BEAT, json=body(beat(ago=-1, status="stopped")), headers=bearer())
    assert gone.json() == {"outcome": "unregistered"}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"last_seen": "2026-03-02T09:00:00"}, "body.last_seen", "timezone"),
        ({"tag": "reges"}, "body.tag", "as in the path"),
        ({"status": "asleep"}, "body.status", "'running'"),
        ({"metrics": {"health_score": 101}}, "body.metrics.health_score", "100"),
    ],
)
async def test_bad_heartbeat_is_refused_at_its_field(client, beat, bearer, change, field, words):
    answer = await client.patch(BEAT, json=body(beat()) | change, headers=bearer())
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert words in error["problem"]


async def test_refusal_does_not_repeat_the_body(client, beat, bearer):
    change = {"version": {"secret": "hunter2hunter2"}}
    answer = await client.patch(BEAT, json=body(beat()) | change, headers=bearer())
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


async def test_removed_worker_is_unknown_afterwards(client, service, beat, bearer):
    service.registry.heartbeat(beat())
    assert (await client.delete("/v1/workers/anaf.efactura", headers=bearer())).status_code == 204
    again = await client.delete("/v1/workers/anaf.efactura", headers=bearer())
    assert again.status_code == 404


@pytest.mark.parametrize("tag", ["UPPER", "a..b", ".a", "a b", "ș", "a" * 101, "a%2Fb", "a%00"])
async def test_tag_that_is_no_tag_is_refused(client, bearer, tag):
    answer = await client.get(f"/v1/workers/{tag}", headers=bearer())
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/workers"),
        ("GET", "/v1/workers/reges"),
        ("DELETE", "/v1/workers/reges"),
        ("PATCH", BEAT),
    ],
)
async def test_nothing_is_open_without_a_token(client, method, path):
    answer = await client.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert "Authorization: Bearer" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "bearer x", "x"])
async def test_other_credentials_are_refused(client, header):
    answer = await client.get("/v1/workers", headers={"authorization": header})
    assert answer.status_code == 401


async def test_reader_may_not_change_anything(client, beat, bearer):
    reader = bearer("workers:read")
    assert (await client.delete("/v1/workers/reges", headers=reader)).status_code == 403
    answer = await client.patch(BEAT, json=body(beat()), headers=reader)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_large_body_is_refused_before_it_is_read(client, bearer):
    answer = await client.patch(BEAT, content=b" " * 70_000, headers=bearer())
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_body_of_unknown_length_is_refused(client, bearer):
    async def chunks():
        yield b"{}"

    answer = await client.patch(BEAT, content=chunks(), headers=bearer())
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


async def test_body_longer_than_told_is_refused(client, bearer):
    async def chunks():
        yield b" " * 70_000

    headers = bearer() | {"content-length": "10"}
    answer = await client.patch(BEAT, content=chunks(), headers=headers)
    assert answer.status_code == 413


async def test_unexpected_failure_is_a_problem_without_details(
    client, service, bearer, monkeypatch
):
    def fail():
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(service.registry, "reply", fail)
    answer = await client.get("/v1/workers", headers=bearer())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "hunter2" not in answer.text


async def test_liveness_and_readiness_say_what_is_away(client, service, eventually):
    await eventually(lambda: not service.store.stale)
    assert (await client.get("/health/live")).json() == {"live": True, "ended": []}
    ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"broker": "away", "redis": "ok"}
    service.heartbeats.consuming = True
    assert (await client.get("/health/ready")).status_code == 200


async def test_metrics_show_workers_and_lose_them_when_they_are_gone(client, service, beat, clock):
    service.registry.heartbeat(
        beat(metrics={"queue_size": 7, "memory_bytes": 5, "cpu_seconds": 2.5})
    )
    service.registry.heartbeat(beat(id="two", status="error", metrics={"queue_size": None}))
    text = (await client.get("/metrics")).text
    tag = 'tag="anaf.efactura"'
    assert f"worker_count{{{tag}}} 2.0" in text
    assert f'worker_status{{status="error",{tag}}} 1.0' in text or (
        f'worker_status{{{tag},status="error"}} 1.0' in text
    )
    assert f"queue_depth{{{tag}}} 7.0" in text
    assert f"worker_memory_usage{{{tag}}} 5.0" in text
    assert f"worker_cpu_usage{{{tag}}} 2.5" in text
    seen = next(
        line for line in text.splitlines() if line.startswith("worker_last_heartbeat_timestamp")
    )
    assert float(seen.split()[1]) == clock().timestamp()
    assert "heartbeat_latency_count 2.0" in text
    assert "# TYPE failed_health_checks_total counter" in text
    service.registry.remove("anaf.efactura")
    assert tag not in (await client.get("/metrics")).text


async def test_missing_worker_keeps_its_last_heartbeat_for_the_alert(client, service, beat, clock):
    service.registry.heartbeat(beat())
    seen = clock().timestamp()
    clock.forward(400)
    service.registry.sweep()
    text = (await client.get("/metrics")).text
    line = next(x for x in text.splitlines() if x.startswith("worker_last_heartbeat_timestamp"))
    assert clock().timestamp() - float(line.split()[1]) == clock().timestamp() - seen == 400
    assert 'worker_count{tag="anaf.efactura"} 0.0' in text


async def test_beat_from_the_future_is_clamped(service, beat, clock):
    service.registry.heartbeat(beat(ago=-3600))
    (worker,) = service.registry.workers()
    assert worker.last_seen == clock()
    service.registry.heartbeat(beat(id="two", ago=-30))
    assert (
        clock() - service.registry.fleet.get("anaf.efactura", "two").status.last_seen
    ).days == -1


async def test_openapi_describes_tokens_problems_and_examples(client):
    schema = (await client.get("/openapi.json")).json()
    patch = schema["paths"]["/v1/workers/{tag}/heartbeat"]["patch"]
    assert patch["security"] == [{"bearer": []}]
    assert "running" in patch["requestBody"]["content"]["application/json"]["examples"]
    reference = patch["responses"]["401"]["content"][PROBLEM]["schema"]["$ref"]
    assert reference.rsplit("/", 1)[-1] in schema["components"]["schemas"]
    assert "http://" not in json.dumps(schema).replace("http://127.0.0.1", "").replace(
        "http://10.0.0.12", ""
    )


async def test_pages_that_fetch_from_public_hosts_are_not_served(client):
    for path in ("/docs", "/redoc"):
        assert (await client.get(path)).status_code == 404
