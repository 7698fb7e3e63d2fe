"""`workers tail` on a real broker."""

import asyncio
import json
import signal
import subprocess
import sys

import pytest

from workers_runtime.testing import Bus

pytestmark = pytest.mark.integration


@pytest.fixture
async def speak(bus: Bus):
    """Publish the same events again and again: the listener starts at some time."""

    async def forever() -> None:
        number = 0
        while True:
            for key in ("efactura.submitted", "taxpayer.failed"):
                number += 1
                data = {"code": "permanent", "message": f"number {number} \x1b[2J"}
                envelope = {"type": key, "time": "2026-03-02T09:15:04Z", "data": data}
                await bus.publish(key, envelope, exchange="workers.events")
            beat = {"type": "worker.heartbeat", "data": {"tag": "anaf.taxpayer", "status": "idle"}}
            await bus.publish("worker.heartbeat", beat, exchange="workers.heartbeats")
            await asyncio.sleep(0.02)

    task = asyncio.create_task(forever())
    yield
    task.cancel()


async def test_counted_events_as_json_lines(later, speak):
    ran = await later("tail", "--count", "3", "--json")
    assert ran.code == 0
    assert len(ran.lines) == 3
    assert ran.err == ""


async def test_pattern_chooses_and_data_only_leaves_the_envelope(later, speak):
    ran = await later("tail", "taxpayer.*", "--count", "3", "--data-only")
    assert [line["code"] for line in ran.lines] == ["permanent"] * 3


async def test_line_cannot_steer_the_terminal(later, speak):
    ran = await later("tail", "taxpayer.failed", "--count", "1")
    assert "permanent: number" in ran.out
    assert "\x1b" not in ran.out
    assert "listening to workers.events taxpayer.failed" in ran.err


async def test_heartbeats_are_heard_when_asked(later, speak):
    ran = await later("tail", "nothing.at.all", "--heartbeats", "--count", "1")
    assert "anaf.taxpayer idle, score ?" in ran.out


async def test_rubbish_on_the_bus_is_shown_as_such(bus: Bus, later):
    task = later("tail", "odd.key", "--count", "1", "--json", "--timeout", "20")
    while not task.done():
        await bus.publish("odd.key", b"[1]", exchange="workers.events")
        await asyncio.sleep(0.05)
    assert (await task).json == {"unreadable": "odd.key", "bytes": 3}


async def test_time_limit_ends_well_without_a_count_and_with_5_below_it(later, bus: Bus):
    assert (await later("tail", "--timeout", "0.5")).code == 0
    ran = await later("tail", "--timeout", "0.5", "--count", "1", "--json")
    assert ran.code == 5
    assert ran.error["message"] == "0 of 1 events within 0.5 s"


async def test_ctrl_c_ends_with_0(bus: Bus, start_cli, speak):
    process = start_cli("tail", "--json")
    first = await asyncio.to_thread(process.stdout.readline)
    json.loads(first)
    process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(process.wait, 10) == 0
    assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("option", ["--json", ""])
async def test_reader_that_goes_away_ends_it_quietly(bus: Bus, speak, vhost_url, option):
    command = (
        f"set -o pipefail; {sys.executable} -m workers_cli tail {option} --rmq-url {vhost_url}"
        " --timeout 15 | head -n 1"
    )
    ran = await asyncio.to_thread(
        subprocess.run, ["bash", "-c", command], capture_output=True, text=True, timeout=30
    )
    assert ran.returncode == 0
    assert len(ran.stdout.splitlines()) == 1
    assert ran.stderr.replace("listening to workers.events #; Ctrl-C ends it\n", "") == ""
