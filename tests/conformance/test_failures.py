"""What every worker does when it cannot do it: the four classes, crashes, slowness."""

import asyncio
import json

import pytest
import redis.asyncio as redis

from workers_runtime.failpoints import CRASHES

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("fault", ["transient", "quota", "unknown", "unexpected"])
async def test_command_that_fails_once_is_tried_again_and_ends_well(
    service, start, bus, tmp_path, fault
):
    start(WORKERS_FAILPOINT=f"{fault}@{tmp_path}/once").wait_ready()
    correlation = await service.send(bus)
    assert (await service.answered(bus, correlation)).key in service.outcomes
    assert await bus.count(f"{service.queue}.dead") == 0


async def test_permanent_failure_is_a_dead_letter_and_an_event_and_can_be_replayed(
    service, start, bus, tmp_path
):
    worker = start(WORKERS_FAILPOINT=f"permanent@{tmp_path}/once").wait_ready()
    body = service.body()
    await service.send(bus, body=body, message_id="m", correlation_id="p")
    event = await bus.event(service.failed, correlation_id="p")
    assert event.data["code"] == "permanent"
    assert event.data["command"] == service.key
    dead = await bus.take(f"{service.queue}.dead")
    assert json.loads(dead.body) == body
    assert "abcdefghijklmnop0123" not in json.dumps(event.envelope) + str(dead.headers) + worker.log
    await bus.publish(
        service.queue,
        dead.body,
        exchange="",
        message_id="m",
        correlation_id="p",
        headers={"x-replay": 1},
    )
    events = await bus.collect(2, correlation_id="p")
    assert events[1].key in service.outcomes


@pytest.mark.fault
@pytest.mark.parametrize("place", CRASHES)
async def test_worker_killed_at_a_failpoint_loses_nothing_and_repeats_nothing(
    service, start, bus, sandbox, tmp_path, place
):
    dying = start(WORKERS_FAILPOINT=f"{place}@{tmp_path}/once").wait_ready()
    correlation = await service.send(bus)
    assert dying.wait_end() == -9
    start()
    event = await service.answered(bus, correlation, seconds=40)
    assert event.key in service.outcomes
    assert len(await service.ended(bus, correlation, seconds=40)) == 1
    same = [e for e in bus.events if e.key == event.key and e.correlation_id == correlation]
    assert len({e.message_id for e in same}) == 1
    assert len(sandbox.control.uploads()) <= 1
    assert len(sandbox.control.slack()["messages"]) <= 1
    assert len(sandbox.control.mails()) <= 1


async def test_result_is_kept_in_redis(service, worker, bus, redis_url):
    await service.send(bus, message_id="kept", correlation_id="kept")
    event = await service.answered(bus, "kept")
    async with redis.Redis.from_url(redis_url) as client:
        for _ in range(50):
            stored = await client.get("wrk:result:kept")
            if stored:
                break
            # It is kept once all that the command asks for is confirmed by the broker.
            await asyncio.sleep(0.05)
        assert json.loads(stored)[0]["id"] == event.message_id
        assert 0 < await client.ttl("wrk:result:kept") <= 86_400


async def test_slow_handler_does_not_hold_up_others(service, start, bus, tmp_path):
    start(WORKERS_FAILPOINT=f"slow:10@{tmp_path}/once").wait_ready()
    slow = await service.send(bus)
    quick = await service.send(bus)
    first = await service.answered(bus, quick, seconds=9)
    assert first.key in service.outcomes
    assert not [event for event in bus.events if event.correlation_id == slow]
    assert (await service.answered(bus, slow)).key in service.outcomes
