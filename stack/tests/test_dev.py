"""`dev`: says where things are, runs once, ends everything."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import httpx
import pytest
import redis.asyncio

from workers_stack.dev import _start_afresh
from workers_stack.servers.find import find_servers
from workers_stack.servers.handshake import broker_problem

pytestmark = pytest.mark.integration


def wait_for_state(process, workspace: Path) -> dict[str, str]:
    state = workspace / ".run" / "stack.json"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if state.exists():
            return json.loads(state.read_text())
        time.sleep(0.05)
    raise AssertionError(process.communicate())


def test_dev_tells_addresses_and_ctrl_c_ends_all(stack, workspace, vhost_url, redis_url):
    process = stack("dev")
    addresses = wait_for_state(process, workspace)
    assert addresses.keys() == {"amqp_url", "redis_url", "sandbox_url", "fake_worker_url"}
    assert addresses["amqp_url"] == vhost_url
    assert addresses["redis_url"] == redis_url
    ready = addresses["fake_worker_url"] + "/health/ready"
    assert httpx.get(ready).status_code == 200

    second = stack("dev")
    assert "another `dev` is running" in second.communicate(timeout=10)[1]
    assert second.returncode == 1

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=15)
    assert process.returncode == 0, err
    assert "fake worker is ready" in err
    assert not (workspace / ".run" / "stack.json").exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(ready)


def test_worker_that_falls_over_is_started_again(stack, workspace):
    process = stack("dev", FAKE_FAULT="crash")
    seen = []
    while sum("fake worker is ready" in line for line in seen) < 3:
        seen.append(process.stderr.readline())
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    text = "".join(seen) + process.communicate(timeout=15)[1]
    assert process.returncode == 0
    assert "the fake worker fell over" in text
    assert "fake-worker ended with 1; started again" in text


def test_dev_ends_with_the_last_lines_of_a_worker_that_does_not_start(stack, workspace):
    process = stack("dev", FAKE_FAULT="start")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "fake-worker ended with 1" in err
    assert "the fake worker cannot start" in err
    assert not (workspace / ".run" / "stack.json").exists()


def test_new_start_keeps_what_the_benchmarks_installed(tmp_path):
    for name in ("bench-pdf-venv", "rabbitmq"):
        (tmp_path / name).mkdir()
    (tmp_path / "workers.db-wal").touch()
    _start_afresh(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["bench-pdf-venv"]


async def test_killed_private_servers_come_back_with_their_data(tmp_path, monkeypatch):
    monkeypatch.setattr("workers_stack.servers.find.broker_problem", _nobody)
    monkeypatch.setattr("workers_stack.servers.find.redis_problem", _nobody)
    monkeypatch.setattr("workers_stack.servers.find.engine_answers", _no_engine)
    said: list[str] = []
    servers = await find_servers(tmp_path, said.append, {})
    keepers = [asyncio.create_task(keeper) for keeper in servers.keepers(said.append)]
    try:
        async with redis.asyncio.from_url(servers.redis_url) as client:
            await client.set("kept", "yes")
        await asyncio.sleep(1.5)  # the append-only file is written every second
        for server in servers.private:
            os.kill(server.pid, signal.SIGKILL)
        async with asyncio.timeout(60):
            while len([line for line in said if "with its data" in line]) < 2:
                await asyncio.sleep(0.05)
            while not all(server.running for server in servers.private):
                await asyncio.sleep(0.05)
            while await broker_problem(servers.amqp_url, limit=2) is not None:
                await asyncio.sleep(0.2)
        async with redis.asyncio.from_url(servers.redis_url) as client:
            assert await client.get("kept") == b"yes"
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        await servers.close()


async def _nobody(url: str, *, limit: float) -> str:
    return "nobody is there"


async def _no_engine() -> bool:
    return False


def test_named_server_that_does_not_work_is_an_error_without_password(stack):
    process = stack("dev", RMQ_URL="amqp://guest:topsecret@127.0.0.1:1/")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "RMQ_URL=amqp://guest:***@127.0.0.1:1/ does not work" in err.replace("\n", " ")
    assert "topsecret" not in err
