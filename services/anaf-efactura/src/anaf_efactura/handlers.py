"""Everything this worker can do: judge an invoice, file it, and ask what became of it."""

import asyncio
import hashlib
from typing import Annotated

from faststream import Context

from workers_contracts.efactura import (
    CheckInvoice,
    InvoiceAccepted,
    InvoiceRejected,
    InvoiceSubmitted,
    InvoiceValidated,
    SubmitInvoice,
    ValidateInvoice,
)
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.router import Outcome, Router

from . import events
from .draft import examine
from .filing import Filing
from .following import Following
from .judging import FiledFor, Judge
from .source import content_of

router = Router("anaf-efactura")


@router.handles(SubmitInvoice, emits=[InvoiceSubmitted, InvoiceAccepted, InvoiceRejected])
async def submit_invoice(
    command: SubmitInvoice,
    task: Annotated[Task, Context("task")],
    filing: Annotated[Filing, Context("filing")],
    artifacts: Annotated[Artifacts, Context("artifacts")],
    judge: Annotated[Judge, Context("judge")],
) -> Outcome:
    """File an invoice with ANAF: checked here first, uploaded at most once, then followed."""
    content = await content_of(command, artifacts)
    # In a thread: ten megabytes of invoice take seconds, in which others must be served.
    draft = await asyncio.to_thread(examine, content, command, task, judge)
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


@router.handles(CheckInvoice, emits=[InvoiceAccepted, InvoiceRejected])
async def check_invoice(
    command: CheckInvoice,
    task: Annotated[Task, Context("task")],
    following: Annotated[Following, Context("following")],
) -> Outcome:
    """Ask ANAF what became of an upload; the worker's own follow-up."""
    return await following.check(command, task)
