"""Keepers of the log-in, each a replica with a database connection of its own; ANAF's sandbox."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from workers_anaf.oauth import TokenKeeper
from workers_ledger.database import Database
from workers_ledger.secrets import Secrets
from workers_runtime.outbound import Outbound
from workers_sandbox.testing import SandboxServer


@dataclass
class Replica:
    """A keeper with what it stands on."""

    keeper: TokenKeeper
    database: Database
    outbound: Outbound

    async def stored(self) -> list[str]:
        """Everything that the database holds of secrets."""
        async with self.database.transaction() as session:
            rows = await session.execute(text("SELECT name, value, locked_by FROM secret"))
            return [" ".join(row) for row in rows]


MakeReplica = Callable[..., Awaitable[Replica]]


@pytest.fixture
async def make_replica(sandbox: SandboxServer, tmp_path: Path) -> AsyncIterator[MakeReplica]:
    """Make replicas on one database file."""
    made: list[Replica] = []

    async def make(
        *, secret: str | None = None, refresh: str | None = None, read_seconds: float = 10.0
    ) -> Replica:
        database = Database(f"sqlite:///{tmp_path}/ledger.db")
        await database.open()
        login = Outbound("ANAF log-in", sandbox.url, read_seconds=read_seconds)
        keeper = TokenKeeper(
            Secrets(database),
            login,
            client_id=sandbox.client_id,
            client_secret=secret or sandbox.client_secret,
            refresh_token=refresh or sandbox.refresh_token,
        )
        replica = Replica(keeper, database, Outbound("ANAF", sandbox.url, keep_alive=False))
        made.append(replica)
        made_logins.append(login)
        return replica

    made_logins: list[Outbound] = []
    yield make
    for replica in made:
        await replica.outbound.close()
        await replica.database.close()
    for login in made_logins:
        await login.close()


@pytest.fixture
async def replica(make_replica: MakeReplica) -> Replica:
    """One replica."""
    return await make_replica()


@pytest.fixture
def new_log_in(sandbox: SandboxServer) -> Callable[[], str]:
    """Log in with the certificate once more; returns the new refresh token."""

    def log_in() -> str:
        sandbox.control.clear_scenarios()
        sandbox.control.oauth_reset()
        form = {"grant_type": "refresh_token", "refresh_token": sandbox.refresh_token}
        auth = (sandbox.client_id, sandbox.client_secret)
        url = f"{sandbox.url}/anaf-oauth2/v1/token"
        token: str = httpx.post(url, data=form, auth=auth, trust_env=False).json()["refresh_token"]
        return token

    return log_in
