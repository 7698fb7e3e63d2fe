"""Settings, health and the process: what an operator meets."""

import asyncio
import json

import pytest
from pydantic import ValidationError

from email_send.app import build
from email_send.config import Settings
from email_send.errors import AccountUnroutableError
from workers_contracts.email import SendEmail

RMQ = {"rmq_url": "amqp://127.0.0.1:1/"}
OWN = {"host": "smtp.example.ro", "sender": "facturi@example.ro"}
SECRET = "hidden-word"


def settings(**values) -> Settings:
    return Settings(**{**RMQ, **values})


def account(**values) -> str:
    return json.dumps({"a": {"host": "smtp.a.example", "from": "x@a.example", **values}})


def test_worker_is_put_together_from_the_environment(monkeypatch, tmp_path):
    secret = tmp_path / "password"
    secret.write_text(f"{SECRET}\n")
    monkeypatch.setenv("RMQ_URL", RMQ["rmq_url"])
    monkeypatch.setenv("SMTP_HOST", "smtp.example.ro")
    monkeypatch.setenv("SMTP_FROM", "facturi@example.ro")
    monkeypatch.setenv("SMTP_USERNAME", "facturi")
    monkeypatch.setenv("SMTP_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("EMAIL_SEND_ACCOUNTS", account(tenants=["t-a"]))

    async def made():
        return build()

    worker = asyncio.run(made())
    assert worker.service == "email-send"
    assert SendEmail.queue() == "email.send"
    accounts = worker.settings.ways()
    assert list(accounts.all) == ["default", "a"]
    own = accounts.all["default"]
    assert (own.secret, own.real_port, own.tls) == (SECRET, 587, "starttls")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "give SMTP_HOST with SMTP_FROM, or EMAIL_SEND_ACCOUNTS"),
        ({"host": "a.example"}, "give SMTP_FROM too"),
        ({**OWN, "sender": "Ana <a@b.example>"}, "from: "),
        ({**OWN, "username": "a"}, "both, or neither"),
        ({**OWN, "password": SECRET}, "both, or neither"),
        ({**OWN, "tls": "none"}, "loopback only"),
        ({**OWN, "host": "127.0.0.1.example.ro", "tls": "none"}, "loopback only"),
        (
            {**OWN, "host": "127.0.0.1", "tls": "none", "username": "a", "password": SECRET},
            "a password is never sent without TLS",
        ),
        ({**OWN, "ca": f"no PEM {SECRET}"}, "the certificates to trust are no PEM"),
        ({**OWN, "dkim_selector": "s"}, "a DKIM selector and a DKIM key"),
        ({**OWN, "dkim_selector": "s", "dkim_key": SECRET}, "DKIM key is no PEM"),
        ({**OWN, "senders": "nobody"}, "senders: "),
        ({**OWN, "bounce": "nobody"}, "bounce: "),
        ({**OWN, "templates": "/nowhere"}, "is no folder"),
        ({"accounts": f"{{{SECRET}"}, "EMAIL_SEND_ACCOUNTS is not JSON"),
        ({"accounts": '["a"]'}, "EMAIL_SEND_ACCOUNTS must be"),
        ({"accounts": account(pasword=SECRET)}, "EMAIL_SEND_ACCOUNTS, a: pasword: "),
        ({"accounts": account(password_file="/nowhere")}, "there is no such file"),
        ({**OWN, "accounts": json.dumps({"default": {}})}, "default is the account of SMTP_HOST"),
    ],
)
def test_wrong_settings_are_told_without_the_secret(values, words):
    with pytest.raises(ValidationError) as wrong:
        settings(**values)
    [problem] = wrong.value.errors(include_input=False, include_url=False)
    assert words in problem["msg"]
    assert SECRET not in problem["msg"]


def test_opportunistic_tls_cannot_be_asked_for():
    for tls in ("", "auto", "opportunistic", "if-offered", None):
        with pytest.raises(ValidationError):
            settings(**OWN, tls=tls)


def test_tenant_goes_through_its_own_account_and_through_no_other():
    further = {
        "own": {"host": "h.example", "from": "x@own.example", "tenants": ["t-1", "t-2"]},
        "all": {"host": "h.example", "from": "x@all.example"},
    }
    accounts = settings(**OWN, accounts=json.dumps(further)).ways()
    assert accounts.choose("t-1", None) == "own"
    assert accounts.choose("t-9", None) == "default"
    assert accounts.choose("", None) == "default"
    assert accounts.choose("t-9", "all") == "all"
    for tenant, name in (("t-9", "own"), ("", "own"), ("t-1", "nothing")):
        with pytest.raises(AccountUnroutableError) as refused:
            accounts.choose(tenant, name)
        assert refused.value.field == "account"
    alone = {"own": further["own"]}
    with pytest.raises(AccountUnroutableError):
        settings(accounts=json.dumps(alone)).ways().choose("t-9", None)


def test_process_without_a_mail_server_ends_with_one_line(start_worker):
    worker = start_worker("email_send", SMTP_HOST="", EMAIL_SEND_ACCOUNTS="")
    assert worker.wait_end() == 2
    [line] = [line for line in worker.log.splitlines() if line.strip()]
    assert "email-send" in line
    assert "SMTP_HOST" in line


@pytest.mark.integration
async def test_password_is_nowhere_whatever_happens(sandbox, start_worker, bus, redis_url):
    """The log at DEBUG, every event, the dead letters and what lies in Redis."""
    import redis.asyncio as redis  # noqa: PLC0415

    further = {
        "wrong": {
            "host": "127.0.0.1", "port": sandbox.smtp_port, "username": "sandbox",
            "password": SECRET, "from": "a@prima.example", "ca_file": sandbox.smtp["SMTP_CA_FILE"],
        },
        "gone": {"host": "127.0.0.1", "port": 1, "username": "a", "password": SECRET,
                 "from": "a@prima.example"},
    }  # fmt: skip
    worker = start_worker(
        "email_send", LOG_LEVEL="DEBUG", **sandbox.smtp, EMAIL_SEND_ACCOUNTS=json.dumps(further)
    ).wait_ready()
    for name in ("default", "wrong", "gone", "nothing"):
        body = {"to": ["ana@client.example"], "subject": "x", "text": "x", "account": name}
        await bus.publish("email.send", body, message_id=name, correlation_id=name)
    await bus.event("email.sent", correlation_id="default")
    await bus.event("email.failed", correlation_id="nothing")
    dead = await bus.take("email.send.dead")
    async with redis.Redis.from_url(redis_url, decode_responses=True) as state:
        kept = ""
        while not all(word in kept for word in ("535", "Error connecting")):
            await asyncio.sleep(0.1)
            for key in await state.keys("*"):
                if await state.type(key) == "string":
                    kept += f"{key} {await state.get(key)}\n"
                elif await state.type(key) == "hash":
                    kept += f"{key} {await state.hgetall(key)}\n"
    while "535" not in (ready := worker.get("/health/ready").text):
        await asyncio.sleep(0.2)
    said = [str(event.envelope) + str(event.headers) for event in bus.events]
    for text in (worker.log, kept, ready, *said, f"{dead.body}{dead.headers}"):
        assert SECRET not in text
        assert sandbox.smtp["SMTP_PASSWORD"] not in text
