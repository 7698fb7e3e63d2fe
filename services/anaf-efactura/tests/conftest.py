"""A worker without broker: handlers, ledger and client are real, ANAF is the sandbox."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from anaf_efactura import app
from anaf_efactura.client_public import PublicClient
from anaf_efactura.config import Settings
from anaf_efactura.handlers import check_invoice, submit_invoice, watch_invoice, watch_login
from anaf_efactura.judging import make_judge
from anaf_efactura.login_watch import LoginWatch
from workers_anaf.calls import AuthorisedCalls
from workers_anaf.limits import Pace
from workers_contracts.base import Command, Event
from workers_contracts.efactura import CheckInvoice, SubmitInvoice, WatchInvoice, WatchLogin
from workers_ledger.database import Database
from workers_ledger.documents import Document, _value
from workers_ledger.notices import Notices
from workers_ledger.schema import DocumentRow
from workers_ledger.secrets import Secrets
from workers_ledger.tenants import Tenants
from workers_runtime.failure import GiveUp, Policy, Retry, decide
from workers_runtime.identity import Identity, Task, derived_id
from workers_runtime.outbound import CircuitBreaker, Outbound
from workers_runtime.redis_pool import connect
from workers_runtime.router import After
from workers_sandbox.server import BackgroundServer
from workers_sandbox.settings import Settings as SandboxSettings
from workers_sandbox.testing import SandboxServer
from workers_sandbox.testing.control import Control

SELLER = "12345674"
DATA = Path(__file__).parent / "data"
LONGEST_REAL_WAIT = 0.05
"""Waits are noted, not waited: the sandbox needs parts of a second."""


@dataclass
class Job:
    """A command with the identity that the bus would give it."""

    command: Command
    identity: Identity
    wait: float = 0.0


@dataclass
class Desk:
    """Hands commands to the handlers and does with their outcome what the kernel would."""

    sandbox: SandboxServer
    settings: Settings
    database: Database
    parts: dict[str, Any]
    jobs: list[Job] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    retries: list[Retry] = field(default_factory=list)
    failures: list[GiveUp] = field(default_factory=list)
    watches: list[Job] = field(default_factory=list)
    """What is due in days: not worked on unless a test does."""
    logins: list[Job] = field(default_factory=list)
    days: int = 0

    def submit(self, xml: str | bytes, message_id: str = "m1", **fields: Any) -> Job:
        """Publish a command to file an invoice."""
        text = xml.decode() if isinstance(xml, bytes) else xml
        tenant = fields.pop("tenant", None)
        command = SubmitInvoice(**{"cif": SELLER, "xml": text, **fields})
        identity = Identity(
            message_id=message_id,
            correlation_id=f"c-{message_id}",
            tenant=tenant,
            first_seen_ms=int(datetime.now(UTC).timestamp() * 1000),
        )
        job = Job(command, identity)
        self.jobs.append(job)
        return job

    async def file(self, xml: str | bytes, message_id: str = "m1", **fields: Any) -> Event | None:
        """Publish and work until nothing is left; returns the last event."""
        self.submit(xml, message_id, **fields)
        await self.work()
        return self.events[-1] if self.events else None

    async def work(self, *, most: int = 80) -> None:
        """Handle jobs until none is left."""
        for _ in range(most):
            if not self.jobs:
                return
            job = self.jobs.pop(0)
            await asyncio.sleep(min(job.wait, LONGEST_REAL_WAIT))
            await self.step(job)
        raise AssertionError(f"no end after {most} steps: {self.retries[-3:]}")

    async def step(self, job: Job) -> None:
        """Handle one delivery."""
        try:
            outcome = await self.call(job)
        except Exception as error:
            self._failed(job, error)
            return
        items = outcome if isinstance(outcome, list) else [outcome]
        for index, item in enumerate(each for each in items if each is not None):
            if isinstance(item, After):
                self._place(item).append(self._follow_up(job, item, index))
            else:
                self.events.append(item)

    def _place(self, item: After) -> list[Job]:
        if _is_login(item):
            return self.logins
        return self.watches if item.command.aside else self.jobs

    async def call(self, job: Job) -> Any:
        """Call the handler of a job's command."""
        task = self.task(job.identity)
        if isinstance(job.command, CheckInvoice):
            parts = [self.parts[name] for name in ("following", "watching", "login")]
            return await check_invoice(job.command, task, *parts)
        if isinstance(job.command, WatchInvoice):
            return await watch_invoice(job.command, task, self.parts["watching"])
        if isinstance(job.command, WatchLogin):
            return await watch_login(job.command, task, self.parts["login"])
        outcome = await submit_invoice(
            job.command,
            task,
            self.parts["filing"],
            self.parts["artifacts"],
            self.parts["judge"],
            self.parts["watching"],
            self.parts["login"],
            self.parts["receiving"],
        )
        return self._set_aside(job, outcome)

    def _set_aside(self, job: Job, outcome: Any) -> Any:
        """Put the log-in's first look away: it comes beside any command, of no document's life."""
        if not isinstance(outcome, list) or not outcome or not _is_login(outcome[-1]):
            return outcome
        *rest, look = outcome
        self.logins.append(self._follow_up(job, look, len(rest)))
        return rest[0] if len(rest) == 1 else rest

    def task(self, identity: Identity) -> Task:
        """What the kernel tells a handler of its delivery."""
        return Task(
            message_id=identity.message_id or "",
            correlation_id=identity.correlation_id or "",
            tenant=identity.tenant or "",
            attempt=identity.attempt,
            in_doubt=identity.in_doubt,
            first_seen_ms=identity.first_seen_ms,
        )

    def _failed(self, job: Job, error: Exception) -> None:
        for index, item in enumerate(getattr(error, "follow_ups", ())):
            self._place(item).append(self._follow_up(job, item, index))
        decision = decide(error, job.identity, Policy(jitter=0), datetime.now(UTC))
        if isinstance(decision, GiveUp):
            self.failures.append(decision)
            return
        if decision.code == "internal_error":
            raise error
        self.retries.append(decision)
        if decision.code == "anaf_daily_limit":
            self.next_day()
        # A breaker's rest is real time; its opening is noted, its wait is not waited.
        if decision.code == "circuit_open":
            self.parts["outbound"].breaker.opened_at -= 60
        again = {"attempt": job.identity.attempt + 1, "in_doubt": decision.in_doubt}
        identity = Identity(**{**vars(job.identity), **again})
        self.jobs.append(Job(job.command, identity, decision.seconds))

    def _follow_up(self, job: Job, item: After, index: int) -> Job:
        before = job.identity
        identity = Identity(
            message_id=derived_id(before.message_id or "", "0", item.command.key, str(index)),
            correlation_id=before.correlation_id,
            tenant=before.tenant if item.tenant is None else item.tenant or None,
            first_seen_ms=int(datetime.now(UTC).timestamp() * 1000),
        )
        return Job(item.command, identity, item.seconds)

    def next_day(self) -> None:
        """Let a Romanian day pass, at ANAF and for our own counters."""
        self.days += 1
        self.sandbox.control.clock(offset_seconds=self.days * 86_400)
        for allowance in vars(self.client._allowed).values():
            allowance._clock = lambda: datetime.now(UTC) + timedelta(days=self.days)

    @property
    def client(self):
        """The way out."""
        return self.parts["filing"]._client

    @property
    def keys(self) -> list[str]:
        """The events so far, by their routing keys."""
        return [event.key for event in self.events]

    async def document(self) -> Document:
        """The one document of this test, as the ledger has it."""
        found = await self.documents()
        assert len(found) == 1
        return found[0]

    async def documents(self) -> list[Document]:
        """All documents of the ledger."""
        async with self.database.transaction() as session:
            rows = await session.scalars(select(DocumentRow).order_by(DocumentRow.created_at))
            return [_value(row) for row in rows]


