"""Everything this worker can do: judge, file and follow an invoice, and receive what comes."""

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
    LoginLost,
    SubmitInvoice,
    ValidateInvoice,
    WatchInvoice,
    WatchLogin,
)
from workers_contracts.efactura_inbound import (
    BuyerMessageReceived,
    ErrorsReceived,
    FetchMessage,
    InvoiceReceived,
    InvoiceSentElsewhere,
    ListMessages,
    MessageExpired,
    MessagesReceiving,
    ReceiveMessages,
    ReceivingDelayed,
)
from workers_contracts.efactura_messages import MessageRejected, MessageSent
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.router import Outcome, Router

from . import events
from .answering.handlers import router as answering
from .archiving.handlers import router as archive
from .draft import examine, filed_for
from .failing import explained
from .filing import Filing
from .following import Following
from .inbound.fetching import Fetching
from .inbound.receiving import Receiving
from .judging import Judge
from .login_watch import LoginWatch
from .source import shown, source_of
from .watching import Watching

router = Router("anaf-efactura", failed=explained)


@router.handles(SubmitInvoice, emits=[InvoiceSubmitted, InvoiceAccepted, InvoiceRejected])
async def submit_invoice(
    command: SubmitInvoice,
    task: Annotated[Task, Context("task")],
    filing: Annotated[Filing, Context("filing")],
    artifacts: Annotated[Artifacts, Context("artifacts")],
    judge: Annotated[Judge, Context("judge")],
    watching: Annotated[Watching, Context("watching")],
    login: Annotated[LoginWatch, Context("login")],
    receiving: Annotated[Receiving, Context("receiving")],
) -> Outcome:
    """File an invoice with ANAF: checked here first, uploaded at most once, then followed."""
    source = await source_of(command, artifacts)
    # In a thread: ten megabytes of invoice take seconds, in which others must be served.
    draft = await asyncio.to_thread(examine, source, command, task, judge)
    filed = watching.over(filing.file(draft, source.content), task, draft.document)
    return await receiving.beside(await login.over(filed, task), task)


@router.handles(ValidateInvoice, emits=[InvoiceValidated])
async def validate_invoice(
    command: ValidateInvoice,
    artifacts: Annotated[Artifacts, Context("artifacts")],
    judge: Annotated[Judge, Context("judge")],
) -> InvoiceValidated:
    """Judge an invoice by the same rules, and send it to nobody."""
    source = await source_of(command, artifacts)
    content, built = source.content, source.built
    verdict = await asyncio.to_thread(judge.judge, content, filed_for(command), built)
    # Of a document that the worker made, the caller may want to see what it would send.
    made = await shown(source, artifacts)
    return events.validated(verdict, hashlib.sha256(content).hexdigest(), made)


@router.handles(
    CheckInvoice,
    emits=[InvoiceProcessing, InvoiceAccepted, InvoiceRejected, MessageSent, MessageRejected],
)
async def check_invoice(
    command: CheckInvoice,
    task: Annotated[Task, Context("task")],
    following: Annotated[Following, Context("following")],
    watching: Annotated[Watching, Context("watching")],
    login: Annotated[LoginWatch, Context("login")],
) -> Outcome:
    """Ask ANAF what became of an upload; the worker's own follow-up."""
    checked = watching.over(following.check(command, task), task, command.document_id)
    return await login.over(checked, task)


@router.handles(WatchInvoice, emits=[InvoiceDeadlineApproaching])
async def watch_invoice(
    command: WatchInvoice,
    task: Annotated[Task, Context("task")],
    watching: Annotated[Watching, Context("watching")],
) -> Outcome:
    """Tell ahead that the legal term of an invoice ends; the worker's own follow-up."""
    return await watching.look(command, task)


@router.handles(WatchLogin, emits=[LoginExpiring, LoginLost])
async def watch_login(
    command: WatchLogin,
    task: Annotated[Task, Context("task")],
    login: Annotated[LoginWatch, Context("login")],
) -> Outcome:
    """Tell that a log-in at ANAF ends soon, or is lost; the worker's own follow-up."""
    return await login.look(command, task)


@router.handles(ReceiveMessages, emits=[MessagesReceiving])
async def receive_messages(
    command: ReceiveMessages,
    task: Annotated[Task, Context("task")],
    receiving: Annotated[Receiving, Context("receiving")],
    login: Annotated[LoginWatch, Context("login")],
) -> Outcome:
    """Receive what comes for a company, from now on; or stop."""
    return await login.beside(await receiving.receive(command, task), task)


@router.handles(ListMessages, emits=[ReceivingDelayed, MessageExpired])
async def list_messages(
    command: ListMessages,
    task: Annotated[Task, Context("task")],
    receiving: Annotated[Receiving, Context("receiving")],
    login: Annotated[LoginWatch, Context("login")],
) -> Outcome:
    """Read the lists of a company's box; the worker's own follow-up."""
    # Lists that cannot be read are an outcome: what is wrong with the log-in is asked for.
    read = await login.after(await receiving.read(command, task), task)
    return await receiving.beside(read, task)


@router.handles(
    FetchMessage,
    emits=[
        InvoiceReceived,
        InvoiceSentElsewhere,
        BuyerMessageReceived,
        ErrorsReceived,
        MessageExpired,
        ReceivingDelayed,
    ],
)
async def fetch_message(
    command: FetchMessage,
    task: Annotated[Task, Context("task")],
    fetching: Annotated[Fetching, Context("fetching")],
    login: Annotated[LoginWatch, Context("login")],
) -> Outcome:
    """Download a listed message, once; the worker's own follow-up."""
    return await login.alarming(fetching.fetch(command, task), task)


# What is asked of the archive, and what is written to a supplier, have modules of their own.
router.include(archive)
router.include(answering)
