"""Everything this worker can do: file an invoice, and ask what became of it."""

from typing import Annotated

from faststream import Context

from workers_contracts.efactura import (
    CheckInvoice,
    InvoiceAccepted,
    InvoiceRejected,
    InvoiceSubmitted,
    SubmitInvoice,
)
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.router import Outcome, Router

from . import events
from .draft import examine
from .filing import Filing
from .following import Following
from .source import content_of

router = Router("anaf-efactura")


@router.handles(SubmitInvoice, emits=[InvoiceSubmitted, InvoiceAccepted, InvoiceRejected])
async def submit_invoice(
    command: SubmitInvoice,
    task: Annotated[Task, Context("task")],
    filing: Annotated[Filing, Context("filing")],
    artifacts: Annotated[Artifacts, Context("artifacts")],
) -> Outcome:
    """File an invoice with ANAF: checked here first, uploaded at most once, then followed."""
    content = await content_of(command, artifacts)
    draft = examine(content, command, task)
    if draft.errors:
        return events.rejected_locally(draft.document, draft.errors)
    return await filing.file(draft, content)


@router.handles(CheckInvoice, emits=[InvoiceAccepted, InvoiceRejected])
async def check_invoice(
    command: CheckInvoice,
    task: Annotated[Task, Context("task")],
    following: Annotated[Following, Context("following")],
) -> Outcome:
    """Ask ANAF what became of an upload; the worker's own follow-up."""
    return await following.check(command, task)
