"""How every worker stops."""

import asyncio
import signal
import time

import pytest

pytestmark = pytest.mark.integration


async def test_sigterm_under_load_finishes_what_runs_and_hands_back_the_rest(service, start, bus):
    first = start(WORKERS_FAILPOINT="slow:1@", PREFETCH="5").wait_ready()
    correlations = [await service.send(bus) for _ in range(20)]
    await asyncio.sleep(0.5)
    first.signal(signal.SIGTERM)
    started = time.monotonic()
    assert first.wait_end() == 0
    assert time.monotonic() - started < 6
    start().wait_ready()
    for correlation in correlations:
        event = await service.answered(bus, correlation, seconds=30)
        assert event.key in service.outcomes
    for correlation in correlations:
        key = (await service.answered(bus, correlation)).key
        same = [e for e in bus.events if (e.key, e.correlation_id) == (key, correlation)]
        assert len({e.message_id for e in same}) == 1
    assert await bus.count(f"{service.queue}.dead") == 0


async def test_handler_over_the_drain_limit_is_handed_over_in_doubt(service, start, bus, tmp_path):
    first = start(WORKERS_FAILPOINT=f"slow:60@{tmp_path}/once", DRAIN_SECONDS="1").wait_ready()
    correlation = await service.send(bus)
    await asyncio.sleep(0.5)
    first.signal(signal.SIGTERM)
    assert first.wait_end(10) == 0
    start().wait_ready()
    assert (await service.answered(bus, correlation, seconds=25)).key in service.outcomes


async def test_worker_says_that_it_stopped_and_leaves_no_consumer(service, worker, bus):
    await bus.heartbeat("idle")
    worker.signal(signal.SIGTERM)
    assert worker.wait_end(10) == 0
    beat = await bus.heartbeat("stopped")
    assert beat.data["tag"] == service.command.tag
    await service.send(bus)
    await asyncio.sleep(0.3)
    assert await bus.count(service.queue) == 1


async def test_worker_stops_while_the_broker_is_away(service, start, private_broker, redis_url):
    worker = start(RMQ_URL=private_broker.url).wait_ready()
    await private_broker.stop()
    worker.signal(signal.SIGTERM)
    assert worker.wait_end(15) == 0
