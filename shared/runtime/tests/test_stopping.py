"""Workers that are asked to stop while they have their hands full hand nothing back."""

import asyncio
import itertools
import re
import signal
import time
from collections import Counter

import pytest

from workers_runtime.testing import Bus

pytestmark = [pytest.mark.integration, pytest.mark.fault]
STOPS = 15
PREFETCH = 25


@pytest.fixture
async def own_bus(private_broker):
    """A bus on a broker whose counters are this test's alone."""
    async with Bus.connect(private_broker.url) as bus:
        yield bus


async def redelivered(broker) -> int:
    """How often the broker delivered a message again since it started."""
    told = await broker.ctl("eval", "rabbit_global_counters:overview().")
    counts = re.findall(r"messages_redelivered_total\s*=>\s*(\d+)", told)
    assert counts, told[:500]
    return sum(map(int, counts))


async def keep_full(bus: Bus, sent: list[str], least: int) -> None:
    """Publish so that always so many commands wait or are in work."""
    for batch in itertools.count():
        while len(sent) - len(bus.events) > least:
            await asyncio.sleep(0.02)
        numbers = [f"slow-0.{n}-{batch}" for n in range(10)]
        await asyncio.gather(
            *(bus.publish("taxpayer.validate", {"number": n}, message_id=n) for n in numbers)
        )
        sent += numbers


def hands_full(worker) -> bool:
    """Say whether a worker has at least half of the messages in hand that it may have."""
    held = re.search(r"^worker_in_flight (\d+)", worker.get("/metrics").text, re.MULTILINE)
    return int(held[1]) >= PREFETCH // 2


async def test_fifteen_stops_under_load_hand_nothing_back(
    own_bus, private_broker, start_worker, probe_program, effects, tmp_path, eventually, request
):
    """No command that reached a worker is delivered again.

    The one exception is the broker's: a quorum queue may ignore an acknowledgement that it reads
    while the channel closes (rabbitmq-server#10327). And what is still inside the broker when a
    consumer is cancelled it takes back itself, and counts as redelivered, although no worker ever
    had it (rabbitmq-server#3729): every flagged delivery must be such a one.
    """
    arrivals = tmp_path / "arrivals.txt"
    environment = {
        "RMQ_URL": private_broker.url,
        "PREFETCH": str(PREFETCH),
        "PROBE_EFFECTS": str(effects),
        "PROBE_ARRIVALS": str(arrivals),
    }
    sent: list[str] = []
    load = asyncio.create_task(keep_full(own_bus, sent, 3 * PREFETCH))
    working = start_worker(probe_program, **environment)
    workers = [working]
    slowest = 0.0
    for _ in range(STOPS):
        following = start_worker(probe_program, **environment)
        workers.append(following)
        for worker in (working, following):
            await asyncio.to_thread(worker.wait_ready, 90)
        await eventually(lambda worker=working: hands_full(worker), 60)
        working.signal(signal.SIGTERM)
        asked = time.monotonic()
        assert await asyncio.to_thread(working.wait_end, 40) == 0
        slowest = max(slowest, time.monotonic() - asked)
        working = following
    load.cancel()
    await asyncio.wait({load})
    await eventually(lambda: len({e.data["number"] for e in own_bus.events}) >= len(sent), 120)
    came = [line.split() for line in arrivals.read_text().splitlines()]
    again = [name for name, count in Counter(name for name, _, _ in came).items() if count > 1]
    flagged = [name for name, flag, _ in came if flag == "1"]
    request.node.user_properties.append(("commands", len(sent)))
    request.node.user_properties.append(("delivered to two workers", len(again)))
    request.node.user_properties.append(("first delivery, flagged by the broker", len(flagged)))
    taken_back = await redelivered(private_broker)
    request.node.user_properties.append(("redelivered by the broker's count", taken_back))
    request.node.user_properties.append(("slowest stop, seconds", round(slowest, 1)))
    assert len(again) <= 1, again
    assert not any("handed back" in worker.log for worker in workers)
    done = [line.split()[0] for line in effects.read_text().splitlines()]
    assert sorted(done) == sorted(sent)
    assert len({event.message_id for event in own_bus.events}) == len(sent)
