"""Documents are found by number, dates and ids, each tenant's own only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from anaf_efactura.archiving.locating import locate
from anaf_efactura.errors import ArchiveAmbiguousError, ArchiveUnknownError
from workers_contracts.efactura_archive import FindArchived, ProveInvoice
from workers_contracts.topology import MAX_MESSAGE_BYTES

SELLER = "12345674"
TODAY = datetime.now(UTC).date()


async def test_what_was_filed_is_listed_by_number_and_date(office, invoice):
    event = await office.file(invoice("L-1"), "m1", "t1")
    await office.file(invoice("L-2"), "m2", "t1")
    (one,) = await office.found("t1", cif=f"RO{SELLER}", number="L-1")
    assert (one.upload_index, one.download_id) == (event.upload_index, event.download_id)
    assert (one.archive, one.document_id) == (event.archive, event.document_id)
    dates = {"issued_from": TODAY, "issued_to": TODAY}
    assert [each.number for each in await office.found("t1", **dates)] == ["L-1", "L-2"]
    assert await office.found("t1", issued_from=TODAY + timedelta(days=1)) == []
    assert await office.found("t1", direction="received") == []
    assert await office.found("t2") == []


async def test_pages_go_on_where_the_last_one_ended(office, invoice):
    event = await office.file(invoice("P-0"), "m1")
    await office.archive_more("", event, ["P-1", "P-2"])
    first = await office.ask(FindArchived(limit=2))
    assert (first.total, first.next_after) == (3, 2)
    last = await office.ask(FindArchived(limit=2, after=first.next_after))
    assert [each.number for each in last.documents] == ["P-2"]
    assert last.next_after is None


async def test_a_page_ends_where_its_message_is_full(office, invoice):
    event = await office.file(invoice("P-0"), "m1")
    (link,) = await office.index.chain("")
    for place in range(200):
        more = replace(link.entry, download_id=f"9{place}", number="ș" * 255)
        await office.index.enter(more)
    first = await office.ask(FindArchived(limit=200))
    assert len(first.model_dump_json().encode()) < MAX_MESSAGE_BYTES - 20_000
    assert first.documents[0].download_id == event.download_id
    second = await office.ask(FindArchived(limit=200, after=first.next_after))
    assert len(first.documents) + len(second.documents) == first.total == 201
    assert second.next_after is None


async def test_a_document_is_named_by_any_of_its_ids(office, invoice):
    event = await office.file(invoice("N-1"), "m1")
    for name in (
        {"document_id": event.document_id},
        {"upload_index": event.upload_index},
        {"download_id": event.download_id},
        {"cif": SELLER, "number": "N-1"},
        {"cif": SELLER, "number": "N-1", "issue_date": TODAY},
    ):
        link = await locate(ProveInvoice(**name), "", office.index)
        assert link.entry.download_id == event.download_id


async def test_another_tenant_s_document_is_unknown(office, invoice):
    event = await office.file(invoice("N-2"), "m1", "t1")
    with pytest.raises(ArchiveUnknownError) as unknown:
        await locate(ProveInvoice(upload_index=event.upload_index), "t2", office.index)
    assert unknown.value.field == "upload_index"


async def test_of_a_refused_and_an_accepted_one_the_accepted_is_meant(office, invoice, sandbox):
    sandbox.control.scenario("nok-one-error", times=1)
    refused = await office.file(invoice("N-3"), "m1")
    assert refused.key == "efactura.rejected"
    accepted = await office.file(invoice("N-3", note=" bis"), "m2")
    named = ProveInvoice(cif=SELLER, number="N-3")
    link = await locate(named, "", office.index)
    assert link.entry.download_id == accepted.download_id
    assert len(await office.found(number="N-3")) == 2


async def test_a_number_used_twice_must_be_told_apart(office, invoice):
    earlier = TODAY - timedelta(days=1)
    await office.file(invoice("N-4"), "m1")
    event = await office.file(invoice("N-4", issued=f"{earlier}"), "m2")
    assert event.key == "efactura.accepted"
    with pytest.raises(ArchiveAmbiguousError, match=event.download_id):
        await locate(ProveInvoice(cif=SELLER, number="N-4"), "", office.index)
    named = ProveInvoice(cif=SELLER, number="N-4", issue_date=earlier)
    assert (await locate(named, "", office.index)).entry.download_id == event.download_id
