"""Logging out takes the tokens out of the ledger, and says what ANAF still holds."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from workers_anaf.credentials import Application
from workers_anaf.keepers import Keepers
from workers_anaf.stored_logins import StoredLogins
from workers_anaf.tokens import Tokens
from workers_ledger.database import Database
from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.secrets import Secrets
from workers_runtime.outbound import Outbound

APPLICATION = Application("sandbox", "sandbox")


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "secret").write_text("sandbox\n")
    return {
        "ANAF_CLIENT_ID": "sandbox",
        "ANAF_CLIENT_SECRET_FILE": str(tmp_path / "secret"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/ledger.db",
    }


@pytest.fixture
async def secrets(environment):
    database = Database(environment["DATABASE_URL"])
    await database.open()
    yield Secrets(database)
    await database.close()


@pytest.fixture
async def http(sandbox):
    outbound = Outbound("ANAF log-in", sandbox.url)
    yield outbound
    await outbound.close()


@pytest.fixture
def ledger(tmp_path):
    """What the database holds of secrets, by name."""

    def rows():
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
            return dict(file.execute("SELECT name, value FROM secret"))

    return rows


@pytest.fixture
def logout(offline, environment):
    async def run(*arguments, **more):
        return await asyncio.to_thread(
            offline, "efactura", "logout", *arguments, **{**environment, **more}
        )

    return run


async def keep(secrets, number: int, tenant: str = "acme") -> None:
    tokens = Tokens(f"access-{number}", f"refresh-{number}", 4e9, datetime.now(UTC).timestamp())
    await StoredLogins(secrets, "sandbox").keep(tenant, APPLICATION, tokens)


def holding(rows) -> list[str]:
    """The rows with something encrypted in them."""
    return [name for name, value in rows.items() if "gAAAA" in value]


async def test_no_token_stays_in_the_ledger(secrets, ledger, logout):
    await keep(secrets, 1)
    await keep(secrets, 2, tenant="beta")
    ran = await logout("--tenant", "acme")
    assert ran.code == 0, ran.err
    # Both rows of the other tenant, and none of this one.
    assert len(holding(ledger())) == 2
    assert "acme" not in str(ledger())
    year = datetime.now(UTC).year + 1
    assert f"until {year}" in ran.out + ran.err
    assert "Renunțare OAuth" in ran.err


async def test_tokens_of_an_earlier_log_in_go_with_the_next_one(secrets, ledger, logout):
    await keep(secrets, 1)
    await keep(secrets, 2)
    assert len(holding(ledger())) == 2
    assert (await logout("--tenant", "acme")).code == 0
    assert holding(ledger()) == []


async def test_tokens_go_also_when_the_secret_is_another_one_now(secrets, ledger, logout, tmp_path):
    await keep(secrets, 1)
    (tmp_path / "other").write_text("another-secret")
    ran = await logout("--tenant", "acme", ANAF_CLIENT_SECRET_FILE=str(tmp_path / "other"))
    assert ran.code == 0, ran.err
    assert holding(ledger()) == []


async def test_worker_that_renews_meanwhile_does_not_bring_them_back(
    secrets, ledger, logout, sandbox, http
):
    tokens = Tokens("old", sandbox.refresh_token, 0.0, datetime.now(UTC).timestamp())
    await StoredLogins(secrets, "sandbox").keep("acme", APPLICATION, tokens)
    keepers = Keepers(secrets, http, None, stored=StoredLogins(secrets, "sandbox"))
    keeper = await keepers.of("acme")
    sandbox.control.scenario("token-endpoint-slow-or-500", variant="slow", seconds=2)
    renewal = asyncio.create_task(keeper.access_token())
    while not sandbox.control.requests("token"):
        await asyncio.sleep(0.02)
    assert (await logout("--tenant", "acme")).code == 0
    await renewal
    with pytest.raises(Exception, match="logged out"):
        await keeper.renew("another")
    assert holding(ledger()) == []
    assert len(sandbox.control.requests("token")) == 1


async def test_log_out_that_is_cut_off_is_ended_by_the_next(secrets, ledger, logout, monkeypatch):
    await keep(secrets, 1)
    real = Secrets.put

    async def cut(self, name, value):
        if name.startswith("anaf.login."):
            raise LedgerUnavailableError("the ledger does not answer (gone)")
        await real(self, name, value)

    with monkeypatch.context() as patch:
        patch.setattr(Secrets, "put", cut)
        assert (await logout("--tenant", "acme")).code == 2
    assert (await logout("--tenant", "acme")).code == 0
    assert holding(ledger()) == []