def _is_login(item: object) -> bool:
    return isinstance(item, After) and isinstance(item.command, WatchLogin)


MakeDesk = Callable[..., Awaitable[Desk]]


@dataclass(frozen=True)
class Person:
    """Somebody with the certificate, at ANAF without our worker."""

    sandbox: SandboxServer
    http: httpx.Client

    def log_in(self) -> dict[str, Any]:
        """Log in; returns ANAF's token answer."""
        self.sandbox.control.clear_scenarios()
        self.sandbox.control.oauth_reset()
        form = {"grant_type": "refresh_token", "refresh_token": self.sandbox.refresh_token}
        auth = (self.sandbox.client_id, self.sandbox.client_secret)
        return self.http.post("/anaf-oauth2/v1/token", data=form, auth=auth).json()

    def download(self, download_id: str) -> bytes:
        """Fetch an archive."""
        headers = {"authorization": f"Bearer {self.log_in()['access_token']}"}
        path = f"/prod/FCTEL/rest/descarcare?id={download_id}"
        return self.http.get(path, headers=headers).content


@pytest.fixture(scope="session")
def person_http(anaf_server: BackgroundServer) -> Iterator[httpx.Client]:
    """A client made once: reading the trusted authorities takes its time."""
    with httpx.Client(base_url=anaf_server.url, trust_env=False) as client:
        yield client


@pytest.fixture
def person(sandbox: SandboxServer, person_http: httpx.Client) -> Person:
    """Somebody with the certificate."""
    return Person(sandbox, person_http)


