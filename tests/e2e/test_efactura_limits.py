"""Three workers at ANAF's limits: the sandbox, which counts as ANAF does, never has to refuse.

Ordinary invoices flow at the fastest that is allowed. Some archives cannot be read until their ten
downloads of the day are used up: their commands then wait for tomorrow, where everyone can see it.
Workers are stopped in between and go on with all that has piled up.

``./justw limits`` runs it with ANAF's own thousand calls a minute.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.e2e]
ACCEPTED = "efactura.accepted"
DAILY = "anaf_daily_limit"


@dataclass(frozen=True)
class Size:
    """How long a run is."""

    invoices: int
    calls_per_minute: int
    damaged: int
    stops: int


FULL = Size(1500, 1000, 10, 10)
SMALL = Size(30, 1200, 2, 1)
SIZE = FULL if os.environ.get("EFACTURA_LIMITS") == "full" else SMALL


@pytest.fixture
def calls_per_minute() -> int:
    """What the sandbox allows."""
    return SIZE.calls_per_minute


@pytest.fixture
def worker_settings() -> dict[str, str]:
    """The workers' pace: that of the product, at the sandbox's limit."""
    return {
        "ANAF_CALL_SECONDS": str(0.065 * 1000 / SIZE.calls_per_minute),
        "ANAF_EFACTURA_CHECK_PLAN": "1",
    }


async def test_three_workers_are_never_refused_and_what_waits_is_seen(installation, capsys):
    damaged = [f"DAMAGED-{n}" for n in range(SIZE.damaged)]
    started = time.monotonic()
    for number in damaged:
        installation.anaf.scenario("corrupt-zip", number=number, times=None)
        await installation.publish(number)
    numbers = [f"LIMIT-{n:05d}" for n in range(SIZE.invoices)]
    stops = asyncio.create_task(_stop_and_go_on(installation))
    await asyncio.gather(*(_publish(installation, numbers[n::8]) for n in range(8)))
    await stops

    await _until_ended(installation, set(numbers), set(damaged))
    report = _report(installation) | {"seconds": round(time.monotonic() - started)}
    with capsys.disabled():
        print(f"\n{json.dumps(report)}")
    assert report["refusals"] == []
    assert report["rules of ANAF's broken"] == {}
    assert report["most questions about one document"] <= 100
    assert report["most downloads of one archive"] == 10
    assert await installation.dead_letters() == []
    assert installation.fleet.ended == []


async def _publish(installation, numbers: list[str]) -> None:
    for number in numbers:
        await installation.publish(number)


async def _stop_and_go_on(installation) -> None:
    """Stop a worker in the middle of its calls; it goes on with all that piled up."""
    for number in range(SIZE.stops):
        await asyncio.sleep(2)
        worker = installation.fleet.workers[number % len(installation.fleet.workers)]
        worker.signal(signal.SIGSTOP)
        await asyncio.sleep(3)
        worker.signal(signal.SIGCONT)


async def _until_ended(installation, left: set[str], damaged: set[str]) -> None:
    """Wait until the ordinary ones are accepted, and the others wait for tomorrow."""
    deadline = time.monotonic() + 120 + SIZE.invoices
    waiting: dict[str, str] = {}
    while left or {name for name, code in waiting.items() if code == DAILY} != damaged:
        assert time.monotonic() < deadline, (sorted(left)[:9], waiting)
        await asyncio.sleep(0.5)
        left -= {e.correlation_id for e in installation.bus.events if e.key == ACCEPTED}
        if not left:
            waiting = await asyncio.to_thread(_waiting, installation)


def _waiting(installation) -> dict[str, str]:
    """What an operator sees waiting, and for what."""
    words = [sys.executable, "-m", "workers_cli", "waiting", "anaf.efactura", "--json"]
    told = subprocess.run(
        [*words, "--redis-url", installation.redis.url],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    commands = json.loads(told.stdout)["anaf.efactura"]["commands"]
    return {one["message_id"]: one["code"] for one in commands}


def _report(installation) -> dict[str, object]:
    """Return the figures of a run that has ended."""
    state = installation.anaf.state()
    requests = installation.anaf.requests()
    return {
        "invoices": SIZE.invoices,
        "workers": len(installation.fleet.workers),
        "calls a minute allowed": SIZE.calls_per_minute,
        "calls": state["requests"],
        "refusals": sorted({one["status"] for one in requests} - {200}),
        "rules of ANAF's broken": state["violations"],
        "most questions about one document": _most(requests, "stareMesaj", "id_incarcare"),
        "most downloads of one archive": _most(requests, "descarcare", "id"),
    }


def _most(requests: list[dict], operation: str, name: str) -> int:
    counts: dict[str, int] = {}
    for one in requests:
        if one["operation"] == operation:
            key = one["query"][name]
            counts[key] = counts.get(key, 0) + 1
    return max(counts.values())
