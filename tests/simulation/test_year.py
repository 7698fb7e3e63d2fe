"""A year of filing in minutes: nothing twice, nothing late, nothing without its archive.

The clock is simulated and so is the bus, because RabbitMQ cannot be told the time; the rest is the
product: kernel, journal, ledger, handlers and client, against the sandbox at ANAF's own pace.

``./justw year`` runs it in full: 20 tenants, 20,000 invoices, the whole of 2027, in two processes
of ten tenants each. Here two weeks around Orthodox Easter run. ``EFACTURA_YEAR_SEED`` repeats a
run's dice, ``EFACTURA_YEAR_INVOICES`` makes it shorter, ``YEAR_REPORT`` names a folder for the
figures.
"""

import json
import logging
import os
import random
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
import structlog
import time_machine
from simulated.course import Course
from simulated.verdict import report
from simulated.worker import simulated_worker
from simulated.year import Share, Size, invoices, outages

from anaf_efactura.config import Settings
from workers_sandbox.settings import Settings as SandboxSettings

pytestmark = [pytest.mark.integration, pytest.mark.e2e]
SEED = int(os.environ.get("EFACTURA_YEAR_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
FULL = Size(
    20,
    int(os.environ.get("EFACTURA_YEAR_INVOICES", "20000")),
    date(2027, 1, 1),
    date(2027, 12, 31),
    60,
    20,
)
SMALL = Size(4, 60, date(2027, 4, 26), date(2027, 5, 9), 4, 3)
IS_FULL = os.environ.get("EFACTURA_YEAR") == "full"
SIZE = FULL if IS_FULL else SMALL
SHARES = [Share(0, 2), Share(1, 2)] if IS_FULL else [Share()]
SETTLED = timedelta(days=30)
"""After the last invoice: what was refused is corrected, what is in doubt is found."""


@pytest.fixture
def clock():
    """Simulated time, for the product and for the sandbox, which is in this process."""
    with time_machine.travel(SIZE.begins, tick=False) as clock:
        yield clock


@pytest.fixture
def sandbox_settings(clock, tmp_path) -> SandboxSettings:
    """ANAF at its own pace, a fiftieth of its answers wrong; what hangs, hangs for a moment."""
    del clock
    return SandboxSettings(
        pace="real", hang=0.01, chaos=0.02, seed=SEED, calls_per_minute=10**9, key_dir=tmp_path
    )


@pytest.fixture
def settings(sandbox, redis_url, tmp_path) -> Settings:
    """The worker's default configuration, but for what is counted in real seconds."""
    seal = tmp_path / "trusted.pem"
    seal.write_bytes(sandbox.control.seal_pem())
    return Settings.model_validate(
        {
            "RMQ_URL": "amqp://127.0.0.1:1/",
            "REDIS_URL": redis_url,
            "DATABASE_URL": f"sqlite:///{tmp_path}/ledger.db",
            "ARTIFACTS_URL": f"file://{tmp_path}/artifacts",
            "ANAF_BASE_URL": sandbox.url,
            "ANAF_LOGIN_URL": sandbox.url,
            "ANAF_CLIENT_ID": sandbox.client_id,
            "ANAF_CLIENT_SECRET": sandbox.client_secret,
            "ANAF_REFRESH_TOKEN": sandbox.refresh_token,
            "ANAF_CALL_SECONDS": 0,
            "trusted_seals": str(seal),
        }
    )


@pytest.fixture(autouse=True)
def few_words():
    """A year of log lines would be more than the year itself."""
    known = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.configure(**known)


@pytest.mark.parametrize("share", SHARES, ids=lambda share: f"{share.number + 1}of{share.of}")
async def test_nothing_is_filed_twice_or_late_and_all_is_archived(
    sandbox, settings, clock, monkeypatch, capsys, share
):
    dice = random.Random(SEED)
    bad_hours = outages(SIZE, dice)
    started = time.monotonic()
    async with simulated_worker(settings, monkeypatch) as (worker, bus):
        course = Course(bus, worker, sandbox.control, clock, dice)
        end = (SIZE.ends + SETTLED).timestamp()
        await course.run(invoices(SIZE, dice, share), bad_hours, end)
        clock.move_to(end)
        found = {"seed": SEED, "share": f"{share.number + 1} of {share.of}"} | report(
            course, bad_hours
        )
    found["seconds"] = round(time.monotonic() - started)
    with capsys.disabled():
        print(f"\n{json.dumps(found)}")
    if folder := os.environ.get("YEAR_REPORT"):
        Path(folder, f"year-{share.number + 1}.json").write_text(json.dumps(found, indent=1))
    assert found["commands"] > SIZE.invoices // share.of
    for fault in (
        "commands with another number of final events than one",
        "not accepted",
        "accepted twice by ANAF",
        "past the legal term",
        "unarchived",
        "dead letters",
    ):
        assert found[fault] == [], fault
    assert found["rules of ANAF's broken"] == {}
    # Only what looks ahead goes on; no invoice does.
    assert not {"anaf.efactura", "anaf.efactura.check"} & found["left waiting"].keys()
