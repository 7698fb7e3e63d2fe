"""What ANAF gives is kept byte for byte and entered once, whenever the worker dies."""

from datetime import date

import pytest

from anaf_efactura.archive import Kind, SealStatus
from anaf_efactura.archiving.keeping import retain_until
from workers_ledger.archive import Archive, Wanted
from workers_ledger.chain import Head, break_at
from workers_ledger.documents import LedgerUnavailableError

LIMIT = 1_000_000


@pytest.fixture
def index(desk) -> Archive:
    return Archive(desk.database, "efactura")


async def test_an_accepted_invoice_is_entered(desk, invoice, index, person):
    event = await desk.file(invoice("KEEP-1"), tenant="t1")
    (link,) = await index.find("t1", Wanted())
    entry = link.entry
    assert entry.artifact == event.archive
    kept = await desk.parts["artifacts"].get(entry.artifact, limit=LIMIT)
    assert kept == person.download(event.download_id)
    assert (entry.cif, entry.partner, entry.number) == ("12345674", "87654329", "KEEP-1")
    assert (entry.direction, entry.kind, entry.seal) == ("sent", "invoice", "verified")
    assert entry.upload_index == event.upload_index
    assert entry.document_id == event.document_id
    assert entry.issue_date == event.issue_date
    assert entry.retain_until == date(event.issue_date.year + 10, 12, 31)
    assert break_at(link, Head()) is None


async def test_a_refusal_with_its_errors_is_entered_under_the_invoice_s_number(
    desk, invoice, index, sandbox
):
    sandbox.control.scenario("nok-one-error")
    event = await desk.file(invoice("KEEP-2"))
    assert event.key == "efactura.rejected"
    (link,) = await index.find("", Wanted(number="KEEP-2"))
    assert link.entry.kind == Kind.ERRORS.value
    assert link.entry.artifact == event.archive


async def test_a_document_that_was_never_at_anaf_has_no_entry(desk, index):
    await desk.file("<no-invoice/>")
    assert desk.keys == ["efactura.rejected"]
    assert await index.find("", Wanted()) == []


@pytest.mark.parametrize("where", ["before the entry", "after the entry"])
async def test_a_worker_that_dies_around_the_entry_leaves_the_same(
    desk, invoice, index, monkeypatch, where
):
    keeper, documents = desk.parts["following"]._keeper, desk.parts["following"]._documents
    died = []

    def dies(owner, name):
        whole = getattr(owner, name)

        async def once(*arguments, **values):
            ends = values.get("state") == "accepted" or name == "enter"
            if ends and not died:
                died.append(name)
                raise LedgerUnavailableError("gone")
            return await whole(*arguments, **values)

        monkeypatch.setattr(owner, name, once)

    if where == "before the entry":
        dies(keeper._index, "enter")
    else:
        dies(documents, "change")
    event = await desk.file(invoice("KEEP-3"))
    assert died
    assert event.key == "efactura.accepted"
    (link,) = await index.find("", Wanted())
    assert link.entry.artifact == event.archive
    assert link.position == 1


async def test_the_verdict_on_the_seal_is_entered(make_desk, efactura_settings, invoice):
    desk = await make_desk(efactura_settings.model_copy(update={"trusted_seals": ()}))
    await desk.file(invoice("KEEP-4"))
    (link,) = await Archive(desk.database, "efactura").find("", Wanted(number="KEEP-4"))
    assert link.entry.seal == SealStatus.UNKNOWN_SIGNER.value


@pytest.mark.parametrize(
    ("issued", "archived", "last"),
    [
        (date(2026, 1, 1), date(2026, 1, 4), date(2036, 12, 31)),
        (date(2025, 12, 31), date(2026, 1, 4), date(2036, 12, 31)),
        (date(2026, 12, 31), date(2026, 12, 31), date(2036, 12, 31)),
        (None, date(2026, 3, 1), date(2036, 12, 31)),
        (date(1926, 1, 1), date(2026, 3, 1), date(2036, 12, 31)),
        (date(9998, 1, 1), date(2026, 3, 1), date(9999, 12, 31)),
    ],
)
def test_the_years_count_from_the_end_of_the_document_s_year(issued, archived, last):
    assert retain_until(issued, archived, 10) == last
