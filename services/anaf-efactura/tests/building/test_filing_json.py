"""A JSON invoice, and a CII document, from the command to ANAF's verdict."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from anaf_efactura import building, draft, handlers, source
from anaf_efactura.flags import FiledFor
from anaf_efactura.handlers import validate_invoice
from anaf_efactura.judging import make_judge
from workers_contracts.efactura import Rejection, SubmitInvoice, ValidateInvoice
from workers_contracts.efactura_archive import EraseArchived
from workers_contracts.examples import examples
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task

BODIES = examples()["efactura.submit"]
JUDGE = make_judge(None)
DATA = Path(__file__).parents[1] / "data"
PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "send-an-invoice-as-json.md"


def page_body():
    return json.loads(re.search(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.S)[1])


async def file(desk, body):
    job = desk.submit("<x/>")
    job.command = SubmitInvoice.model_validate_json(json.dumps(body), strict=True)
    await desk.work()
    return desk.events[-1]


async def test_the_pages_example_is_accepted(desk, sandbox):
    event = await file(desk, page_body())
    assert (event.key, event.number) == ("efactura.accepted", "PMX-2026-0200")
    sent = sandbox.control.requests("upload")[0]
    assert sent["query"] == {"standard": "UBL", "cif": "12345674"}


@pytest.mark.parametrize(
    ("case", "path", "query"),
    [
        ("json-credit-note", "/upload", {"standard": "CN"}),
        ("json-consumer", "/uploadb2c", {"standard": "UBL"}),
        ("json-export", "/upload", {"standard": "UBL", "extern": "DA"}),
        ("json-self-billed", "/upload", {"standard": "UBL", "autofactura": "DA"}),
    ],
)
async def test_kinds_are_accepted_with_their_flags(desk, sandbox, case, path, query):
    event = await file(desk, BODIES[case])
    assert event.key == "efactura.accepted"
    sent = sandbox.control.requests("upload")[0]
    assert sent["path"].endswith(path)
    assert sent["query"] == {"cif": "12345674", **query}


async def test_an_attachment_comes_from_the_store(desk):
    body = json.loads(json.dumps(BODIES["json-attachment"]))
    stored = await desk.parts["artifacts"].put(b"%PDF-1.7", media_type="application/pdf")
    body["invoice"]["supporting_documents"][0]["attachment"] = stored.model_dump()
    assert (await file(desk, body)).key == "efactura.accepted"


async def test_a_wrong_total_is_refused_and_nothing_is_sent(desk, sandbox):
    body = page_body()
    body["invoice"]["totals"] = {"payable": "1.00"}
    event = await file(desk, body)
    assert (event.key, event.stage) == ("efactura.rejected", "local")
    assert [(e.rule, e.field) for e in event.errors] == [("WRK-TOTAL", "invoice.totals.payable")]
    assert sandbox.control.requests("upload") == []


async def test_validation_gives_the_xml_that_was_made():
    store = Artifacts("memory://")
    command = ValidateInvoice.model_validate_json(json.dumps(page_body()), strict=True)
    event = await validate_invoice(command, store, JUDGE)
    assert event.valid
    assert event.document.sha256 == event.sha256
    content = await store.get(event.document, limit=1_000_000)
    assert b"PMX-2026-0200" in content


async def test_cii_is_accepted_as_cii(desk, sandbox):
    event = await desk.file((DATA / "cii.xml").read_text("utf-8"))
    assert (event.key, event.number) == ("efactura.accepted", "CII-2026-0001")
    assert sandbox.control.requests("upload")[0]["query"]["standard"] == "CII"


def test_cii_says_what_was_not_checked():
    verdict = JUDGE.judge((DATA / "cii.xml").read_bytes(), FiledFor("12345674"))
    assert verdict.findings == ()
    assert "cii" in verdict.unchecked
    assert "ubl-2.1-xsd" not in verdict.checked
    assert (verdict.invoice.standard, str(verdict.invoice.totals.payable)) == ("CII", "121.00")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("CIUS-RO:1.0.1", "CIUS-RO:1.0.0"), "BR-RO-001"),
        (("CII-2026-0001", "CII"), "BR-RO-010"),
        (("<ram:ID>CII-2026-0001</ram:ID>", ""), "BR-02"),
        (("20261005", "2026-10-05"), "BR-03"),
        ((">380<", ">326<"), "BR-RO-020_1"),
        (("RO12345674", "RO12345678"), "WRK-CUI"),
        (("IncludedSupplyChainTradeLineItem", "Other"), "BR-16"),
    ],
)
def test_cii_mistakes_are_found(change, rule):
    text = (DATA / "cii.xml").read_text("utf-8").replace(*change)
    assert rule in {found.rule for found in JUDGE.judge(text.encode(), FiledFor()).findings}


async def test_an_attachment_that_cannot_be_read_names_its_place(desk, sandbox):
    body = json.loads(json.dumps(BODIES["json-attachment"]))
    job = desk.submit("<x/>")
    job.command = SubmitInvoice.model_validate_json(json.dumps(body), strict=True)
    await desk.work()
    (failure,) = desk.failures
    assert failure.field == "invoice.supporting_documents[0].attachment"
    assert sandbox.control.requests("upload") == []


@pytest.fixture
def newer_builder(monkeypatch):
    """A worker whose builder makes other bytes of the same JSON."""

    def change():
        def build(invoice, files):
            built = building.build(invoice, files)
            return replace(built, content=built.content + b"\n<!-- newer -->")

        monkeypatch.setattr(source, "build", build)

    return change


async def test_a_lost_upload_is_found_by_a_worker_that_makes_other_bytes(
    desk, sandbox, newer_builder
):
    sandbox.control.scenario("timeout-after-acceptance")
    job = desk.submit("<x/>")
    job.command = SubmitInvoice.model_validate_json(json.dumps(page_body()), strict=True)
    await desk.step(desk.jobs.pop(0))
    newer_builder()
    await desk.work()
    assert desk.events[-1].key == "efactura.accepted"
    assert len(sandbox.control.requests("upload")) == 1


async def test_an_upload_that_never_arrived_is_sent_again_as_it_left(desk, sandbox, newer_builder):
    sandbox.control.scenario("timeout-before-acceptance")
    job = desk.submit("<x/>")
    job.command = SubmitInvoice.model_validate_json(json.dumps(page_body()), strict=True)
    await desk.step(desk.jobs.pop(0))
    newer_builder()
    await desk.work()
    assert desk.events[-1].key == "efactura.accepted"
    (upload,) = sandbox.control.uploads()
    (stored,) = await desk.documents()
    assert upload["sha256"] == stored.content_sha256


async def test_an_erased_invoice_is_told_again_by_a_worker_that_makes_other_bytes(
    desk, sandbox, newer_builder
):
    event = await file(desk, page_body())
    task = Task("e1", "c1", "", 1, False, 0, 0)
    why = {"reason": "cerere", "requested_by": "DPO", "legal_basis": "hotărârea 1/2026"}
    erase = EraseArchived(download_id=event.download_id, **why)
    assert (await desk.parts["eraser"].erase(erase, task)).files_deleted == 2
    newer_builder()
    assert (await file(desk, page_body())).key == "efactura.accepted"
    assert len(sandbox.control.uploads()) == 1


async def test_rules_that_became_stricter_do_not_refuse_what_has_left(desk, sandbox, monkeypatch):
    sandbox.control.scenario("timeout-after-acceptance")
    job = desk.submit("<x/>")
    job.command = SubmitInvoice.model_validate_json(json.dumps(page_body()), strict=True)
    await desk.step(desk.jobs.pop(0))
    stricter = (Rejection(rule="BR-NEW", message="O regulă nouă."),)
    monkeypatch.setattr(
        handlers, "examine", lambda *asked: replace(draft.examine(*asked), errors=stricter)
    )
    await desk.work()
    assert desk.events[-1].key == "efactura.accepted"
    assert (await file(desk, BODIES["json-consumer"])).key == "efactura.rejected"
