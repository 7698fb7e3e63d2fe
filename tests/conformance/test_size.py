"""What an idle worker takes of a machine's memory, and what it does not load before it must."""

import subprocess
import sys

import psutil
import pytest

IDLE_MB = 120
"""Resident memory of a worker that waits for work."""

LOADED_WHEN_USED = {
    "alembic",  # a database that is older than this worker
    "asyncpg",  # a ledger in PostgreSQL
    "dkim",  # a mail that is signed
    "dns",
    "google.protobuf",  # traces to a collector
    "lxml.etree",  # the first XML
    "obstore",  # the first artifact
    "requests",
    "saxonche",  # the official rules, where they are configured
    "signxml",  # the first seal
    "sqlalchemy.dialects.postgresql",
    "zeep",  # the first question to VIES
}


@pytest.mark.integration
async def test_idle_worker_is_small(service, worker, bus):
    # Twice: the first heartbeat runs the worker's own checks, which load what they need.
    await bus.heartbeat()
    bus.heartbeats.clear()
    await bus.heartbeat()
    used = psutil.Process(worker.pid).memory_info().rss / 2**20
    assert used < IDLE_MB, f"{service.name} takes {used:.0f} MB while it waits"


def test_start_loads_nothing_that_only_some_messages_need(service):
    program = f"import {service.module}.app, workers_runtime.run, sys; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not LOADED_WHEN_USED & set(done.stdout.split())
