"""From a command to a document that may be filed, or to the reasons why not. No I/O."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from workers_anaf.romania import today
from workers_contracts.efactura import Rejection, SubmitInvoice, ValidateInvoice
from workers_ledger.documents import Document, new_document
from workers_runtime.identity import Task

from .deadline import ends_at
from .explaining import explain, rejection
from .flags import FiledFor
from .invoice.tree import error as finding
from .judging import Judge, Verdict
from .life import Filer, State
from .source import Source

SERVICE = "efactura"
MAX_ERRORS = 200
MAX_ERROR_BYTES = 120_000
"""Of all reasons together: the event that carries them must stay under the bus's 256 KiB."""

ERASED = Rejection(
    rule="WRK-ERASED", message="Documentul și motivele au fost șterse conform legii."
)
"""Stands in place of ANAF's reasons when the document was erased: they may quote it."""

_RULE = re.compile(r"\[([A-Z][A-Za-z0-9._-]{1,30})\]")


@dataclass(frozen=True)
class Draft:
    """What a command wants filed."""

    document: Document
    filer: Filer
    errors: tuple[Rejection, ...]
    """Why it cannot be filed; empty when it can."""


def examine(source: Source, command: SubmitInvoice, task: Task, judge: Judge) -> Draft:
    """Read and check a document."""
    digest = hashlib.sha256(source.content).hexdigest()
    filer = Filer(task.message_id, digest, datetime.fromtimestamp(task.first_seen_ms / 1000, UTC))
    verdict = judge.judge(source.content, filed_for(command), source.built)
    document = _document(command, task, digest, verdict)
    if source.made:
        made = {"invoice": source.made.invoice, "xml": source.made.xml.model_dump(mode="json")}
        document = replace(document, data=document.data | {"made": made})
    errors = [rejection(found) for found in verdict.errors]
    return Draft(document, filer, tuple(limited(errors)))


def filed_for(command: SubmitInvoice | ValidateInvoice) -> FiledFor:
    """How a command wants its document filed, on Romania's day."""
    day = today(datetime.now(UTC))
    if isinstance(command, ValidateInvoice):
        return FiledFor(command.cif, command.self_billed, today=day)
    return FiledFor(
        command.cif,
        command.self_billed,
        command.b2c,
        command.foreign_buyer,
        command.enforcement,
        day,
    )


def _document(command: SubmitInvoice, task: Task, digest: str, verdict: Verdict) -> Document:
    invoice = verdict.invoice
    number = invoice.number if invoice else None
    issued = invoice.issue_date if invoice else None
    parts = (
        command.cif,
        invoice.kind.value if invoice else "",
        number or digest,
        str(issued or ""),
    )
    return new_document(
        SERVICE,
        tenant=task.tenant,
        business_key="|".join(parts)[:512],
        content_sha256=digest,
        state=State.NEW.value,
        cif=command.cif,
        number=number,
        issue_date=issued,
        deadline=_term(issued),
        correlation_id=task.correlation_id,
        data={"command": task.message_id, "parameters": parameters(command, verdict)},
    )


def _term(issued: date | None) -> datetime | None:
    try:
        return ends_at(issued) if issued else None
    except (ValueError, OverflowError):
        # A year for which no Easter is computed: a typing error, which has no term.
        return None


def parameters(command: SubmitInvoice, verdict: Verdict) -> dict[str, Any]:
    """Return ANAF's upload parameters; a flag is sent as ``DA`` or not at all."""
    chosen = verdict.flags
    flags = {
        "extern": chosen.foreign_buyer,
        "autofactura": chosen.self_billed,
        "executare": command.enforcement,
    }
    return {
        "standard": verdict.invoice.standard if verdict.invoice else "UBL",
        "b2c": chosen.b2c,
        "flags": {name: "DA" for name, wanted in flags.items() if wanted},
    }


def limited(errors: list[Rejection]) -> list[Rejection]:
    """Keep a list readable, and the event under its size; the archive has them all."""
    kept: list[Rejection] = []
    size = 0
    for error in errors[:MAX_ERRORS]:
        size += len(error.model_dump_json().encode())
        if size > MAX_ERROR_BYTES:
            break
        kept.append(error)
    if len(kept) == len(errors):
        return errors
    more = len(errors) - len(kept)
    note = Rejection(rule="WRK-MANY", message=f"Și încă {more} erori; vedeți arhiva de la ANAF.")
    return [*kept, note]


def anaf_errors(texts: tuple[str, ...]) -> list[Rejection]:
    """Turn ANAF's error texts into rejections: its words as they are, and what they mean."""
    found = [
        Rejection(
            rule=rule[1] if (rule := _RULE.search(text)) else "ANAF",
            message=text[:2000],
            explanations=explain(text),
        )
        for text in texts
    ]
    return limited(found) or [
        Rejection(
            rule="ANAF",
            message="ANAF a respins documentul fără să precizeze motivul.",
            explanations=explain(""),
        )
    ]


def conflict(document: Document) -> Rejection:
    """Say why another content under the same number is not sent."""
    index = document.authority_id or "?"
    accepted = document.state == State.ACCEPTED.value
    detail = "duplicate_accepted" if accepted else "duplicate_in_progress"
    return rejection(finding("WRK-DUPLICATE", "BT-1", "/", detail, index=index))
