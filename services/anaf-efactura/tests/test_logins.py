"""Log-ins by tenant through the whole worker: which one is used, and how a lost one is told."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from workers_runtime.testing import Bus, StartWorker
from workers_sandbox.testing import SandboxServer

ACCEPTED, LOST = "efactura.accepted", "efactura.login_lost"


def by_tenant(settings, tmp_path: Path, **tokens: str):
    path = tmp_path / "logins.json"
    path.write_text(json.dumps({name: {"refresh_token": token} for name, token in tokens.items()}))
    return settings.model_copy(
        update={
            "anaf_credentials_file": path,
            "anaf_tenant_login": "own",
            "anaf_refresh_token": None,
        }
    )


async def test_each_tenant_files_with_its_own_log_in(
    make_desk, efactura_settings, tmp_path, invoice, person, sandbox
):
    token = person.log_in()["refresh_token"]
    desk = await make_desk(by_tenant(efactura_settings, tmp_path, acme=token))
    event = await desk.file(invoice(), tenant="acme")
    assert event.key == ACCEPTED
    (job,) = desk.logins
    assert job.identity.tenant == "acme"
    login = await desk.parts["tokens"].of("acme")
    assert job.command.credential == login.credential
    assert sandbox.control.violations() == []


async def test_tenant_without_log_in_waits_visibly_and_sends_nothing(
    make_desk, efactura_settings, tmp_path, invoice, sandbox
):
    desk = await make_desk(by_tenant(efactura_settings, tmp_path, acme="never-used"))
    desk.submit(invoice(), tenant="beta")
    with pytest.raises(AssertionError, match="no end after 3 steps"):
        await desk.work(most=3)
    assert {retry.code for retry in desk.retries} == {"anaf_login_missing"}
    assert (await desk.document()).state == "new"
    assert sandbox.control.requests() == []


async def test_refused_locally_needs_no_log_in(make_desk, efactura_settings, tmp_path, invoice):
    desk = await make_desk(by_tenant(efactura_settings, tmp_path, acme="never-used"))
    event = await desk.file(invoice().replace("RO12345674", "RO12345675"), tenant="beta")
    assert (event.key, event.stage) == ("efactura.rejected", "local")


async def test_lost_log_in_is_told_by_the_command_that_meets_it(desk, invoice, sandbox):
    sandbox.control.scenario("refresh-token-expired", times=None)
    for number in (1, 2):
        desk.submit(invoice(f"L-{number}"), f"m{number}")
    with pytest.raises(AssertionError, match="no end after 4 steps"):
        await desk.work(most=4)
    for job in list(desk.logins):
        await desk.step(job)
    told = [event for event in desk.events if event.key == LOST]
    assert [(event.cause, event.tenant) for event in told] == [("refused", None)]
    assert len(sandbox.control.requests("token")) == 1


@pytest.fixture
def start(start_worker: StartWorker, sandbox: SandboxServer, tmp_path: Path):
    """Start the worker against the sandbox."""
    seal = tmp_path / "seal.pem"
    seal.write_bytes(sandbox.control.seal_pem())
    environment = {
        "ANAF_BASE_URL": sandbox.url,
        "ANAF_LOGIN_URL": sandbox.url,
        "ANAF_CLIENT_ID": sandbox.client_id,
        "ANAF_CLIENT_SECRET": sandbox.client_secret,
        "ANAF_REFRESH_TOKEN": sandbox.refresh_token,
        "ANAF_EFACTURA_TRUSTED_SEALS": str(seal),
        "ANAF_EFACTURA_CHECK_PLAN": "1",
    }
    return lambda: start_worker("anaf_efactura", **environment)


async def until(condition, what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)


def end_leases(ledger: Path) -> None:
    """Let the ninety seconds pass for which the dead worker keeps the right to renew."""
    with contextlib.closing(sqlite3.connect(ledger)) as file, file:
        assert file.execute("UPDATE secret SET locked_by = ''").rowcount


async def submit(bus: Bus, invoice, number: str, **headers: str) -> None:
    body = {"cif": "12345674", "xml": invoice(number)}
    await bus.publish(
        "efactura.submit", body, message_id=number, correlation_id=number, headers=headers
    )


@pytest.mark.integration
@pytest.mark.fault
async def test_killed_between_rotation_and_saving_raises_the_alarm(
    bus, start, sandbox, invoice, tmp_path
):
    # ANAF answers the renewal, slowly: the new token is on its way when the worker dies.
    sandbox.control.scenario("timeout-after-acceptance", operation="token", seconds=120)
    worker = start().wait_ready()
    await submit(bus, invoice, "K-1", tid="acme")
    await until(lambda: sandbox.control.requests("token"), "no renewal began")
    worker.signal(signal.SIGKILL)
    worker.wait_end()
    sandbox.control.clear_scenarios()
    end_leases(tmp_path / "ledger.db")

    worker = start().wait_ready()
    event = await bus.event(LOST, seconds=120)
    assert event.data["cause"] == "renewal_lost"
    # The default log-in is nobody's, whoever's invoice found it lost.
    assert "tid" not in event.envelope
    assert "tid" not in event.headers
    assert event.data["renewal_began_at"] is not None
    assert "întreruptă" in event.data["message"]
    assert "was never stored" in worker.get("/health/ready").json()["checks"]["anaf_login"]
    assert "a person must log in" in worker.log
    # One question, one refusal, and then silence: never a loop.
    assert len(sandbox.control.requests("token")) == 2
    assert sandbox.control.uploads() == []


@pytest.mark.integration
async def test_three_replicas_and_twenty_jobs_renew_an_expired_token_once(
    bus, start, sandbox, invoice
):
    replicas = [start() for _ in range(3)]
    for replica in replicas:
        replica.wait_ready()
    await submit(bus, invoice, "R-0")
    await bus.event("efactura.submitted", correlation_id="R-0", seconds=60)
    # Every call with the old token is refused from now on, in all three processes.
    sandbox.control.scenario("token-expired-401")
    sandbox.control.scenario("token-endpoint-slow-or-500", variant="slow", seconds=1)
    numbers = [f"R-{number}" for number in range(1, 21)]
    await asyncio.gather(*(submit(bus, invoice, number) for number in numbers))
    for number in numbers:
        await bus.event(ACCEPTED, correlation_id=number, seconds=120)
    assert len(sandbox.control.requests("token")) == 2
    assert sandbox.control.violations() == []
    assert len(sandbox.control.uploads()) == 21
