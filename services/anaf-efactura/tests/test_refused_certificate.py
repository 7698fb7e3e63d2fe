"""A certificate that ANAF refuses, or that has ended, is told once; the invoices wait."""

import contextlib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509 import load_pem_x509_certificate
from pydantic import SecretStr

from workers_anaf import certificate as module
from workers_anaf import refusal_notes
from workers_runtime import handshake
from workers_sandbox import certificates
from workers_sandbox.certificates import PASSWORD
from workers_sandbox.server import BackgroundServer
from workers_sandbox.settings import Settings as SandboxSettings
from workers_sandbox.testing import SandboxServer
from workers_sandbox.testing.control import Control

ACCEPTED, LOST = "efactura.accepted", "efactura.login_lost"
SETTING = "ANAF_CLIENT_CERTIFICATE"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    """Of an authority that the host does not know."""
    return certificates.make(tmp_path_factory.mktemp("strangers"))


@pytest.fixture(scope="module")
def host(files, sandbox_keys):
    """ANAF with both of its hosts."""
    settings = SandboxSettings(
        port=0, smtp_port=0, key_dir=sandbox_keys, state_delay=0.03, list_delay=0.02
    )
    with BackgroundServer(settings, files) as server:
        yield server


@pytest.fixture
def sandbox(host):
    """Put it in the place of the usual one."""
    control = Control(host.url)
    control.reset()
    yield SandboxServer(host.url, control)
    control.close()


@pytest.fixture
def with_certificate(efactura_settings, host, files):
    """Settings with a caller's certificate."""

    def settings(caller):
        return efactura_settings.model_copy(
            update={
                "anaf_refresh_token": None,
                "anaf_client_certificate": caller.caller,
                "anaf_client_key": caller.caller_key,
                "anaf_client_key_password": SecretStr(PASSWORD),
                "anaf_certificate_url": host.certificate_url,
                "anaf_ca_file": files.authority,
            }
        )

    return settings


def serial(caller) -> str:
    return f"{load_pem_x509_certificate(caller.caller.read_bytes()).serial_number:X}"


async def alarm(desk, invoices, steps: int):
    """File what waits, and look at the log-in; returns the one alarm."""
    for number, text in enumerate(invoices):
        desk.submit(text, f"m{number}", tenant="acme")
    with pytest.raises(AssertionError, match="no end after"):
        await desk.work(most=steps)
    assert {retry.code for retry in desk.retries} == {"anaf_login_required"}
    assert desk.failures == []
    for job in list(desk.logins):
        await desk.step(job)
    (event,) = [event for event in desk.events if event.key == LOST]
    assert event.tenant is None
    assert SETTING in event.message
    assert f"{SETTING} și ANAF_CLIENT_KEY" in event.action
    return event


async def test_refused_certificate_is_told_once_and_used_when_anaf_takes_it_again(
    make_desk, with_certificate, files, invoice, sandbox, monkeypatch
):
    desk = await make_desk(with_certificate(files))
    sandbox.control.scenario(
        "answer-verbatim", operation="upload", message="{}", status=401, times=None
    )
    event = await alarm(desk, [invoice("R-1"), invoice("R-2")], 6)
    assert (event.cause, event.reason) == ("certificate_refused", "HTTP 401")
    assert f"cu seria {serial(files)}" in event.message
    assert event.since is not None
    # ANAF was asked once for both, and is left alone until it is asked again.
    assert len(sandbox.control.requests("upload")) == 1
    assert f"serial number {serial(files)}" in str(await desk.parts["login"].problem())

    sandbox.control.clear_scenarios()
    monkeypatch.setattr(refusal_notes, "ASKED_AGAIN", 0.0)
    await desk.work()
    assert [event.key for event in desk.events].count(ACCEPTED) == 2
    assert "does not accept" not in str(await desk.parts["login"].problem())


