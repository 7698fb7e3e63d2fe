"""The promise, under fire: each confirmed invoice is filed once and ends in one final event.

The e-Factura worker is killed with ``kill -9`` at random moments while invoices flow; in the second
test the broker's power is cut and Redis is emptied in between as well.

In the third test ANAF takes every upload and its answer is lost.

``./justw chaos`` runs it in full: 2,000 invoices and 200 kills, 5 power cuts, Redis emptied twice;
``./justw lost-answers`` the third test alone, with 500 lost answers and 20 kills.
``EFACTURA_CHAOS_SEED`` repeats a run's dice, ``CHAOS_REPORT`` names a folder for the figures.
"""

import asyncio
import collections
import json
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.fault, pytest.mark.e2e]
FINAL = {"efactura.accepted", "efactura.rejected", "efactura.failed"}
SEED = int(os.environ.get("EFACTURA_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)


@dataclass(frozen=True)
class Size:
    """How long a run is."""

    invoices: int
    kills: int
    power_cuts: int
    flushes: int
    lost_answers: int
    lost_kills: int
    seconds_to_end: float
    """After the last kill: leases run out, lists are searched, what never arrived is sent again."""

    def disturbances(self, wanted: int) -> list[int]:
        """Spread disturbances evenly over the kills."""
        return [(n + 1) * self.kills // (wanted + 1) for n in range(wanted)]


FULL = Size(2000, 200, 5, 2, 500, 20, 600)
SMALL = Size(120, 10, 1, 1, 24, 2, 240)
SIZE = FULL if os.environ.get("EFACTURA_CHAOS") == "full" else SMALL


async def test_workers_killed_at_random_file_every_invoice_once(installation, capsys):
    dice = random.Random(SEED)
    numbers = [f"CH-{SEED}-{n:05d}" for n in range(SIZE.invoices)]
    started = time.monotonic()
    for n in range(SIZE.kills):
        await _publish_and_kill(installation, numbers[n :: SIZE.kills], dice)
    await _judge(installation, numbers, started, capsys)


async def test_broker_power_cuts_and_an_emptied_redis_change_nothing(installation, capsys):
    dice = random.Random(SEED)
    numbers = [f"CB-{SEED}-{n:05d}" for n in range(SIZE.invoices)]
    cuts, flushes = SIZE.disturbances(SIZE.power_cuts), SIZE.disturbances(SIZE.flushes)
    started = time.monotonic()
    for n in range(SIZE.kills):
        batch = numbers[n :: SIZE.kills]
        if n in flushes:
            await installation.redis.flush()
        if n in cuts:
            # The cut falls into the publishing, too: the publisher repeats what was not confirmed.
            await asyncio.gather(_publish(installation, batch, dice), installation.kill_broker())
            batch = []
        await _publish_and_kill(installation, batch, dice)
    await _judge(installation, numbers, started, capsys)


async def test_every_lost_answer_leads_to_the_first_index(installation, capsys):
    dice = random.Random(SEED)
    numbers = [f"CL-{SEED}-{n:05d}" for n in range(SIZE.lost_answers)]
    # Taken, and then silence, a reset, or a text that says nothing. The last goes on for ever: a
    # worker that is killed before it sends sends later, and that answer is lost too.
    some = {"operation": "upload", "times": SIZE.lost_answers // 5}
    installation.anaf.scenario("timeout-after-acceptance", seconds=0.3, **some)
    installation.anaf.scenario("reset-mid-body", **some)
    installation.anaf.scenario(
        "error-500-html", operation="upload", times=None, variant="technical-text", accepted=True
    )
    started = time.monotonic()
    for n in range(SIZE.lost_kills):
        await _publish_and_kill(installation, numbers[n :: SIZE.lost_kills], dice)
    report = await _judge(installation, numbers, started, capsys, kills=SIZE.lost_kills)
    # Not one answer told an index: each was found in ANAF's lists, by the bytes.
    assert report["upload calls"] == len(numbers)
    first = {one["number"]: one["index"] for one in installation.anaf.uploads()}
    told = {
        e.correlation_id: e.data["upload_index"] for e in installation.bus.events if e.key in FINAL
    }
    assert told == first


async def _publish_and_kill(installation, numbers: list[str], dice: random.Random) -> None:
    """Kill a worker somewhere between the first of these invoices and a second after the last."""
    load = asyncio.create_task(_publish(installation, numbers, dice))
    await asyncio.sleep(dice.uniform(0, 1.5))
    await installation.fleet.kill_one(dice)
    await load


async def _publish(installation, numbers: list[str], dice: random.Random) -> None:
    for number in numbers:
        await installation.publish(number)
        await asyncio.sleep(dice.uniform(0, 0.05))


async def _judge(
    installation, numbers: list[str], started: float, capsys, *, kills: int = SIZE.kills
) -> dict[str, Any]:
    events = installation.bus.events

    def ended() -> bool:
        return len({e.correlation_id for e in events if e.key in FINAL}) >= len(numbers)

    await installation.until_quiet(ended, seconds=SIZE.seconds_to_end)
    report = _report(installation, numbers) | {"seconds": round(time.monotonic() - started)}
    with capsys.disabled():
        print(f"\n{json.dumps(report)}")
    if folder := os.environ.get("CHAOS_REPORT"):
        name = os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split()[0]
        Path(folder, f"{name}.json").write_text(json.dumps(report, indent=1))
    assert report["final events"] == {"efactura.accepted": len(numbers)}
    assert report["commands with another number of final events than one"] == []
    assert report["documents at ANAF"] == {"ok": len(numbers)}
    assert report["uploads of one document, at most"] == 1
    assert report["documents in the ledger"] == {"accepted": len(numbers)}
    assert report["commands in the ledger"].keys() == {"done"}
    assert report["kills"] == kills
    assert report["workers that ended by themselves"] == []
    assert not report["rules of ANAF's broken"].keys() & {"refresh-token-reused", "daily-limit"}
    return report


def _report(installation, numbers: list[str]) -> dict[str, Any]:
    """Return the figures of a run that has ended."""
    ids: dict[str, dict[str, str]] = collections.defaultdict(dict)
    for event in installation.bus.events:
        ids[event.correlation_id][event.message_id] = event.key
    final = {name: [key for key in ids[name].values() if key in FINAL] for name in numbers}
    uploads = installation.anaf.uploads()
    asked = installation.anaf.state()["requests"]
    return {
        "seed": SEED,
        "invoices": len(numbers),
        "kills": installation.fleet.kills,
        "redelivered": installation.redelivered,
        "final events": collections.Counter(key for keys in final.values() for key in keys),
        "events that came twice": len(installation.bus.events) - sum(map(len, ids.values())),
        "commands with another number of final events than one": [
            (name, keys) for name, keys in final.items() if len(keys) != 1
        ],
        "documents at ANAF": collections.Counter(one["state"] for one in uploads),
        "uploads of one document, at most": max(one["times_uploaded"] for one in uploads),
        "upload calls": asked.get("upload", 0),
        "documents in the ledger": installation.documents(),
        "commands in the ledger": installation.commands(),
        "workers that ended by themselves": installation.fleet.ended,
        "rules of ANAF's broken": installation.anaf.state()["violations"],
    }
