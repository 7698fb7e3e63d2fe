"""The handlers, with every command that the contract lets through."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anaf_efactura import events
from anaf_efactura.errors import DocumentUnknownError
from anaf_efactura.following import Following
from anaf_efactura.handlers import check_invoice, router, submit_invoice, validate_invoice
from anaf_efactura.judging import make_judge
from anaf_efactura.plan import CheckPlan
from anaf_efactura.source import DocumentEmptyError
from workers_contracts.efactura import (
    CheckInvoice,
    InvoiceRejected,
    InvoiceSubmitted,
    SubmitInvoice,
    ValidateInvoice,
)
from workers_contracts.topology import MAX_MESSAGE_BYTES
from workers_contracts.types import ArtifactRef
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task

INVOICE = (Path(__file__).parent / "data" / "invoice.xml").read_text(encoding="utf-8")
PRINTED = st.characters(codec="utf-8", exclude_characters="\x00")
CUIS = st.sampled_from(("12345674", "RO 87654329", "ro123456789", 19, "0000000019"))
JUDGE = make_judge(None)
TASK = Task("m1", "c1", "", 1, False, 1_790_000_000_000)


@dataclass
class Filed:
    """Stands behind the handler and notes what could be sent; nothing is."""

    contents: list[bytes] = field(default_factory=list)

    async def file(self, draft, content):
        if draft.errors:
            return events.rejected_locally(draft.document, draft.errors)
        self.contents.append(content)
        return []


class Unwatched:
    """Watches nothing: what is due in days has tests of its own."""

    async def over(self, work, task, document=None):
        return await work

    async def alarming(self, work, task):
        return await work

    async def beside(self, outcome, task):
        return outcome


UNWATCHED = Unwatched()


@st.composite
def documents(draw) -> str:
    """Texts from nonsense to an invoice with one damaged place."""
    kind = draw(st.sampled_from(("text", "cut", "changed", "whole")))
    if kind == "text":
        return draw(st.text(PRINTED, min_size=1, max_size=200))
    if kind == "cut":
        return INVOICE[: draw(st.integers(1, len(INVOICE)))]
    if kind == "changed":
        place = draw(st.integers(0, len(INVOICE) - 1))
        return INVOICE[:place] + draw(st.text(PRINTED, max_size=5)) + INVOICE[place + 1 :]
    return INVOICE


@settings(max_examples=80, deadline=None)
@given(documents(), CUIS, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_every_command_is_filed_or_refused_in_romanian(
    xml, cif, b2c, foreign_buyer, self_billed, enforcement
):
    command = SubmitInvoice(
        cif=cif,
        xml=xml,
        b2c=b2c,
        foreign_buyer=foreign_buyer,
        self_billed=self_billed,
        enforcement=enforcement,
    )
    filed = Filed()
    try:
        outcome = asyncio.run(
            submit_invoice(command, TASK, filed, Artifacts("memory://"), JUDGE, *[UNWATCHED] * 3)
        )
    except DocumentEmptyError:
        return
    if filed.contents:
        assert outcome == []
        return
    assert isinstance(outcome, InvoiceRejected)
    assert outcome.stage == "local"
    assert all(error.message for error in outcome.errors)
    # The event must fit the bus whatever the document was.
    assert len(outcome.model_dump_json().encode()) < MAX_MESSAGE_BYTES


class Nobody:
    """A ledger without documents."""

    async def get(self, document_id):
        return None


@settings(max_examples=50, deadline=None)
@given(st.text(PRINTED, min_size=1, max_size=60), st.integers(1, 10_000))
def test_every_question_about_nothing_is_permanent(document_id, round_):
    following = Following(
        Nobody(), None, None, seals=(), plan=CheckPlan((1.0,)), watching=UNWATCHED
    )
    command = CheckInvoice(document_id=document_id, round=round_)
    with pytest.raises(DocumentUnknownError):
        asyncio.run(check_invoice(command, TASK, following, UNWATCHED, UNWATCHED))


@settings(max_examples=60, deadline=None)
@given(documents(), st.none() | CUIS, st.booleans())
def test_every_document_gets_a_verdict_that_fits_the_bus(xml, cif, self_billed):
    command = ValidateInvoice(xml=xml, cif=cif, self_billed=self_billed)
    try:
        verdict = asyncio.run(validate_invoice(command, Artifacts("memory://"), JUDGE))
    except DocumentEmptyError:
        return
    assert verdict.valid == (verdict.error_count == 0)
    assert all(f.text.ro and f.text.en and f.mend.ro and f.mend.en for f in verdict.findings)
    assert len(verdict.model_dump_json().encode()) < MAX_MESSAGE_BYTES


async def test_large_document_comes_from_the_artifact_store(desk, invoice, sandbox):
    content = invoice("STORE-1").encode()
    reference = await desk.parts["artifacts"].put(content, media_type="application/xml")
    job = desk.submit("<x/>")
    job.command = SubmitInvoice(cif="12345674", artifact=reference)
    await desk.work()
    assert desk.keys[-1] == "efactura.accepted"
    assert sandbox.control.uploads()[0]["sha256"] == reference.sha256


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ({"uri": "file:///etc/passwd"}, "artifact_forbidden"),
        ({"size": 11 * 1024 * 1024}, "permanent"),
        ({"sha256": "0" * 64}, "artifact_changed"),
    ],
)
async def test_bad_reference_is_permanent_and_nothing_is_sent(
    desk, invoice, sandbox, reference, code
):
    stored = await desk.parts["artifacts"].put(invoice().encode(), media_type="application/xml")
    changed = ArtifactRef(**{**stored.model_dump(), **reference})
    job = desk.submit("<x/>")
    job.command = SubmitInvoice(cif="12345674", artifact=changed)
    await desk.work()
    assert [(failure.code, failure.field) for failure in desk.failures] == [(code, "artifact")]
    assert sandbox.control.requests("upload") == []


async def test_empty_document_is_named(desk):
    await desk.file("  \n ")
    assert [(f.code, f.field) for f in desk.failures] == [("efactura_document_empty", "xml")]


def test_router_declares_what_the_handlers_return():
    keys = {handler.command.key: {e.key for e in handler.emits} for handler in router.handlers}
    assert keys == {
        "efactura.submit": {"efactura.submitted", "efactura.accepted", "efactura.rejected"},
        "efactura.validate": {"efactura.validated"},
        "efactura.check": {
            "efactura.processing",
            "efactura.accepted",
            "efactura.rejected",
            "efactura.message_sent",
            "efactura.message_rejected",
        },
        "efactura.send_message": {"efactura.message_sent", "efactura.message_rejected"},
        "efactura.watch": {"efactura.deadline_approaching"},
        "efactura.watch_login": {"efactura.login_expiring", "efactura.login_lost"},
        "efactura.find": {"efactura.found"},
        "efactura.evidence": {"efactura.evidence_ready"},
        "efactura.render": {"efactura.rendered"},
        "efactura.collect": {"efactura.evidence_ready", "efactura.rendered"},
        "efactura.audit": {"efactura.audited"},
        "efactura.audit_next": {"efactura.audited"},
        "efactura.erase": {"efactura.erased"},
        "efactura.receive": {"efactura.receiving"},
        "efactura.list": {"efactura.receive_delayed", "efactura.receive_expired"},
        "efactura.fetch": {
            "efactura.received",
            "efactura.sent_elsewhere",
            "efactura.message_received",
            "efactura.errors_received",
            "efactura.receive_expired",
            "efactura.receive_delayed",
        },
    }
    senders = {h.command.key for h in router.handlers if h.sends}
    assert senders == {"efactura.evidence", "efactura.render", "efactura.collect"}
    assert InvoiceSubmitted.key in keys["efactura.submit"]