async def test_another_replica_knows_and_a_new_trouble_is_told_anew(
    make_desk, with_certificate, files, invoice, sandbox, monkeypatch
):
    one, two = [await make_desk(with_certificate(files)) for _ in range(2)]
    refusal = {"operation": "upload", "message": "{}", "status": 401, "times": None}
    sandbox.control.scenario("answer-verbatim", **refusal)
    await alarm(one, [invoice("S-1")], 2)
    two.submit(invoice("S-2"), "n1")
    with pytest.raises(AssertionError, match="no end after"):
        await two.work(most=2)
    for job in list(two.logins):
        await two.step(job)
    assert LOST not in two.keys
    assert len(sandbox.control.requests("upload")) == 1

    sandbox.control.clear_scenarios()
    monkeypatch.setattr(refusal_notes, "ASKED_AGAIN", 0.0)
    await two.work()
    real = refusal_notes.now
    monkeypatch.setattr(refusal_notes, "now", lambda: real() + 86_400)
    sandbox.control.scenario("answer-verbatim", **refusal)
    two.logins.clear()
    await alarm(two, [invoice("S-3")], 2)


async def test_host_that_does_not_know_the_certificate_refuses_it_in_the_handshake(
    make_desk, with_certificate, strangers, invoice, sandbox
):
    desk = await make_desk(with_certificate(strangers))
    desk.submit(invoice("H-0"), "h0")
    # The connection of an upload only breaks: whether it arrived is looked for, as always.
    await desk.step(desk.jobs.pop(0))
    desk.jobs.clear()
    desk.retries.clear()
    with pytest.raises(module.LoginRequiredError, match="TLS: the host hangs up"):
        await desk.client.state("5000000001")
    login = await desk.parts["tokens"].of("")
    lost = await login.lost()
    assert (lost.cause, lost.reason) == ("certificate_refused", "TLS: the host hangs up")
    event = await alarm(desk, [invoice("H-1")], 2)
    assert event.cause == "certificate_refused"
    assert sandbox.control.requests() == []


@pytest.fixture
def alerting(files):
    """A host that says why it refuses, as those do that are not written in Python."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.host)
    tls.load_verify_locations(files.authority)
    tls.verify_mode = ssl.CERT_REQUIRED

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, contextlib.suppress(ssl.SSLError):
                    tls.wrap_socket(connection, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


async def test_why_a_host_refuses_it_is_told(files, strangers, alerting):
    tls = module.client_context(strangers.caller, strangers.caller_key, PASSWORD, files.authority)
    assert "alert" in await handshake.refusal_in_handshake(f"https://127.0.0.1:{alerting}", tls)


async def test_host_that_is_away_is_no_refusal(make_desk, with_certificate, files, sandbox):
    settings = with_certificate(files)
    away = {"anaf_certificate_url": "https://127.0.0.1:9"}
    login = await (await make_desk(settings.model_copy(update=away))).parts["tokens"].of("")
    assert await login.unreachable() is None
    # Nor is one whose own certificate we do not trust.
    untrusted = settings.model_copy(update={"anaf_ca_file": None})
    login = await (await make_desk(untrusted)).parts["tokens"].of("")
    assert await login.unreachable() is None
    assert await login.lost() is None


async def test_host_that_takes_it_is_no_refusal(
    make_desk, with_certificate, files, sandbox, monkeypatch
):
    monkeypatch.setattr(handshake, "LISTEN_SECONDS", 1.0)
    login = await (await make_desk(with_certificate(files))).parts["tokens"].of("")
    assert await login.unreachable() is None


async def test_certificate_that_has_ended_is_told_once(
    make_desk, with_certificate, invoice, sandbox, tmp_path, files
):
    over = certificates.make(tmp_path, caller_days=-1)
    desk = await make_desk(with_certificate(over))
    event = await alarm(desk, [invoice("E-1"), invoice("E-2")], 6)
    assert (event.cause, event.since) == ("certificate_ended", None)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert event.reason == f"{yesterday:%Y-%m-%d}"
    assert f"cu seria {serial(over)}" in event.message
    assert sandbox.control.requests() == []
