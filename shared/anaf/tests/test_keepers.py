"""Which log-in a tenant's calls are made with: its own, the newest, the default only if allowed."""

import base64
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from workers_anaf import keepers as module
from workers_anaf.calls import AuthorisedCalls
from workers_anaf.credentials import Application, Credential, CredentialsFile
from workers_anaf.keepers import Keepers, LoginMissingError, LoginUnreadableError
from workers_anaf.login import trade_code
from workers_anaf.oauth import LoginRequiredError
from workers_anaf.stored_logins import StoredLogins
from workers_ledger.database import Database
from workers_ledger.secrets import Secrets
from workers_runtime.outbound import Outbound

HELLO = "/TestOauth/jaxrs/hello"
APPLICATION = Application("sandbox", "sandbox")


class NoPace:
    @asynccontextmanager
    async def call(self):
        yield


@dataclass
class Office:
    """An installation, and the person who logs in for it."""

    sandbox: Any
    secrets: Secrets
    login: Outbound
    outbound: Outbound
    file: Any = None
    made: list[Keepers] = field(default_factory=list)

    def keepers(self, *, secret: str = "sandbox", configured: str | None = None, **more) -> Keepers:
        token = configured if configured is not None else self.sandbox.refresh_token
        credential = Credential.given("", APPLICATION, token) if token else None
        stored = StoredLogins(self.secrets, secret)
        return Keepers(self.secrets, self.login, credential, stored=stored, **more)

    async def log_in(self, tenant: str, secret: str = "sandbox") -> str:
        """Log in with the certificate and have it stored; returns the access token."""
        http = self.login._client
        query = {"client_id": "sandbox", "response_type": "code", "redirect_uri": "https://x/cb"}
        answer = await http.get("/anaf-oauth2/v1/authorize", params=query)
        code = answer.headers["location"].split("code=")[1].split("&")[0]
        auth = (APPLICATION.client_id, APPLICATION.client_secret)
        tokens = await trade_code(self.login, auth, code, redirect_uri="https://x/cb")
        await StoredLogins(self.secrets, secret).keep(tenant, APPLICATION, tokens)
        return tokens.access


@pytest.fixture
async def office(sandbox, tmp_path):
    database = Database(f"sqlite:///{tmp_path}/ledger.db")
    await database.open()
    login, outbound = Outbound("log-in", sandbox.url), Outbound("ANAF", sandbox.url)
    yield Office(sandbox, Secrets(database), login, outbound)
    await login.close()
    await outbound.close()
    await database.close()


async def test_tenant_uses_its_own_log_in_and_others_the_default(office):
    keepers = office.keepers()
    own = await office.log_in("acme")
    acme, beta, default = [await keepers.of(tenant) for tenant in ("acme", "beta", "")]
    assert await acme.access_token() == own
    assert beta is default is not acme
    assert await default.access_token() != own
    assert [login.tenant for login in await keepers.all()] == ["", "acme"]


async def test_without_sharing_a_tenant_without_log_in_waits_and_is_told_how(office):
    keepers = office.keepers(shared=False)
    with pytest.raises(LoginMissingError) as told:
        await keepers.of("acme")
    for words in ("'acme'", "--tenant acme", "ANAF_CREDENTIALS_FILE", "ANAF_TENANT_LOGIN=shared"):
        assert words in str(told.value)
    await keepers.of("")
    own = await office.log_in("acme")
    assert await (await keepers.of("acme", fresh=True)).access_token() == own


async def test_nobody_logged_in_yet(office):
    keepers = office.keepers(configured="")
    with pytest.raises(LoginMissingError, match="run `workers efactura login`"):
        await keepers.of("acme")
    assert "nobody has logged in at ANAF" in str(await keepers.problem())


async def test_new_log_in_is_used_without_restart_and_the_old_keeper_is_left(office, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)
    keepers = office.keepers()
    first = await office.log_in("acme")
    keeper = await keepers.of("acme")
    assert await keepers.of("acme") is keeper
    second = await office.log_in("acme")
    assert await (await keepers.of("acme")).access_token() == second != first


