"""Thousands of invoices in one command, with everything ended by force in the middle.

The command itself, the worker and the broker are killed with ``kill -9`` while invoices flow, and
the command is given again: ANAF has every invoice once, and the report tells of each.

``./justw bulk-proof`` runs it in full: 10,000 invoices. ``BULK_REPORT`` names a folder for figures.
"""

import asyncio
import collections
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from workers_runtime.testing import Bus, WorkerProcess
from workers_sandbox.settings import BOOTSTRAP_REFRESH_TOKEN
from workers_sandbox.testing import Control
from workers_stack.servers import PrivateBroker, PrivateRedis

pytestmark = [pytest.mark.integration, pytest.mark.fault, pytest.mark.e2e]
FULL = os.environ.get("EFACTURA_BULK") == "full"
INVOICES = 10_000 if FULL else 60
SECONDS = 7200 if FULL else 180
CIF = "12345674"
ROOT = Path(__file__).parents[2]
CALLS_PER_MINUTE = 12_000
"""ANAF allows 1000, and the workers keep to it; both are raised, or all would only wait."""


@dataclass
class Site:
    """One worker, its servers, and a folder of invoices."""

    folder: Path
    environment: dict[str, str]
    anaf: Control
    broker: PrivateBroker
    start_worker: Callable[[], WorkerProcess]
    worker: WorkerProcess
    commands: list[subprocess.Popen[str]] = field(default_factory=list)
    peak: int = 0
    """Bytes of the largest command."""

    @property
    def report(self) -> Path:
        """What the command writes."""
        return self.folder / "report.jsonl"

    def lines(self) -> list[dict]:
        """The whole lines of the report."""
        text = self.report.read_text("utf-8") if self.report.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n"]

    def ended(self) -> dict[str, dict]:
        """The last line of each item."""
        last = {line["item"]: line for line in self.lines()}
        return {item: line for item, line in last.items() if line["outcome"] != "pending"}

    def start_command(self) -> subprocess.Popen[str]:
        """Give the command, always the same; what it prints goes to a file."""
        out = self.folder / f"out-{len(self.commands)}.jsonl"
        with out.open("w") as stdout, out.with_suffix(".err").open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "workers_cli", "efactura", "bulk", str(self.folder / "in"),
                 "--report", str(self.report), "--cif", CIF, "--json", "--timeout", "120"],
                env={**os.environ, **self.environment}, stdout=stdout, stderr=stderr, text=True,
            )  # fmt: skip
        self.commands.append(process)
        return process

    def errors(self) -> str:
        """What the last command wrote to standard error."""
        out = self.folder / f"out-{len(self.commands) - 1}.err"
        return out.read_text("utf-8")

    async def summary(self) -> dict:
        """Wait for the end of the last command, and return what it says last."""
        await asyncio.to_thread(self.commands[-1].wait, SECONDS)
        out = self.folder / f"out-{len(self.commands) - 1}.jsonl"
        return json.loads(out.read_text("utf-8").splitlines()[-1])["summary"]

    async def until(self, process: subprocess.Popen[str], count: int) -> None:
        """Wait until so many items have ended."""
        deadline = time.monotonic() + SECONDS
        while len(self.ended()) < count:
            assert process.poll() is None, self.errors()
            assert time.monotonic() < deadline, self.worker.log[-3000:]
            self.peak = max(self.peak, psutil.Process(process.pid).memory_info().rss)
            await asyncio.sleep(1 if FULL else 0.1)

    async def restart_worker(self) -> None:
        """Kill the worker and start another."""
        self.worker.signal(signal.SIGKILL)
        await asyncio.to_thread(self.worker.wait_end)
        self.worker = self.start_worker()


