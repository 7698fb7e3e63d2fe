"""What a worker costs before its first message: time and CPU until ready, and idle memory.

Every worker, found by folder, starts on a private broker and Redis; beside it, in the same round,
a process that only imports `faststream.rabbit`. Ratios to that one hold on a busy machine; the
absolute seconds do not. Compiled modules are there, as in the images; the first round makes them
and is not counted.

    python tests/performance/bench_start.py [--rounds 5] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psutil

from workers_stack.servers import PrivateBroker, PrivateRedis
from workers_stack.servers.ports import free_ports

BARE = "import faststream.rabbit"
BARE_PROGRAM = f"{BARE}; print('ready', flush=True); input()"
ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:9"
READY_LIMIT = 120.0
IDLE_SECONDS = 3.0
"""After ready, so that the first heartbeat and the worker's own checks are behind it."""

Figures = dict[str, float]


def workers() -> list[str]:
    """Return the import names of all workers."""
    folders = sorted(file.parent.name for file in ROOT.glob("services/*/pyproject.toml"))
    return [folder.replace("-", "_") for folder in folders]


def environment(broker: str, redis: str, folder: Path) -> dict[str, str]:
    """Return what every worker needs; no authority is asked while it idles."""
    settings = {
        "RMQ_URL": broker,
        "REDIS_URL": redis,
        "HEARTBEAT_SECONDS": "1",
        "ARTIFACTS_URL": f"file://{folder}/artifacts",
        "PYTHONPYCACHEPREFIX": f"{folder}/compiled",
        "ANAF_CLIENT_ID": "bench",
        "ANAF_CLIENT_SECRET": "bench-secret",
        "ANAF_REFRESH_TOKEN": "bench-refresh-token",
        "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T/B/bench",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "9",
        "SMTP_TLS": "none",
        "SMTP_FROM": "bench@example.ro",
        **dict.fromkeys(("ANAF_BASE_URL", "ANAF_LOGIN_URL", "ANAF_PUBLIC_URL", "VIES_URL"), NOBODY),
    }
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return inherited | settings


def figures(pid: int, started: float) -> Figures:
    """Read what a process has used since its start."""
    seconds, times = time.perf_counter() - started, psutil.Process(pid).cpu_times()
    return {"seconds": seconds, "cpu": times.user + times.system}


def memory(pid: int) -> Figures:
    """Read resident memory; proportional (shared pages divided) where the system tells it."""
    full = psutil.Process(pid).memory_full_info()
    return {"rss_mb": full.rss / 2**20, "pss_mb": getattr(full, "pss", full.rss) / 2**20}


def run_bare(settings: Mapping[str, str]) -> Figures:
    """Start the yardstick."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", BARE_PROGRAM],
        env=settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        found = figures(process.pid, started) | memory(process.pid)
        process.communicate(b"\n")
    return found


def run_worker(module: str, settings: Mapping[str, str], folder: Path) -> Figures:
    """Start a worker, wait until it is ready, let it idle."""
    (port,) = free_ports(1)
    # A new database each time: making the tables is part of a first start.
    ledger = f"sqlite:///{folder}/{time.monotonic_ns()}.db"
    log = folder / "worker.log"
    started = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            env={**settings, "HTTP_PORT": str(port), "DATABASE_URL": ledger},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        while not is_ready(port):
            if process.poll() is not None or time.perf_counter() - started > READY_LIMIT:
                raise SystemExit(f"{module} did not become ready:\n{log.read_text()[-2000:]}")
            time.sleep(0.01)
        found = figures(process.pid, started)
        time.sleep(IDLE_SECONDS)
        return found | memory(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def start(contender: str, settings: Mapping[str, str], folder: Path) -> Figures:
    """Run one contender once."""
    if contender == BARE:
        return run_bare(settings)
    return run_worker(contender, settings, folder)


def is_ready(port: int) -> bool:
    """Ask the worker's page."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


async def measure(rounds: int) -> dict[str, Figures]:
    """Run all contenders interleaved; returns the medians."""
    found: dict[str, list[Figures]] = {name: [] for name in (BARE, *workers())}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with PrivateBroker() as broker, PrivateRedis() as redis:
            settings = environment(broker.url, redis.url, folder)
            for number in range(rounds + 1):
                for contender in random.sample(list(found), len(found)):
                    run = await asyncio.to_thread(start, contender, settings, folder)
                    if number:
                        found[contender].append(run)
    return {
        name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for name, runs in found.items()
    }


def table(found: Mapping[str, Figures]) -> str:
    """Return the medians for a person."""
    rows = [f"{'':26}{'ready s':>9}{'CPU s':>8}{'x bare':>8}{'RSS MB':>9}{'PSS MB':>9}"]
    for name, run in found.items():
        ratio = run["cpu"] / found[BARE]["cpu"]
        rows.append(
            f"{name:26}{run['seconds']:9.2f}{run['cpu']:8.2f}{ratio:8.2f}"
            f"{run['rss_mb']:9.1f}{run['pss_mb']:9.1f}"
        )
    return "\n".join(rows)


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the medians to this file")
    options = parser.parse_args()
    found = asyncio.run(measure(options.rounds))
    print(sys.version.split()[0])
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