async def test_refused_log_in_is_looked_for_anew_at_once(office):
    keepers = office.keepers()
    calls = AuthorisedCalls(office.outbound, keepers, NoPace()).of("acme")
    await office.log_in("acme")
    assert (await calls.send("GET", HELLO, repeatable=True)).status == 200
    office.sandbox.control.scenario("token-expired-401", operation="hello")
    office.sandbox.control.scenario("refresh-token-expired")
    with pytest.raises(LoginRequiredError, match="workers efactura login --tenant acme"):
        await calls.send("GET", HELLO, repeatable=True)
    assert "tenant 'acme': log in at ANAF" in str(await keepers.problem())
    await office.log_in("acme")
    assert (await calls.send("GET", HELLO, repeatable=True)).status == 200
    assert await keepers.problem() is None


async def test_newest_log_in_counts_wherever_it_is_kept(office, tmp_path):
    stored = await office.log_in("acme")
    path = tmp_path / "logins.json"
    path.write_text(json.dumps({"acme": {"refresh_token": "opaque"}}))
    keepers = office.keepers(file=CredentialsFile(path, APPLICATION))
    assert await (await keepers.of("acme")).access_token() == stored
    office.sandbox.control.clock(offset_seconds=5)
    newer = office.sandbox.access_token()  # a token that was made later, all that matters here
    path.with_suffix(".new").write_text(json.dumps({"acme": {"refresh_token": newer}}))
    path.with_suffix(".new").replace(path)
    assert (await keepers.of("acme", fresh=True))._configured == newer


async def test_log_in_that_cannot_be_decrypted_is_told_and_nothing_else_is_used(office):
    await office.log_in("acme", secret="another")
    keepers = office.keepers()
    with pytest.raises(LoginUnreadableError, match="another ANAF_CLIENT_SECRET"):
        await keepers.of("acme")
    assert "tenant 'acme': the stored log-in cannot be read" in str(await keepers.problem())
    await keepers.of("beta")


async def test_forgotten_log_in_is_used_no_more(office):
    await office.log_in("acme")
    keepers = office.keepers()
    assert (await keepers.of("acme")).tenant == "acme"
    stored = StoredLogins(office.secrets, "sandbox")
    assert await stored.forget("acme")
    assert not await stored.forget("acme")
    assert (await keepers.of("acme", fresh=True)).tenant == ""


async def test_stored_log_in_opens_nothing_without_the_secret(office):
    token = await office.log_in("acme")
    rows = await office.secrets.under("")
    assert len(rows) == 2
    text = str(rows)
    assert "eyJ" not in text
    assert token not in text
    assert "acme" in text


async def test_certificate_is_used_where_a_default_log_in_of_a_dropped_secret_is_left(office):
    await office.log_in("", secret="dropped")
    certificate = object()
    keepers = office.keepers(secret="", configured="", certificate=certificate)
    assert await keepers.of("") is await keepers.of("acme") is certificate


async def test_row_under_another_tenants_name_opens_nothing(office):
    await office.log_in("acme")
    (row,) = (await office.secrets.under("anaf.login")).values()
    copied = json.dumps({**json.loads(row), "tenant": "beta"})
    await office.secrets.put("anaf.login.copied", copied)
    keepers = office.keepers()
    with pytest.raises(LoginUnreadableError):
        await keepers.of("beta")
    assert (await keepers.of("acme")).tenant == "acme"


@pytest.mark.parametrize("iat", [1_795_000_000_000, 1e300, -5, "soon", None])
def test_log_in_without_a_usable_day_has_none(iat):
    claims = base64.urlsafe_b64encode(json.dumps({"iat": iat}).encode()).decode().rstrip("=")
    assert Credential.given("", APPLICATION, f"x.{claims}.y").since == 0.0
