"""What is erased leaves no copy here, is not brought back by a repetition, and is known to be."""

import json
from pathlib import Path

import pytest

from anaf_efactura import events
from workers_contracts.efactura import SubmitInvoice
from workers_contracts.efactura_archive import EraseArchived
from workers_contracts.examples import examples
from workers_contracts.topology import EVENTS
from workers_runtime.redis_pool import connect
from workers_runtime.results import ResultsUnavailableError, answer_to
from workers_runtime.wire import Wire

LAW = {"reason": "cerere", "requested_by": "DPO", "legal_basis": "hotărârea 1/2026"}
BODY = examples()["efactura.submit"]["json-export"]


@pytest.fixture
def everything(tmp_path):
    """All that the artifact store holds."""
    return lambda: [one for one in Path(tmp_path / "artifacts").rglob("*") if one.is_file()]


async def file_json(office, message_id: str, tenant: str = "", **changes):
    job = office.desk.submit("<x/>", message_id, tenant=tenant or None)
    body = json.loads(json.dumps(BODY))
    body["invoice"] |= changes
    job.command = SubmitInvoice.model_validate_json(json.dumps(body), strict=True)
    await office.desk.work()
    return office.desk.events[-1]


async def erase(office, event, tenant: str = ""):
    return await office.ask(EraseArchived(download_id=event.download_id, **LAW), "e1", tenant)


async def test_json_invoice_that_is_sent_again_after_its_erasure_leaves_nothing(
    office, everything, sandbox
):
    event = await file_json(office, "m1")
    assert len(everything()) == 2
    assert (await erase(office, event)).files_deleted == 2
    again = await file_json(office, "m2")
    assert (again.key, again.upload_index) == ("efactura.accepted", event.upload_index)
    assert everything() == []
    assert len(sandbox.control.uploads()) == 1
    assert (await office.desk.document()).data["erased_at"]


async def test_json_invoice_that_is_refused_here_leaves_nothing(office, everything):
    event = await file_json(office, "m1", totals={"payable": "1.00"})
    assert (event.key, event.stage) == ("efactura.rejected", "local")
    assert everything() == []


@pytest.mark.parametrize("tenant", ["", "acme"])
async def test_result_of_the_command_that_filed_it_goes_and_others_stay(office, invoice, tenant):
    told = await office.file(invoice("F-1"), "m1", tenant)
    other = "" if tenant else "acme"
    for id_, whose in (("m1", tenant), ("m1", other), ("m2", tenant)):
        wire = Wire(EVENTS, told.key, told.model_dump_json(), "e1", "c1")
        await office.results.keep(office.results.of(id_, [wire], tenant=whose))
    shared = office.desk.parts["shared"]
    assert len(await answer_to(shared, "m1", tenant)) == 1
    await erase(office, told, tenant)
    assert await answer_to(shared, "m1", tenant) == []
    assert len(await answer_to(shared, "m1", other)) == 1
    assert len(await answer_to(shared, "m2", tenant)) == 1


async def test_erasure_is_not_done_before_the_result_is_gone(office, invoice, everything):
    event = await office.file(invoice("F-2"), "m1")
    eraser = office.desk.parts["eraser"]
    there, away = eraser._redis, connect("redis://127.0.0.1:1/0")
    eraser._redis = away
    with pytest.raises(ResultsUnavailableError):
        await erase(office, event)
    await away.aclose()
    assert len(everything()) == 1
    eraser._redis = there
    assert (await erase(office, event)).files_deleted == 1
    assert everything() == []


async def test_reasons_of_a_refused_document_go_with_it(office, invoice, sandbox):
    sandbox.control.scenario("nok-one-error", times=1)
    refused = await office.file(invoice("F-3"), "m1")
    said = (await office.desk.document()).data["errors"][0]["message"]
    assert said == refused.errors[0].message
    await office.ask(EraseArchived(document_id=refused.document_id, **LAW), "e1")
    document = await office.desk.document()
    assert said not in json.dumps(document.data)
    again = events.rejected(document)
    assert [error.rule for error in again.errors] == ["WRK-ERASED"]


async def test_number_that_is_filed_anew_after_an_erasure_is_another_document(
    office, invoice, sandbox, everything
):
    sandbox.control.scenario("nok-one-error", times=1)
    refused = await office.file(invoice("F-4"), "m1")
    erasure = EraseArchived(document_id=refused.document_id, **LAW)
    await office.ask(erasure, "e1")
    event = await office.file(invoice("F-4", note=" bis"), "m2")
    assert event.key == "efactura.accepted"
    # The erasure comes again, and means what it meant then.
    old = (await office.index.chain(""))[0].entry.download_id
    await office.ask(EraseArchived(download_id=old, **LAW), "e2")
    assert "erased_at" not in (await office.desk.document()).data
    assert len(everything()) == 1
