"""How every worker stops."""

import asyncio
import signal
import time

import pytest

from workers_runtime.testing import Bus

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


async def test_workers_stop_while_the_broker_is_away(start_crew, private_broker, subtests):
    crew = start_crew(RMQ_URL=private_broker.url)
    _wait_ready(crew)
    await private_broker.stop()
    _stop_within(crew, 15, subtests)


@pytest.mark.fault
@pytest.mark.parametrize(
    ("frozen_seconds", "work"),
    [(0, "none"), (0, "an answer to publish"), (20, "none"), (20, "an answer to publish")],
)
async def test_workers_stop_within_10_seconds_while_the_broker_is_frozen(
    start_crew, private_broker, tmp_path, until_in_hand, frozen_seconds, work, subtests
):
    """With the drain limit of the default configuration: 25 s would be waited for nothing."""
    once = {"WORKERS_FAILPOINT": f"slow:2@{tmp_path}/once-{{name}}"} if work != "none" else {}
    crew = start_crew(RMQ_URL=private_broker.url, **once)
    _wait_ready(crew)
    async with Bus.connect(private_broker.url) as bus:
        sent = [(service, await service.send(bus)) for service, _ in crew]
        if work == "none":
            for service, correlation in sent:
                await service.answered(bus, correlation, seconds=60)
        else:
            for _, worker in crew:
                await until_in_hand(worker)
        await private_broker.freeze()
        await asyncio.sleep(frozen_seconds)
        await asyncio.to_thread(_stop_within, crew, 10, subtests)
        await private_broker.thaw()
        _wait_ready(start_crew(RMQ_URL=private_broker.url))
        for service, correlation in sent:
            with subtests.test(service.name, moment="its successor answers"):
                event = await service.answered(bus, correlation, seconds=60)
                assert event.key in service.outcomes


def _wait_ready(crew) -> None:
    for _, worker in crew:
        worker.wait_ready(90)


def _stop_within(crew, seconds: float, subtests) -> None:
    """Ask all of them at once to stop; each must, in time and in order."""
    for _, worker in crew:
        worker.signal(signal.SIGTERM)
    started = time.monotonic()
    for service, worker in crew:
        with subtests.test(service.name, moment="stops"):
            assert worker.wait_end(60) == 0
            assert time.monotonic() - started <= seconds