@pytest.fixture(scope="session")
def anaf_server(sandbox_keys: Path) -> Iterator[BackgroundServer]:
    """One quick ANAF for all tests of this package."""
    settings = SandboxSettings(
        port=0, smtp_port=0, key_dir=sandbox_keys, state_delay=0.03, list_delay=0.02, hang=0.03
    )
    with BackgroundServer(settings) as server:
        yield server


@pytest.fixture(scope="session")
def anaf_control(anaf_server: BackgroundServer) -> Iterator[Control]:
    """Its control API."""
    control = Control(anaf_server.url)
    yield control
    control.close()


@pytest.fixture
def sandbox(anaf_server: BackgroundServer, anaf_control: Control) -> SandboxServer:
    """That ANAF, which remembers nothing of other tests."""
    anaf_control.reset()
    return SandboxServer(anaf_server.url, anaf_control)


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the tables, made once."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"

    async def make() -> None:
        database = Database(f"sqlite:///{path}")
        await database.open()
        await database.close()

    asyncio.run(make())
    return path


@pytest.fixture
def invoice() -> Callable[..., str]:
    """An invoice that passes all checks, with a number and content of its own."""
    text = (DATA / "invoice.xml").read_text(encoding="utf-8")
    today = datetime.now(UTC).date()

    def make(number: str = "PMX-1", *, note: str = "", issued: str = f"{today}") -> str:
        made = text.replace("PMX-2026-0001", number).replace("2026-10-05", issued)
        made = made.replace("2026-11-04", f"{today + timedelta(days=40)}")
        return made.replace("Strada Exemplului nr. 1", f"Strada Exemplului nr. 1{note}")

    return make


@pytest.fixture
def efactura_settings(
    sandbox: SandboxServer, redis_url: str, tmp_path: Path, empty_ledger: Path
) -> Settings:
    """Settings with the sandbox in ANAF's place; short where time is real."""
    shutil.copy(empty_ledger, tmp_path / "ledger.db")
    seal = tmp_path / "seal.pem"
    seal.write_bytes(sandbox.control.seal_pem())
    return Settings(
        RMQ_URL="amqp://127.0.0.1:1/",
        REDIS_URL=redis_url,
        DATABASE_URL=f"sqlite:///{tmp_path}/ledger.db",
        ARTIFACTS_URL=f"file://{tmp_path}/artifacts",
        ANAF_BASE_URL=sandbox.url,
        ANAF_LOGIN_URL=sandbox.url,
        ANAF_PUBLIC_URL=sandbox.url,
        ANAF_ENVIRONMENT="prod",
        ANAF_CLIENT_ID=sandbox.client_id,
        ANAF_CLIENT_SECRET=sandbox.client_secret,
        ANAF_REFRESH_TOKEN=sandbox.refresh_token,
        ANAF_CALL_SECONDS=0,
        trusted_seals=str(seal),
        resend_after_seconds=0.2,
        clock_margin_seconds=0,
    )


@pytest.fixture
async def make_desk(sandbox: SandboxServer) -> AsyncIterator[MakeDesk]:
    """Put a worker's parts together from settings; several make several replicas."""
    closing: list[Callable[[], Any]] = []

    async def make(settings: Settings, *, read_seconds: float = 5.0) -> Desk:
        database = Database(settings.database_url.get_secret_value())
        login = Outbound("ANAF log-in", settings.anaf_login_url, read_seconds=read_seconds)
        outbound = Outbound(
            "ANAF e-Factura",
            settings.anaf_base_url,
            keep_alive=False,
            read_seconds=read_seconds,
            breaker=CircuitBreaker(),
        )
        open_host = Outbound(
            "ANAF public",
            settings.anaf_public_url,
            read_seconds=read_seconds,
            keep_alive=False,
            breaker=CircuitBreaker(),
        )
        shared = connect(settings.redis_url.get_secret_value())
        tokens = app._tokens(settings, Secrets(database), login)
        pace = Pace(shared, "anaf.calls", seconds=settings.call_seconds)
        calls = AuthorisedCalls(outbound, tokens, pace)
        public = PublicClient(open_host, pace)
        parts = app._parts(settings, database, calls, shared, public)
        closing.extend([login.close, tokens.close, outbound.close, open_host.close])
        closing.extend([shared.aclose, database.close])
        more = {
            "outbound": outbound,
            "open_host": open_host,
            "shared": shared,
            "tokens": tokens,
            "judge": make_judge(settings.xsd_dir),
            "login": LoginWatch(
                tokens, Notices(database, "efactura"), Tenants(database, "efactura")
            ),
        }
        return Desk(sandbox, settings, database, parts | more)

    yield make
    for close in closing:
        await close()


@pytest.fixture
async def desk(make_desk: MakeDesk, efactura_settings: Settings) -> Desk:
    """One worker."""
    return await make_desk(efactura_settings)
