"""What every worker does with a message, good or bad."""

import asyncio
import json
import time

import pytest

from workers_contracts.topology import MAX_MESSAGE_BYTES

pytestmark = pytest.mark.integration


async def test_good_and_bad_messages(service, worker, bus, publish_bare, subtests):
    """One worker, one broker: each behaviour is a subtest of its own."""
    await _good(service, bus, subtests)
    await _bad(service, bus, subtests)
    await _identity(service, worker, bus, publish_bare, subtests)
    await _envelope(service, bus, subtests)
    with subtests.test("nothing is left waiting"):
        await asyncio.sleep(0.3)
        assert await bus.count(service.queue) == 0
        assert await bus.count(f"{service.queue}.suspect") == 0
        assert await bus.count("workers.unrouted") == 0


async def _good(service, bus, subtests):
    with subtests.test("a valid command ends in one of its events"):
        correlation = await service.send(bus)
        event = await service.answered(bus, correlation)
        assert event.key in service.outcomes


async def _bad(service, bus, subtests):
    valid = service.body()
    needed = [name for name, one in service.command.model_fields.items() if one.is_required()]
    field = next(iter([*needed, *valid]))
    bad = {
        "bad JSON": (b'{"broken": ', None, "not JSON"),
        "not UTF-8": (b'{"\xff\xfe": 1}', None, ""),
        "an empty body": (b"", None, "not JSON"),
        "a list": (b"[]", None, ""),
        "a wrong type": (json.dumps({**valid, field: {"no": 1}}).encode(), field, field),
        "an unknown field": (
            json.dumps({**valid, f"{field}x": 1}).encode(),
            f"{field}x",
            "unknown",
        ),
        "a message over the limit": (
            json.dumps({**valid, "x": "y" * MAX_MESSAGE_BYTES}).encode(),
            None,
            "artifact",
        ),
        "deep nesting": (b"[" * 50_000, None, ""),
    }
    if needed:
        # Where fields stand in for one another, none of them is required.
        left = {k: v for k, v in valid.items() if k != field}
        bad["a missing field"] = (json.dumps(left).encode(), field, "required")
    for name, (body, expected, words) in bad.items():
        with subtests.test(f"{name} becomes a dead letter and a failed event that names the field"):
            correlation = f"bad {name}"
            await bus.publish(service.key, body, message_id=name, correlation_id=correlation)
            event = await bus.event(service.failed, correlation_id=correlation)
            assert event.data["field"] == expected
            assert words in event.data["message"]
            assert event.data["code"] in {"invalid_message", "message_too_large"}
            dead = await bus.take(f"{service.queue}.dead")
            assert dead.body == body
            assert dead.headers["x-reason-code"] == event.data["code"]
            assert dead.headers["x-queue"] == service.queue
    with subtests.test("a compressed body is refused with help"):
        await bus.publish(
            service.key,
            service.body(),
            message_id="gz",
            correlation_id="gz",
            content_encoding="gzip",
        )
        event = await bus.event(service.failed, correlation_id="gz")
        assert "compressed" in event.data["message"]
        await bus.take(f"{service.queue}.dead")


async def _identity(service, worker, bus, publish_bare, subtests):
    with subtests.test("missing ids are made, and said"):
        before = len(bus.events)
        publish_bare(service.key, service.body())
        event = (await bus.collect(before + 1))[before]
        assert event.correlation_id
        assert event.envelope["causationid"]
        assert "without message_id" in worker.log
    with subtests.test("hostile headers change nothing"):
        headers = {"x-attempt": "many", "x-due-ms": "soon", "x-replay": -5, "x-in-doubt": "maybe"}
        correlation = await service.send(bus, headers=headers)
        assert (await service.answered(bus, correlation)).key in service.outcomes
    with subtests.test("notes of the kernel count only on its own copies"):
        tomorrow = int((time.time() + 86_400) * 1000)
        headers = {"x-attempt": 9, "x-due-ms": tomorrow, "x-first-seen-ms": 1, "x-in-doubt": 1}
        correlation = await service.send(bus, headers=headers)
        assert (await service.answered(bus, correlation)).key in service.outcomes
    with subtests.test("a duplicate is answered with the recorded event"):
        body = service.body()
        for _ in range(3):
            await service.send(bus, body=body, message_id="dup", correlation_id="dup")
            await service.answered(bus, "dup")
        first = (await bus.collect(3, correlation_id="dup"))[0]
        same = [e for e in bus.events if e.correlation_id == "dup" and e.key == first.key]
        assert len({event.message_id for event in same}) == 1
    with subtests.test("another command under a used message id is refused, not swallowed"):
        await service.send(bus, message_id="used", correlation_id="used first")
        await service.answered(bus, "used first")
        other = {**service.body(), **_other(service)}
        await service.send(bus, body=other, message_id="used", correlation_id="used again")
        event = await bus.event(service.failed, correlation_id="used again")
        assert event.data["code"] == "message_id_reused"
        dead = await bus.take(f"{service.queue}.dead")
        assert json.loads(dead.body) == other
    with subtests.test("two tenants may use the same message id"):
        for tenant in ("a", "b"):
            await service.send(
                bus, message_id="shared", correlation_id=f"tenant {tenant}", headers={"tid": tenant}
            )
        events = [await service.answered(bus, f"tenant {t}") for t in ("a", "b")]
        assert [event.envelope["tid"] for event in events] == ["a", "b"]


def _other(service) -> dict[str, object]:
    """Return a change that makes an equal command another one."""
    fields = service.command.model_fields
    name = next(n for n, field in fields.items() if field.annotation in (bool, str) and n != "cif")
    return {name: True} if fields[name].annotation is bool else {name: "12345674"}


async def _envelope(service, bus, subtests):
    correlation = await service.send(
        bus,
        message_id="cause",
        headers={
            "tid": "t-1",
            "traceparent": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
        },
    )
    event = await service.answered(bus, correlation)
    with subtests.test("an event is a CloudEvent 1.0 in structured JSON"):
        required = {"specversion", "id", "source", "type", "time", "datacontenttype", "data"}
        assert required <= event.envelope.keys()
        assert event.envelope["specversion"] == "1.0"
        assert event.envelope["time"].endswith("Z")
        assert all(name.isalnum() and name.islower() for name in event.envelope)
    with subtests.test("the AMQP properties mirror the envelope"):
        assert event.message_id == event.envelope["id"]
        assert event.correlation_id == event.envelope["correlationid"] == correlation
        assert event.key == event.envelope["type"]
        assert event.headers["tid"] == event.envelope["tid"] == "t-1"
    with subtests.test("an event names its cause and is persistent"):
        assert event.envelope["causationid"] == "cause"
        assert event.persistent
    with subtests.test("the trace of the publisher goes on in the event"):
        assert event.envelope["traceparent"].split("-")[1] == "0123456789abcdef0123456789abcdef"
