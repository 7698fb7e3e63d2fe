"""Mails under fire: workers are killed at random while commands flow, and answers are lost.

Every command ends in one event and every mail has one Message-ID; copies of it are never more than
the event admits. In full: ``EMAIL_CHAOS=full``, 1,000 commands and 50 kills.
``EMAIL_CHAOS_SEED`` repeats a run's dice, ``CHAOS_REPORT`` names a folder for the figures.
"""

import asyncio
import collections
import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from workers_sandbox.settings import Settings as SandboxSettings

pytestmark = [pytest.mark.integration, pytest.mark.fault, pytest.mark.e2e]
SEED = int(os.environ.get("EMAIL_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
COMMANDS, KILLS, LOST, SECONDS = (
    (1000, 50, 30, 600) if os.environ.get("EMAIL_CHAOS") == "full" else (80, 4, 4, 150)
)
FLEET = 2


@pytest.fixture
def sandbox_settings() -> SandboxSettings:
    return SandboxSettings(hang=1)


async def test_mails_of_killed_workers_have_one_id_each_and_no_copy_that_is_not_told(
    bus, start_worker, sandbox, capsys
):
    dice, started = random.Random(SEED), time.monotonic()

    def start():
        return start_worker(
            "email_send",
            **sandbox.smtp,
            EMAIL_SEND_MAILS_PER_SECOND="1000",
            EMAIL_SEND_BURST="10000",
            EMAIL_SEND_ANSWER_SECONDS="5",
            EMAIL_SEND_DATA_SECONDS="5",
        )

    fleet = [start() for _ in range(FLEET)]
    for worker in fleet:
        await asyncio.to_thread(worker.wait_ready, 60)
    # Answers that come late: a worker killed in between has certainly handed its mail over.
    for kind in ("lost", "hang"):
        sandbox.control.smtp_answer("accepted", kind, times=LOST // 2)
    names = [f"MX-{SEED}-{number:05d}" for number in range(COMMANDS)]
    for number in range(KILLS):
        load = asyncio.create_task(_publish(bus, names[number::KILLS], dice))
        await asyncio.sleep(dice.uniform(0, 0.8))
        victim = fleet.pop(dice.randrange(len(fleet)))
        await asyncio.to_thread(victim.wait_ready, 60)
        victim.signal(signal.SIGKILL)
        assert await asyncio.to_thread(victim.wait_end) == -signal.SIGKILL
        fleet.append(start())
        await load
    await bus.collect(COMMANDS, seconds=SECONDS)
    await _until_all(bus, set(names))
    report = _report(bus, sandbox, names) | {"seconds": round(time.monotonic() - started)}
    with capsys.disabled():
        print(f"\n{json.dumps(report)}")
    if folder := os.environ.get("CHAOS_REPORT"):
        Path(folder, "email.json").write_text(json.dumps(report, indent=1))
    assert report["final events"] == {"email.sent": COMMANDS}
    assert report["distinct Message-IDs"] == COMMANDS
    assert report["mails with more copies than their event admits"] == []
    assert report["copies"] <= report["lost answers told"]
    assert report["lost answers told"] >= LOST


async def _publish(bus, names: list[str], dice: random.Random) -> None:
    for name in names:
        body = {"to": ["ana@client.example"], "subject": name, "text": f"Mesajul {name}."}
        await bus.publish("email.send", body, message_id=name, correlation_id=name)
        await asyncio.sleep(dice.uniform(0, 0.03))


async def _until_all(bus, names: set[str]) -> None:
    deadline = time.monotonic() + SECONDS
    while names - {event.correlation_id for event in bus.events}:
        assert time.monotonic() < deadline, "commands without an event"
        await asyncio.sleep(0.2)


def _report(bus, sandbox, names: list[str]) -> dict:
    final: dict[str, dict[str, object]] = collections.defaultdict(dict)
    for event in bus.events:
        final[event.correlation_id][event.message_id] = event
    events = {name: list(final[name].values()) for name in names}
    mails = sandbox.control.mails()
    copies = collections.Counter(mail["message_id"] for mail in mails)
    told = {one.data.get("mail_id"): one.data.get("lost_answers") for [one] in events.values()}
    return {
        "seed": SEED,
        "commands": COMMANDS,
        "kills": KILLS,
        "final events": collections.Counter(one.key for [one] in events.values()),
        "distinct Message-IDs": len(copies),
        "copies": sum(copies.values()) - len(copies),
        "lost answers told": sum(told.values()),
        "mails with more copies than their event admits": [
            name for name, count in copies.items() if count - 1 > told[name]
        ],
    }
