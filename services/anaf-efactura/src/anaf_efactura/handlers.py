"""Everything this worker can do: judge an invoice, file it, and ask what became of it."""

import asyncio
import hashlib
from typing import Annotated

from faststream import Context

from workers_contracts.efactura import (
    CheckInvoice,
    InvoiceAccepted,
    InvoiceDeadlineApproaching,
    InvoiceProcessing,
    InvoiceRejected,
    InvoiceSubmitted,
    InvoiceValidated,
    LoginExpiring,
    SubmitInvoice,
    ValidateInvoice,
    WatchInvoice,
    WatchLogin,
)
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.router import Outcome, Router

from . import events
from .draft import Draft, examine
from .filing import Filing
from .following import Following
from .judging import FiledFor, Judge
from .login_watch import LoginWatch
from .source import content_of
from .watching import Watching

router = Router("anaf-efactura")


@router.handles(SubmitInvoice, emits=[InvoiceSubmitted, InvoiceAccepted, InvoiceRejected])
async def submit_invoice(
    command: SubmitInvoice,
    task: Annotated[Task, Context("task")],
    filing: Annotated[Filing, Context("filing")],
    artifacts: Annotated[Artifacts, Context("artifacts")],
    judge: Annotated[Judge, Context("judge")],
    watching: Annotated[Watching, Context("watching")],
    login: Annotated[LoginWatch, Context("login")],
) -> Outcome:
    """File an invoice with ANAF: checked here first, uploaded at most once, then followed."""
    content = await content_of(command, artifacts)
    # In a thread: ten megabytes of invoice take seconds, in which others must be served.
    draft = await asyncio.to_thread(examine, content, command, task, judge)
    outcome = await watching.over(_filed(draft, content, filing), task, draft.document)
    return await login.beside(outcome, task)


async def _filed(draft: Draft, content: bytes, filing: Filing) -> Outcome:
    if draft.errors:
        return events.rejected_locally(draft.document, draft.errors)
    return await filing.file(draft, content)


@router.handles(ValidateInvoice, emits=[InvoiceValidated])
async def validate_invoice(
    command: ValidateInvoice,
    artifacts: Annotated[Artifacts, Context("artifacts")],
    judge: Annotated[Judge, Context("judge")],
) -> InvoiceValidated:
    """Judge an invoice by the same rules, and send it to nobody."""
    content = await content_of(command, artifacts)
    verdict = await asyncio.to_thread(
        judge.judge, content, FiledFor(command.cif, command.self_billed)
    )
    return events.validated(verdict, hashlib.sha256(content).hexdigest())


@router.handles(CheckInvoice, emits=[InvoiceProcessing, InvoiceAccepted, InvoiceRejected])
async def check_invoice(
    command: CheckInvoice,
    task: Annotated[Task, Context("task")],
    following: Annotated[Following, Context("following")],
    watching: Annotated[Watching, Context("watching")],
) -> Outcome:
    """Ask ANAF what became of an upload; the worker's own follow-up."""
    return await watching.over(following.check(command, task), task, command.document_id)


@router.handles(WatchInvoice, emits=[InvoiceDeadlineApproaching])
async def watch_invoice(
    command: WatchInvoice,
    task: Annotated[Task, Context("task")],
    watching: Annotated[Watching, Context("watching")],
) -> Outcome:
    """Tell ahead that the legal term of an invoice ends; the worker's own follow-up."""
    return await watching.look(command, task)


@router.handles(WatchLogin, emits=[LoginExpiring])
async def watch_login(
    command: WatchLogin,
    task: Annotated[Task, Context("task")],
    login: Annotated[LoginWatch, Context("login")],
) -> Outcome:
    """Tell ahead that the log-in at ANAF ends; the worker's own follow-up."""
    return await login.look(command, task)
