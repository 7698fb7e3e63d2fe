"""`dev`: says where things are, runs once, ends everything."""

import json
import signal
import time
from pathlib import Path

import httpx
import pytest

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


def test_dev_ends_with_the_last_lines_of_a_worker_that_fell_over(stack, workspace):
    process = stack("dev", FAKE_FAULT="crash")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "fake-worker ended with 1" in err
    assert "the fake worker fell over" in err
    assert not (workspace / ".run" / "stack.json").exists()


def test_named_server_that_does_not_work_is_an_error_without_password(stack):
    process = stack("dev", RMQ_URL="amqp://guest:topsecret@127.0.0.1:1/")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "RMQ_URL=amqp://guest:***@127.0.0.1:1/ does not work" in err.replace("\n", " ")
    assert "topsecret" not in err
