"""What can be asked of the archive; joined to the worker's other handlers in `handlers`."""

from collections.abc import Sequence
from typing import Annotated

from faststream import Context

from workers_contracts.efactura_archive import (
    ArchiveAudited,
    ArchiveFound,
    AuditArchive,
    AuditNext,
    CollectPdf,
    EraseArchived,
    EvidenceReady,
    FindArchived,
    InvoiceErased,
    InvoiceRendered,
    ProveInvoice,
    RenderInvoice,
)
from workers_contracts.pdf import RenderPdf
from workers_ledger.archive import Archive, Wanted
from workers_runtime.identity import Task
from workers_runtime.router import After, Item, Outcome, Router

from .auditing import Audit
from .erasing import Eraser
from .evidence import Evidence
from .locating import described, fitting
from .printing import Printing

router = Router("anaf-efactura")


@router.handles(FindArchived, emits=[ArchiveFound])
async def find_archived(
    command: FindArchived,
    task: Annotated[Task, Context("task")],
    index: Annotated[Archive, Context("index")],
) -> ArchiveFound:
    """List archived documents of the tenant."""
    wanted = Wanted(
        cif=command.cif,
        number=command.number,
        issued_from=command.issued_from,
        issued_to=command.issued_to,
        direction=command.direction,
    )
    # One more than wanted tells whether there is a next page.
    links = await index.find(task.tenant, wanted, after=command.after, limit=command.limit + 1)
    page = fitting([described(link) for link in links[: command.limit]])
    return ArchiveFound(
        total=await index.count(task.tenant, wanted),
        documents=page,
        next_after=page[-1].position if len(links) > len(page) else None,
    )


@router.handles(ProveInvoice, emits=[EvidenceReady], sends=[RenderPdf])
async def prove_invoice(
    command: ProveInvoice,
    task: Annotated[Task, Context("task")],
    evidence: Annotated[Evidence, Context("evidence")],
) -> Outcome:
    """Verify a document and have the report on its seal printed."""
    return await evidence.begin(command, task)


@router.handles(RenderInvoice, emits=[InvoiceRendered], sends=[RenderPdf])
async def render_invoice(
    command: RenderInvoice,
    task: Annotated[Task, Context("task")],
    printing: Annotated[Printing, Context("printing")],
) -> Outcome:
    """Print an invoice: by ANAF's service, or by pdf.render."""
    return await printing.print(command, task)


@router.handles(CollectPdf, emits=[EvidenceReady, InvoiceRendered], sends=[RenderPdf])
async def collect_pdf(
    command: CollectPdf,
    task: Annotated[Task, Context("task")],
    evidence: Annotated[Evidence, Context("evidence")],
    printing: Annotated[Printing, Context("printing")],
) -> EvidenceReady | InvoiceRendered | Sequence[Item]:
    """Ask whether pdf.render has printed; the worker's own follow-up."""
    if command.purpose == "evidence":
        return await evidence.collect(command, task)
    return await printing.collect(command, task)


@router.handles(AuditArchive, emits=[ArchiveAudited])
async def audit_archive(
    command: AuditArchive,
    task: Annotated[Task, Context("task")],
    audit: Annotated[Audit, Context("audit")],
) -> ArchiveAudited | After:
    """Verify the tenant's whole archive."""
    return await audit.begin(command, task.tenant)


@router.handles(AuditNext, emits=[ArchiveAudited])
async def audit_next(
    command: AuditNext,
    task: Annotated[Task, Context("task")],
    audit: Annotated[Audit, Context("audit")],
) -> ArchiveAudited | After:
    """Go on with an audit; the worker's own follow-up."""
    return await audit.go_on(command, task.tenant)


@router.handles(EraseArchived, emits=[InvoiceErased])
async def erase_archived(
    command: EraseArchived,
    task: Annotated[Task, Context("task")],
    eraser: Annotated[Eraser, Context("eraser")],
) -> InvoiceErased:
    """Erase a document by law."""
    return await eraser.erase(command, task)
