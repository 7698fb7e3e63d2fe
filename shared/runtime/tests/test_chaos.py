"""Workers killed at random under load: every command ends in exactly one event.

``CHAOS_COMMANDS=10000 CHAOS_KILLS=40`` makes a longer run; the figures are in the test's report
(``--junitxml``) and in the file that CHAOS_REPORT names.
"""

import asyncio
import collections
import json
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import httpx
import pytest

from workers_contracts.topology import COMMANDS, DELAYS_SECONDS, EVENTS, delay_name
from workers_runtime.declare import declare
from workers_runtime.testing import WorkerProcess

pytestmark = [pytest.mark.integration, pytest.mark.fault]
COMMAND_COUNT = int(os.environ.get("CHAOS_COMMANDS", "2000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "8"))
WORKERS = 3
POISON = 5
DUPLICATES = 50
QUEUE = "anaf.taxpayer"


@dataclass
class Seen:
    """What a subscriber of every event saw: the ids of the events of each command."""

    ids: dict[str, set[str]] = field(default_factory=lambda: collections.defaultdict(set))
    count: int = 0


@dataclass
class Fleet:
    """Workers that are killed and started again."""

    start: object
    workers: list[WorkerProcess] = field(default_factory=list)
    killed: list[int] = field(default_factory=list)

    def fill(self) -> None:
        self.workers = [worker for worker in self.workers if worker.running]
        while len(self.workers) < WORKERS:
            self.workers.append(self.start())

    def is_ready(self, worker: WorkerProcess) -> bool:
        try:
            return worker.running and worker.get("/health/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def kill_one(self, dice: random.Random) -> bool:
        """Kill a random worker that is consuming; killing one that only starts proves little."""
        ready = [worker for worker in self.workers if self.is_ready(worker)]
        if not ready:
            return False
        victim = dice.choice(ready)
        victim.signal(signal.SIGKILL)
        victim.wait_end()
        self.killed.append(victim.pid)
        return True


def number(n: int) -> str:
    if n < POISON:
        return f"permanent-{n}"
    if n % 20 == 0:
        return f"flaky-{n}"
    return f"slow-0.0{n % 9}-{n}"


@pytest.fixture
async def channel(vhost_url: str):
    async with await aio_pika.connect(vhost_url) as connection:
        opened = await connection.channel()
        await declare(opened)
        yield opened


@pytest.fixture
async def seen(channel) -> Seen:
    events, found = await channel.declare_queue("chaos.events", auto_delete=True), Seen()
    await events.bind(EVENTS, "#")

    async def receive(message) -> None:
        envelope = json.loads(message.body)
        found.ids[envelope["correlationid"]].add(f"{envelope['type']} {message.message_id}")
        found.count += 1

    await events.consume(receive, no_ack=True)
    return found


@pytest.fixture
def fleet(start_worker, probe_program, effects) -> Fleet:
    return Fleet(
        lambda: start_worker(
            probe_program, PROBE_EFFECTS=str(effects), PREFETCH="25", HEARTBEAT_SECONDS="30"
        )
    )


async def publish_all(channel) -> None:
    exchange = await channel.get_exchange(COMMANDS)
    names = [number(n) for n in range(COMMAND_COUNT)]
    names += random.Random(1).sample(names[POISON:], DUPLICATES)
    random.Random(2).shuffle(names)
    for start in range(0, len(names), 200):
        await asyncio.gather(
            *(
                exchange.publish(
                    aio_pika.Message(
                        json.dumps({"number": name}).encode(),
                        message_id=name,
                        correlation_id=name,
                        delivery_mode=2,
                    ),
                    "taxpayer.validate",
                )
                for name in names[start : start + 200]
            )
        )


async def waiting(channel) -> dict[str, int]:
    """Messages in the queues that must end empty, and in that of the dead letters."""
    names = [QUEUE, f"{QUEUE}.suspect", f"{QUEUE}.dead", "workers.unrouted"]
    names += [delay_name(seconds) for seconds in DELAYS_SECONDS]
    found = {}
    for name in names:
        queue = await channel.declare_queue(name, passive=True)
        found[name] = queue.declaration_result.message_count
    return found


async def until_done(channel, seen: Seen, fleet: Fleet, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        fleet.fill()
        left = await waiting(channel)
        dead = left.pop(f"{QUEUE}.dead")
        if len(seen.ids) >= COMMAND_COUNT and not any(left.values()) and dead >= POISON:
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"{len(seen.ids)} of {COMMAND_COUNT} commands ended; waiting: {left}")


async def test_random_kills_lose_nothing_and_double_nothing(
    channel, seen, fleet, effects, broker, vhost_url, request
):
    dice = random.Random(3)
    fleet.fill()
    for worker in fleet.workers:
        await asyncio.to_thread(worker.wait_ready)
    started = time.monotonic()
    load = asyncio.create_task(publish_all(channel))
    await asyncio.sleep(0.5)
    while len(fleet.killed) < KILLS:
        fleet.kill_one(dice)
        fleet.fill()
        await asyncio.sleep(dice.uniform(0.5, 1.5))
    kill_seconds = time.monotonic() - started
    await load
    await until_done(channel, seen, fleet, 60 + COMMAND_COUNT / 50)
    if hasattr(broker, "ctl"):
        # What is in nobody's hands is acknowledged; nothing is held by a worker for ever.
        vhost = urlsplit(vhost_url).path.lstrip("/")
        unacknowledged = 1
        for _ in range(40):
            table = await broker.ctl("list_queues", "-p", vhost, "messages_unacknowledged")
            unacknowledged = sum(int(row) for row in table.split() if row.isdigit())
            if not unacknowledged:
                break
            await asyncio.sleep(0.25)
        assert unacknowledged == 0

    report = judge(fleet, seen, effects)
    report |= {"kill_seconds": round(kill_seconds, 1)}
    report |= {"all_seconds": round(time.monotonic() - started, 1)}
    dead = collections.Counter()
    queue = await channel.get_queue(f"{QUEUE}.dead")
    while (message := await queue.get(no_ack=True, fail=False)) is not None:
        dead[message.message_id] += 1
    report["doubled_dead_letters"] = sum(dead.values()) - len(dead)
    request.node.user_properties.extend(report.items())
    if path := os.environ.get("CHAOS_REPORT"):
        Path(path).write_text(json.dumps(report, indent=1))
    assert set(dead) == {number(n) for n in range(POISON)}
    assert report["doubled_dead_letters"] <= len(fleet.killed)
    assert report["lost"] == 0
    assert report["with_two_final_events"] == 0
    assert report["illegal_repeats"] == 0, report
    assert report["kills"] >= KILLS


def judge(fleet: Fleet, seen: Seen, effects: Path) -> dict[str, object]:
    """Return the figures: losses, doubles, and effects repeated although nobody was killed.

    An owner killed after it sent a copy to the ladder leaves two copies: each may be tried.
    """
    tries: dict[str, list[tuple[str, int]]] = collections.defaultdict(list)
    for line in effects.read_text().splitlines():
        name, attempt, _, pid = line.split()
        tries[name].append((attempt, int(pid)))
    names = {number(n) for n in range(COMMAND_COUNT)}
    repeated = {name: rows for name, rows in tries.items() if len(rows) > len(dict(rows))}
    illegal = {
        name: rows
        for name, rows in repeated.items()
        if not any(pid in fleet.killed for _, pid in rows[:-1])
    }
    return {
        "commands": COMMAND_COUNT,
        "kills": len(fleet.killed),
        "events": seen.count,
        "lost": len(names - seen.ids.keys()),
        "with_two_final_events": sum(len(seen.ids[name]) > 1 for name in names),
        "with_repeated_effects": len(repeated),
        "illegal_repeats": len(illegal),
        "illegal": str(list(illegal.items())[:5]),
    }