@pytest.fixture
async def site(
    anaf: tuple[str, Control],
    private_broker: PrivateBroker,
    private_redis: PrivateRedis,
    tmp_path: Path,
) -> AsyncIterator[Site]:
    url, control = anaf
    environment = {
        "RMQ_URL": private_broker.url,
        "REDIS_URL": private_redis.url,
        "DATABASE_URL": f"sqlite:///{tmp_path}/ledger.db",
        "ARTIFACTS_URL": f"file://{tmp_path}/artifacts",
        "ANAF_BASE_URL": url,
        "ANAF_LOGIN_URL": url,
        "ANAF_CLIENT_ID": "sandbox",
        "ANAF_CLIENT_SECRET": "sandbox",
        "ANAF_REFRESH_TOKEN": BOOTSTRAP_REFRESH_TOKEN,
        "ANAF_CALL_SECONDS": str(60 / CALLS_PER_MINUTE * 1.05),
        "ANAF_EFACTURA_CHECK_PLAN": "1,1,2,5",
        "ANAF_EFACTURA_RECONCILE_SECONDS": "2",
        "ANAF_EFACTURA_RESEND_AFTER_SECONDS": "8",
        "ANAF_EFACTURA_CLOCK_MARGIN_SECONDS": "0",
        "HEARTBEAT_SECONDS": "30",
    }

    def start() -> WorkerProcess:
        return WorkerProcess("anaf_efactura", tmp_path, environment)

    made = Site(tmp_path, environment, control, private_broker, start, start())
    (tmp_path / "in").mkdir()
    try:
        async with Bus.connect(private_broker.url):  # the topology is there before the command
            await asyncio.to_thread(made.worker.wait_ready, 90)
            yield made
    finally:
        made.worker.end()
        for process in made.commands:
            process.kill()
            process.wait()


def fill(folder: Path) -> None:
    """Write the invoices, and beside them one of each kind that is no good."""
    example = ROOT / "contracts" / "examples" / "efactura.submit" / "valid-text.json"
    xml = json.loads(example.read_text("utf-8"))["xml"]
    for n in range(INVOICES):
        text = xml.replace("PMX-2026-0001", f"BULK-{n:05d}")
        (folder / f"{n:05d}.xml").write_text(text, encoding="utf-8")
    (folder / "copy.xml").write_text(xml.replace("PMX-2026-0001", "BULK-00003"), encoding="utf-8")
    (folder / "large.xml").write_text(
        xml.replace("PMX-2026-0001", "BULK-99999") + "<!--" + "x" * 150_000 + "-->",
        encoding="utf-8",
    )
    (folder / "garbage.xml").write_bytes(b"%PDF-1.7")
    (folder / "wrong.xml").write_text(xml.replace("PMX-2026-0001", "").replace("RON", "LEI"))


async def test_command_worker_and_broker_killed_in_the_middle_file_every_invoice_once(site, capsys):
    fill(site.folder / "in")
    started = time.monotonic()
    first = site.start_command()
    await site.until(first, INVOICES // 4)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = site.start_command()
    await site.until(second, INVOICES // 2)
    await site.restart_worker()
    await site.until(second, INVOICES * 3 // 4)
    await site.broker.kill()
    await site.broker.start()
    await site.until(second, INVOICES + 4)
    summary = await site.summary()
    _tell(site, started, summary, capsys)
    assert second.returncode == 1, site.errors()
    ended = site.ended()
    outcomes = collections.Counter(line["outcome"] for line in ended.values())
    assert outcomes == {"accepted": INVOICES + 2, "broken": 1, "rejected": 1}
    assert {name: summary[name] for name in outcomes} == outcomes
    assert summary["already_done"] >= INVOICES // 4
    _each_is_told(ended)
    uploads = site.anaf.uploads()
    assert len(uploads) == INVOICES + 1
    assert {one["times_uploaded"] for one in uploads} == {1}
    # Once more: all is done, and nothing is sent.
    third = site.start_command()
    assert (await site.summary())["already_done"] == INVOICES + 4
    assert third.returncode == 1
    assert len(site.anaf.uploads()) == INVOICES + 1


def _each_is_told(ended: dict[str, dict]) -> None:
    one, copy = ended["00003.xml"], ended["copy.xml"]
    assert one["message_id"] == copy["message_id"]
    assert one["upload_index"] == copy["upload_index"]
    assert one["archive"]["uri"].startswith("file://")
    assert [state["state"] for state in one["states"]][-1] == "accepted"
    assert {ended["garbage.xml"]["errors"][0]["rule"]} == {"unreadable_input"}
    assert any("BR-" in error["rule"] for error in ended["wrong.xml"]["errors"])


def _tell(site: Site, started: float, summary: dict, capsys) -> None:
    seconds = time.monotonic() - started
    report = {
        "invoices": INVOICES,
        "seconds": round(seconds),
        "invoices a second": round(INVOICES / seconds, 1),
        "most memory of the command, MiB": round(site.peak / 2**20, 1),
        "summary of the last run": summary,
    }
    with capsys.disabled():
        print(f"\n{json.dumps(report)}")
    if folder := os.environ.get("BULK_REPORT"):
        Path(folder, "bulk.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
