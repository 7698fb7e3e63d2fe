"""The certificate itself in place of a log-in: a real host that demands one over TLS."""

import json
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from anaf_efactura import app
from anaf_efactura.config import Settings
from workers_anaf.oauth import LoginRequiredError
from workers_ledger.secrets import Secrets
from workers_runtime.config import load, variable_name
from workers_runtime.outbound import Outbound, UnreachableError
from workers_sandbox import certificates
from workers_sandbox.certificates import PASSWORD
from workers_sandbox.server import BackgroundServer
from workers_sandbox.settings import Settings as SandboxSettings
from workers_sandbox.testing import SandboxServer
from workers_sandbox.testing.control import Control

ACCEPTED = "efactura.accepted"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificates"))


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
def by_certificate(efactura_settings, host, files):
    """Settings with a certificate, and no application at ANAF's portal at all."""
    return efactura_settings.model_copy(
        update={
            "anaf_client_id": "",
            "anaf_client_secret": SecretStr(""),
            "anaf_refresh_token": None,
            "anaf_client_certificate": files.caller,
            "anaf_client_key": files.caller_key,
            "anaf_client_key_password": SecretStr(PASSWORD),
            "anaf_certificate_url": host.certificate_url,
            "anaf_ca_file": files.authority,
        }
    )


async def test_invoice_is_filed_without_any_token(make_desk, by_certificate, invoice, sandbox):
    desk = await make_desk(by_certificate)
    event = await desk.file(invoice())
    assert (event.key, event.seal.status) == (ACCEPTED, "verified")
    assert {one["operation"] for one in sandbox.control.requests()} == {
        "upload", "stareMesaj", "descarcare",
    }  # fmt: skip
    (job,) = desk.logins
    assert job.command.credential.startswith("anaf.certificate.")


async def test_host_takes_nobody_without_a_certificate(host, files, sandbox):
    trusting = ssl.create_default_context(cafile=files.authority)
    outbound = Outbound("ANAF", host.certificate_url, tls=trusting)
    with pytest.raises(UnreachableError):
        await outbound.request("GET", "/prod/FCTEL/rest/stareMesaj", repeatable=True)
    await outbound.close()
    assert sandbox.control.requests() == []


async def test_tenant_with_a_log_in_of_its_own_goes_on_with_it(
    make_desk, by_certificate, invoice, tmp_path, sandbox
):
    path = tmp_path / "logins.json"
    own = {"client_id": "sandbox", "client_secret": "sandbox"}
    path.write_text(json.dumps({"acme": {**own, "refresh_token": sandbox.refresh_token}}))
    desk = await make_desk(by_certificate.model_copy(update={"anaf_credentials_file": path}))
    assert (await desk.file(invoice("C-1"), "m1", tenant="acme")).key == ACCEPTED
    assert len(sandbox.control.requests("token")) == 1
    assert (await desk.file(invoice("C-2"), "m2", tenant="beta")).key == ACCEPTED
    assert len(sandbox.control.requests("token")) == 1


async def test_refused_certificate_is_told_as_such(make_desk, by_certificate, sandbox):
    desk = await make_desk(by_certificate)
    sandbox.control.scenario("answer-verbatim", message="{}", status=401)
    with pytest.raises(LoginRequiredError, match="does not accept the certificate"):
        await desk.client.state("5000000001")


async def test_its_end_is_told_ahead_and_it_is_not_used_after_it(
    make_desk, by_certificate, invoice, tmp_path, sandbox
):
    (tmp_path / "short").mkdir()
    soon = certificates.make(tmp_path / "short", caller_days=10)
    paths = {"anaf_client_certificate": soon.caller, "anaf_client_key": soon.caller_key}
    desk = await make_desk(
        by_certificate.model_copy(update=paths | {"anaf_ca_file": soon.authority})
    )
    login = await desk.parts["tokens"].of("")
    assert await desk.parts["tokens"].problem() == "the certificate for ANAF ends in 10 days"
    assert timedelta(days=9) < timedelta(days=await login.days_left()) <= timedelta(days=10)

    over = certificates.make(tmp_path / "short", caller_days=-1)
    paths = {"anaf_client_certificate": over.caller, "anaf_client_key": over.caller_key}
    desk = await make_desk(by_certificate.model_copy(update=paths))
    desk.submit(invoice())
    with pytest.raises(AssertionError, match="no end after 1 steps"):
        await desk.work(most=1)
    assert desk.retries[0].code == "anaf_login_required"
    assert sandbox.control.requests() == []
    assert "the certificate for ANAF ended on" in str(await desk.parts["tokens"].problem())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"anaf_client_key_password": SecretStr("geheim")}, "give PEM files that belong together"),
        ({"anaf_client_key_password": None}, "ANAF_CLIENT_KEY_PASSWORD when the key is encrypted"),
        ({"anaf_client_key": None}, "ANAF_CLIENT_CERTIFICATE: the certificate and its key"),
        (
            {"anaf_client_certificate": Path("/nowhere.pem")},
            "ANAF_CLIENT_CERTIFICATE names /nowhere.pem",
        ),
        (
            {"anaf_client_key": Path("/nowhere.pem")},
            "ANAF_CLIENT_KEY names /nowhere.pem: No such file",
        ),
        ({"anaf_ca_file": Path(__file__)}, "which holds no certificates"),
    ],
)
async def test_what_is_wrong_with_the_files_is_one_line(by_certificate, change, words):
    login = Outbound("ANAF log-in", by_certificate.anaf_login_url)
    with pytest.raises(SystemExit) as told:
        app._tokens(by_certificate.model_copy(update=change), Secrets(None), login)
    await login.close()
    assert words in str(told.value)
    assert "geheim" not in str(told.value)


@pytest.fixture
def environment(monkeypatch, files):
    for name, field in Settings.model_fields.items():
        monkeypatch.delenv(variable_name(Settings, name, field), raising=False)

    def put(**values: str) -> None:
        needed = {"RMQ_URL": "amqp://h/", "ANAF_CLIENT_CERTIFICATE": str(files.caller)}
        for name, value in {**needed, **values}.items():
            monkeypatch.setenv(name, value)

    return put


def test_certificate_needs_no_application(environment):
    environment()
    assert load(Settings, "anaf-efactura").anaf_client_id == ""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ANAF_CERTIFICATE_URL", "http://h", "must begin with https://"),
        ("ANAF_REFRESH_TOKEN", "geheim", "this one or ANAF_CLIENT_CERTIFICATE, not both"),
        ("ANAF_TENANT_LOGIN", "both", "'shared' or 'own'"),
    ],
)
def test_settings_that_do_not_fit_are_told(environment, capsys, name, value, words):
    environment(**{name: value})
    with pytest.raises(SystemExit):
        load(Settings, "anaf-efactura")
    told = capsys.readouterr().err
    assert told.startswith(f"anaf-efactura: {name} is wrong")
    assert words in told
    assert "geheim" not in told
