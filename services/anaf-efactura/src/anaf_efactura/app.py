"""Composition root: makes the parts of this worker and hands them to its handlers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import redis.asyncio as redis

from workers_anaf.calls import AuthorisedCalls
from workers_anaf.credentials import CredentialsFileError
from workers_anaf.keepers import Keepers
from workers_anaf.keepers_config import keepers
from workers_anaf.limits import Pace
from workers_anaf.minute import Minute
from workers_ledger.archive import Archive
from workers_ledger.database import Database
from workers_ledger.documents import Documents
from workers_ledger.forgetting import Traces
from workers_ledger.inbound import Inbound
from workers_ledger.inboxes import Inboxes
from workers_ledger.journal import SqlJournal
from workers_ledger.notices import Notices
from workers_ledger.ownership import Ownership
from workers_ledger.secrets import Secrets
from workers_ledger.tenants import Tenants
from workers_runtime.app import Worker, create_app
from workers_runtime.artifacts import Artifacts
from workers_runtime.config import load
from workers_runtime.outbound import Outbound
from workers_runtime.redis_pool import connect

from .allowances import Allowances
from .answering.sending import Sending
from .archiving.keeping import Keeper
from .archiving.parts import archive_parts
from .client import EFacturaClient
from .client_public import PublicClient
from .config import Settings
from .draft import SERVICE
from .filing import Filing
from .following import Following
from .handlers import router
from .inbound.fetching import Fetching
from .inbound.health import InboxHealth
from .inbound.receiving import Receiving
from .invoice.schema import SchemaChangedError
from .judging import make_judge
from .login_watch import LoginWatch
from .plan import CheckPlan
from .reconciling import Reconciler
from .schematron import SchematronError
from .watching import Watching


def build(settings: Settings | None = None) -> Worker:
    """Put the worker together; reads the environment when no settings are given."""
    settings = settings or load(Settings, "anaf-efactura")
    try:
        database = Database(settings.database_url.get_secret_value())
        judge = make_judge(settings.xsd_dir, settings.schematron)
    except SchemaChangedError as error:
        raise SystemExit(f"anaf-efactura: ANAF_EFACTURA_XSD_DIR: {error}") from None
    except SchematronError as error:
        raise SystemExit(f"anaf-efactura: ANAF_EFACTURA_SCHEMATRON: {error}") from None
    except ValueError as error:
        raise SystemExit(f"anaf-efactura: {error}") from None
    login = Outbound("ANAF log-in", settings.anaf_login_url, read_seconds=30)
    tokens = _tokens(settings, Secrets(database), login)
    login_watch = LoginWatch(tokens, Notices(database, SERVICE), Tenants(database, SERVICE))
    # No keep-alive: a reused connection that the host has closed makes an upload uncertain.
    outbound = Outbound("ANAF e-Factura", settings.anaf_base_url, keep_alive=False)
    open_host = Outbound("ANAF public", settings.anaf_public_url, keep_alive=False)
    shared = connect(settings.redis_url.get_secret_value())

    most = settings.calls_per_minute
    minute = Minute(shared, "anaf.calls", limit=most) if most else None
    pace = Pace(shared, "anaf.calls", seconds=settings.call_seconds, minute=minute)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
        await database.open()
        try:
            public = PublicClient(open_host, pace)
            calls = AuthorisedCalls(outbound, tokens, pace)
            parts = _parts(settings, database, calls, shared, public)
            yield parts | {"judge": judge, "login": login_watch}
        finally:
            await outbound.close()
            await open_host.close()
            await login.close()
            await tokens.close()
            await shared.aclose()
            await database.close()

    return create_app(
        settings,
        router,
        lifespan=lifespan,
        journal=lambda instance: SqlJournal(
            database, instance=instance, ttl_seconds=settings.journal_ttl_seconds
        ),
        deep_checks={
            "anaf_login": login_watch.problem,
            "inbox": InboxHealth(Inboxes(database, SERVICE)).problem,
        },
        series=login_watch.series,
    )


def _tokens(settings: Settings, secrets: Secrets, login: Outbound) -> Keepers:
    try:
        return keepers(settings, secrets, login)
    except (ValueError, CredentialsFileError) as error:
        raise SystemExit(f"anaf-efactura: {error}") from None


def _parts(
    settings: Settings,
    database: Database,
    calls: AuthorisedCalls,
    shared: "redis.Redis",
    public: PublicClient,
) -> dict[str, Any]:
    documents = Documents(database, SERVICE)
    client = EFacturaClient(
        calls,
        environment=settings.anaf_environment,
        allowances=Allowances.of(shared),
        clock_margin=timedelta(seconds=settings.clock_margin_seconds),
    )
    reconciler = Reconciler(
        documents,
        Ownership(database, SERVICE),
        client,
        pause_seconds=settings.reconcile_seconds,
        resend_after=timedelta(seconds=settings.resend_after_seconds),
        resend_refused_after=timedelta(seconds=settings.resend_refused_after_seconds),
        resend_messages=settings.resend_messages,
    )
    artifacts = Artifacts(settings.artifacts_url)
    plan = CheckPlan(settings.check_plan)
    max_age = settings.retry_max_age
    notices = Notices(database, SERVICE)
    watching = Watching(documents, notices)
    index = Archive(database, SERVICE)
    keeper = Keeper(artifacts, index, retention_years=settings.retention_years)
    inbound = Inbound(database, SERVICE)
    following = Following(
        documents, client, keeper, seals=settings.seals(), plan=plan, watching=watching
    )
    filing = Filing(documents, client, reconciler, artifacts, plan=plan, max_age=max_age)
    return {
        "artifacts": artifacts,
        "watching": watching,
        "filing": filing,
        "sending": Sending(filing, index, most_characters=settings.message_characters),
        "following": following,
        **archive_parts(settings, index, artifacts, public, shared, Traces(database, SERVICE)),
        "receiving": Receiving(
            Inboxes(database, SERVICE), inbound, notices, client, settings.receive_plan
        ),
        "fetching": Fetching(
            inbound,
            documents,
            client,
            keeper,
            notices,
            seals=settings.seals(),
            patience=plan.patience,
        ),
    }
