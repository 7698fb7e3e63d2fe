"""The pytest plugin itself: it must fail loudly, with what it saw, and leave nothing running."""

import time

import pytest

from workers_runtime.testing import Bus

pytestmark = pytest.mark.integration


async def test_bus_sees_what_it_publishes_as_another_team_would(bus: Bus):
    await bus.publish("taxpayer.validate", {"number": "12345674"}, message_id="m", headers={"a": 1})
    assert await bus.count("anaf.taxpayer") == 1
    got = await bus.take("anaf.taxpayer")
    assert (got.body, got.message_id, got.headers["a"]) == (b'{"number": "12345674"}', "m", 1)
    assert await bus.count("anaf.taxpayer") == 0
    await bus.delete("anaf.taxpayer")
    assert await bus.count("anaf.taxpayer") is None


async def test_bus_says_what_it_saw_when_an_event_does_not_come(bus: Bus):
    envelope = b'{"data": {"number": "1"}}'
    await bus.publish("some.event", envelope, exchange="workers.events", correlation_id="c")
    assert (await bus.event("some.event")).data == {"number": "1"}
    with pytest.raises(AssertionError, match=r"0 of 1 other.event within 0.1 s: .*some\.event"):
        await bus.event("other.event", seconds=0.1)
    with pytest.raises(AssertionError, match=r"nothing in anaf\.taxpayer"):
        await bus.take("anaf.taxpayer", seconds=0.1)
    with pytest.raises(AssertionError, match="no heartbeat stopped"):
        await bus.heartbeat("stopped", seconds=0.1)


def test_worker_that_ends_at_once_is_said_with_its_log(start_worker, tmp_path):
    program = tmp_path / "broken.py"
    program.write_text("raise SystemExit('no licence')")
    worker = start_worker(str(program))
    with pytest.raises(AssertionError, match="ended with 1:\nno licence"):
        worker.wait_ready()
    assert not worker.running


def test_worker_that_never_gets_ready_is_said_and_killed(start_worker, tmp_path):
    program = tmp_path / "deaf.py"
    program.write_text(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)\n"
    )
    worker = start_worker(str(program))
    with pytest.raises(AssertionError, match=r"not 200 within 0\.5 s: ConnectError"):
        worker.wait_ready(0.5)
    started = time.monotonic()
    worker.end()
    assert not worker.running
    assert time.monotonic() - started < 8


def test_tests_do_not_share_their_broker_or_redis(vhost_url, redis_url, start_worker, tmp_path):
    program = tmp_path / "environment.py"
    program.write_text("import os\nprint(os.environ['RMQ_URL'], os.environ['REDIS_URL'])")
    worker = start_worker(str(program))
    worker.wait_end()
    assert worker.log.split() == [vhost_url, redis_url]
