"""What stands still is said by `status` and `doctor`, on the real thing: worker, registry, ANAF."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workers_cli.explanations import error_modules, explanations
from workers_cli.findings import of_waits, of_workers
from workers_cli.fleet import Fleet
from workers_cli.next_steps import is_described
from workers_cli.waits import counted
from workers_runtime.errors import (
    JournalUnavailableError,
    OutcomeUnknownError,
    QuotaError,
    TransientError,
    error_codes,
)
from workers_runtime.testing import Bus, StartWorker
from workers_runtime.waiting import Waiting, WaitingPage
from workers_sandbox.testing import SandboxServer

EXAMPLE = Path(__file__).parents[2] / "contracts/examples/efactura.submit/valid-text.json"


def invoice(number: int) -> dict[str, str]:
    """Return a command for an invoice of its own."""
    command = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    named = re.sub(r"<cbc:ID>[^<]*<", f"<cbc:ID>STUCK-{number}<", command["xml"], count=1)
    return command | {"xml": named}


@pytest.fixture
async def stuck(
    bus: Bus, start_worker: StartWorker, sandbox: SandboxServer, vhost_url, redis_url, later
):
    """File against an ANAF that misbehaves; returns a run of a command once the words are there."""
    registry = start_worker("registry_service", WORKERS_ENV="dev")
    where = {"RMQ_URL": vhost_url, "REDIS_URL": redis_url, "REGISTRY_URL": registry.url}

    async def run(words: str, *command: str):
        async with asyncio.timeout(60):
            while words not in (ran := await later(*command, **where)).out:
                await asyncio.sleep(0.3)
        return ran

    async def file(scenario: str):
        sandbox.control.scenario(scenario, times=None)
        authority = {
            "ANAF_BASE_URL": sandbox.url,
            "ANAF_LOGIN_URL": sandbox.url,
            "ANAF_PUBLIC_URL": sandbox.url,
            "ANAF_CLIENT_ID": sandbox.client_id,
            "ANAF_CLIENT_SECRET": sandbox.client_secret,
            "ANAF_REFRESH_TOKEN": sandbox.refresh_token,
        }
        worker = start_worker("anaf_efactura", **authority)
        worker.wait_ready()
        registry.wait_ready()
        for number in range(4):
            await bus.publish("efactura.submit", invoice(number), message_id=f"m{number}")
        return run

    yield file
    sandbox.control.clear_scenarios()


def about_efactura(problems: list[dict[str, str]]) -> dict[str, str]:
    """Return what is said of the only worker that runs here, with the next steps."""
    said = {one["what"]: one["next"] for one in problems if "anaf.efactura" in one["what"]}
    return {what: step for what, step in said.items() if "no worker" not in what}


@pytest.mark.integration
async def test_lost_log_in_is_a_problem_with_the_way_out_of_it(stuck):
    run = await stuck("refresh-token-expired")
    await run("4 × anaf_login_required wait in anaf.efactura", "status")
    await run("anaf.efactura: -20 anaf_login", "status")
    ran = await run("anaf_login_required", "status", "--json")
    assert ran.code == 1
    said = about_efactura(ran.json["problems"])
    (waits,) = (what for what in said if "anaf_login_required" in what)
    (login,) = (what for what in said if "-20 anaf_login" in what)
    assert said[waits] == "workers waiting anaf.efactura"
    assert said[login] == "workers efactura login"
    assert "all is well" not in (await run("problem", "status")).out
    doctor = await run("anaf_login_required", "doctor", "--listen", "0.1", "--json")
    checks = [(c["name"], c["state"], c["next"]) for c in doctor.json["checks"]]
    assert ("waiting", "wrong", "workers waiting anaf.efactura") in checks
    assert ("workers", "wrong", "workers efactura login") in checks
    shown = await run("anaf_login_required", "waiting")
    assert "anaf_login_required: workers efactura login" in shown.out
    listed = (await run("anaf_login_required", "waiting", "--json")).json["anaf.efactura"]
    cif = invoice(0)["cif"].removeprefix("RO")
    assert {one["subject"].removeprefix("RO") for one in listed["commands"]} == {cif}


@pytest.mark.integration
async def test_authority_that_is_down_is_said_and_asks_nothing_of_a_person(stuck):
    run = await stuck("unavailable-503-retry-after")
    # An upload that is answered by 503 may have been taken: ANAF is asked for it first.
    ran = await run("4 × anaf_upload_uncertain", "status", "--json")
    async with asyncio.timeout(60):
        while about_efactura(ran.json["problems"]):  # a busy machine: no progress for a second
            ran = await run("4 × anaf_upload_uncertain", "status", "--json")
    (notice,) = ran.json["notices"]
    assert "503" in notice["what"]
    assert notice["next"].startswith("nothing: ")
    assert "waiting: 4 × anaf_upload_uncertain" in (await run("503", "status")).out
    doctor = await run("4 × anaf_upload", "doctor", "--listen", "0.1", "--json")
    (waiting,) = (check for check in doctor.json["checks"] if check["name"] == "waiting")
    assert waiting["state"] == "ok"


def page(**changes) -> dict[str, WaitingPage]:
    now = datetime.now(UTC)
    entry = {"message_id": "m", "command": "efactura.submit", "code": "anaf_unavailable",
             "reason": "ANAF answers 503", "since": now, "due": now} | changes  # fmt: skip
    return {"anaf.efactura": WaitingPage(1, [Waiting.model_validate(entry)])}


def test_overdue_command_asks_for_a_person_whatever_it_waits_for():
    late = datetime.now(UTC) - timedelta(minutes=5)
    first, second = of_waits(counted(page(due=late)))
    assert (first.acts, second.acts) == (True, False)
    assert "1 commands of anaf.efactura are overdue" in first.what
    assert first.next == "workers waiting anaf.efactura"


def test_planned_follow_up_is_no_news_and_an_unknown_code_is():
    assert of_waits(counted(page(code="follow_up"))) == []
    (found,) = of_waits(counted(page(code="bank_on_strike")))
    assert found.acts


def test_every_code_that_a_command_can_wait_with_has_a_next_step():
    assert set(explanations()) >= {"anaf_login_required", "email_deferred", "slack_paced"}
    assert list(error_modules())
    waits = (TransientError, QuotaError, OutcomeUnknownError, JournalUnavailableError)
    ours = {code: kind for code, kind in error_codes().items() if "workers_cli" not in str(kind)}
    able = {code for code, kind in ours.items() if issubclass(kind, waits)}
    assert {code for code in able if not is_described(code)} == set()


def test_each_deduction_of_each_replica_is_told_once_with_its_own_step():
    now = datetime.now(UTC).isoformat()
    login = {"reason": "anaf_login", "points": 20, "detail": "lost"}
    inbox = {"reason": "inbox", "points": 20, "detail": "2 boxes are not read"}
    replicas = [
        {"id": name, "status": "idle", "last_seen": now, "deductions": told}
        for name, told in (("a", [login]), ("b", [login, inbox]))
    ]
    told = {
        "tag": "anaf.efactura", "status": "idle", "instance_count": 2, "health_score": 60,
        "deductions": [login, inbox], "last_seen": now, "instances": replicas,
    }  # fmt: skip
    answer = json.dumps({"workers": [told], "as_of": now})
    found = of_workers(Fleet.model_validate_json(answer))
    assert [(one.what, one.next) for one in found if "-20" in one.what] == [
        ("anaf.efactura: -20 anaf_login (lost)", "workers efactura login"),
        ("anaf.efactura: -20 inbox (2 boxes are not read)", "workers waiting anaf.efactura"),
    ]
