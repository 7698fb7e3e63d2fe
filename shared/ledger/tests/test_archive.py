"""An archive's index: entered once, in one chain a tenant, whose every change is noticed."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from workers_contracts.types import ArtifactRef
from workers_ledger.archive import Archive, Erasure, Wanted
from workers_ledger.chain import GENESIS, ArchiveEntry, Head, break_at, hash_of
from workers_ledger.documents import LedgerUnavailableError

NOW = datetime(2026, 10, 6, 9, 30, 0, 123456, tzinfo=UTC)


def entry(number: int, tenant: str = "acme", **more) -> ArchiveEntry:
    digest = f"{number:064x}"
    values = {
        "tenant": tenant,
        "download_id": f"3{number:09d}",
        "cif": "12345674",
        "direction": "sent",
        "kind": "invoice",
        "artifact": ArtifactRef(
            uri=f"file:///a/{digest}.zip", sha256=digest, size=9, media_type="application/zip"
        ),
        "archived_at": NOW,
        "retain_until": date(2036, 12, 31),
        "upload_index": f"5{number:09d}",
        "document_id": f"d{number}",
        "number": f"F-{number}",
        "issue_date": date(2026, 10, number % 28 + 1),
        "seal": "verified",
    }
    return ArchiveEntry(**(values | more))


@pytest.fixture
def archive(database) -> Archive:
    return Archive(database, "efactura")


@pytest.fixture
def replica(another) -> Archive:
    return Archive(another, "efactura")


async def breaks(archive: Archive, tenant: str = "acme") -> list[str]:
    before, found = Head(), []
    for link in await archive.chain(tenant):
        if problem := break_at(link, before):
            found.append(f"{link.position}: {problem}")
        before = Head(link.position, link.entry_hash)
    return found


async def test_an_entry_is_read_as_it_was_entered(archive):
    made = await archive.enter(entry(1))
    read = await archive.get("acme", entry(1).download_id)
    assert read == made
    assert read.entry == entry(1)
    assert (read.position, read.previous_hash) == (1, GENESIS)
    assert read.entry_hash == hash_of(entry(1), 1, GENESIS)


async def test_entering_again_changes_nothing(archive, replica):
    first = await archive.enter(entry(1))
    # Handled again after a crash: later, and judged otherwise.
    again = await replica.enter(replace(entry(1), seal="invalid", archived_at=datetime.now(UTC)))
    assert again == first
    assert await archive.head("acme") == Head(1, first.entry_hash)


async def test_tenants_and_services_have_chains_of_their_own(archive, database):
    await archive.enter(entry(1))
    other = await archive.enter(entry(1, tenant="other"))
    saft = await Archive(database, "saft").enter(entry(1))
    assert other.position == saft.position == 1
    assert await archive.get("nobody", entry(1).download_id) is None
    assert await archive.count("other", Wanted()) == 1


CHANGES = {
    "tenant": "b", "download_id": "9", "cif": "19", "direction": "received", "kind": "errors",
    "archived_at": NOW + timedelta(milliseconds=1), "retain_until": date(2036, 12, 30),
    "upload_index": "9", "document_id": "d9", "partner": "19", "number": None, "issue_date": None,
    "seal": "invalid", "note": "x",
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_every_word_of_an_entry_is_in_its_hash(name):
    changed = replace(entry(1), **{name: CHANGES[name]})
    assert hash_of(changed, 1, GENESIS) != hash_of(entry(1), 1, GENESIS)


@pytest.mark.parametrize("name", ["sha256", "size", "media_type"])
def test_every_word_on_the_bytes_is_in_the_hash_but_not_their_place(name):
    other = {"sha256": "f" * 64, "size": 10, "media_type": "text/plain"}
    changed = entry(1).artifact.model_copy(update={name: other[name]})
    assert hash_of(entry(1, artifact=changed), 1, GENESIS) != hash_of(entry(1), 1, GENESIS)
    moved = entry(1).artifact.model_copy(update={"uri": "s3://elsewhere/a.zip"})
    assert hash_of(entry(1, artifact=moved), 1, GENESIS) == hash_of(entry(1), 1, GENESIS)


def test_names_cannot_move_from_one_field_to_the_next():
    """What is hashed is one JSON text: no two entries have the same."""
    one = replace(entry(1), partner="12", number="3")
    other = replace(entry(1), partner="1", number="23")
    assert hash_of(one, 1, GENESIS) != hash_of(other, 1, GENESIS)
    assert hash_of(one, 1, GENESIS) != hash_of(one, 11, GENESIS)


async def test_two_processes_that_append_at_once_make_one_chain(archive, replica):
    await asyncio.gather(
        *((archive, replica)[n % 2].enter(entry(n)) for n in range(40)),
        *((replica, archive)[n % 2].enter(entry(n)) for n in range(40)),
    )
    links = await archive.chain("acme")
    assert [link.position for link in links] == list(range(1, 41))
    assert await breaks(archive) == []
    assert await archive.head("acme") == Head(40, links[-1].entry_hash)


async def test_entries_are_found_by_number_dates_and_ids(archive):
    for number in range(1, 8):
        await archive.enter(entry(number))
    await archive.enter(entry(20, direction="received", kind="credit_note", partner="87654329"))

    async def numbers(**wanted):
        return [link.entry.number for link in await archive.find("acme", Wanted(**wanted))]

    assert await numbers(cif="12345674", number="F-3") == ["F-3"]
    assert await numbers(cif="87654329") == []
    dates = {"issued_from": date(2026, 10, 3), "issued_to": date(2026, 10, 4)}
    assert await numbers(**dates) == ["F-2", "F-3"]
    assert await numbers(direction="received") == await numbers(kind="credit_note") == ["F-20"]
    assert await numbers(upload_index="5000000004") == await numbers(document_id="d4") == ["F-4"]
    assert await numbers(download_id="3000000005") == ["F-5"]
    page = await archive.find("acme", Wanted(), after=2, limit=3)
    assert [link.position for link in page] == [3, 4, 5]
    assert await archive.count("acme", Wanted(**dates)) == 2


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE archive SET number='F-9' WHERE position=2", "2: it was changed"),
        ("UPDATE archive SET sha256='00' WHERE position=2", "2: it was changed"),
        ("DELETE FROM archive WHERE position=2", "3: entry 2 is missing"),
        ("DELETE FROM archive WHERE position=1", "2: entry 1 is missing"),
    ],
)
async def test_a_changed_or_missing_entry_breaks_the_chain(archive, database, statement, problem):
    for number in range(1, 5):
        await archive.enter(entry(number))
    async with database.transaction() as session:
        # An ArtifactRef is not made of what is no digest, so the forger writes one.
        await session.execute(text(statement.replace("'00'", f"'{'0' * 64}'")))
    assert [one for one in await breaks(archive) if one.startswith(problem)]


async def test_a_forger_who_repairs_the_hash_breaks_the_next_entry(archive, database):
    for number in range(1, 4):
        await archive.enter(entry(number))
    first, second, _ = await archive.chain("acme")
    forged = hash_of(replace(second.entry, number="F-9"), 2, first.entry_hash)
    async with database.transaction() as session:
        statement = "UPDATE archive SET number='F-9', entry_hash=:hash WHERE position=2"
        await session.execute(text(statement), {"hash": forged})
    assert await breaks(archive) == [
        "3: it does not follow the entry before it: its previous hash is another one"
    ]


async def test_an_erasure_is_an_entry_and_leaves_the_chain_whole(archive, replica):
    await archive.enter(entry(1))
    await archive.enter(entry(2))
    why = Erasure(by="dpo", reason="court order", legal_basis="art. 17 GDPR")
    erased = await archive.erase("acme", entry(1).download_id, why, NOW)
    assert erased.erased_at == NOW
    again = await replica.erase("acme", entry(1).download_id, Erasure("other", "again"), NOW)
    assert again == erased
    last = (await archive.chain("acme"))[-1]
    assert (last.position, last.entry.kind) == (3, "erasure")
    assert '"by": "dpo"' in last.entry.note
    assert await breaks(archive) == []
    # It is no document: who looks for documents finds the two.
    assert await archive.count("acme", Wanted(cif="12345674")) == 2
    with pytest.raises(LookupError):
        await archive.erase("acme", "nothing", why, NOW)


async def test_bytes_are_in_use_while_another_entry_has_them(archive):
    same = entry(1).artifact
    await archive.enter(entry(1))
    await archive.enter(entry(2, tenant="other", artifact=same))
    why = Erasure(by="dpo", reason="order")
    await archive.erase("acme", entry(1).download_id, why, NOW)
    assert await archive.in_use(same.sha256)
    await archive.erase("other", entry(2).download_id, why, NOW)
    assert not await archive.in_use(same.sha256)


async def test_what_was_made_of_a_document_is_remembered_once(archive):
    await archive.enter(entry(1))
    pdf = entry(7).artifact
    for _ in range(2):
        assert await archive.note_copy("acme", entry(1).download_id, pdf)
    assert not await archive.note_copy("acme", "nothing", pdf)
    assert await archive.copies("acme", entry(1).download_id) == [pdf]
    assert await archive.copies("acme", "nothing") == []


async def test_a_copy_is_in_use_until_its_document_is_erased(archive):
    await archive.enter(entry(1))
    await archive.enter(entry(2))
    pdf, why = entry(7).artifact, Erasure(by="dpo", reason="order")
    for number in (1, 2):
        assert await archive.note_copy("acme", entry(number).download_id, pdf)
        assert await archive.in_use(pdf.sha256)
    for number, used in ((1, True), (2, False)):
        await archive.erase("acme", entry(number).download_id, why, NOW)
        assert await archive.in_use(pdf.sha256) is used
    assert not await archive.note_copy("acme", entry(1).download_id, pdf)


async def test_an_entry_that_was_written_over_is_read_all_the_same(archive):
    await archive.enter(entry(1))
    async with archive._database.transaction() as session:
        await session.execute(text("UPDATE archive SET sha256='x', size=-1, uri=''"))
    (link,) = await archive.chain("acme")
    assert (link.entry.artifact.sha256, link.entry.artifact.size) == ("x", -1)
    assert break_at(link, Head()) is not None


async def test_a_database_that_is_away_is_told(dead_database):
    with pytest.raises(LedgerUnavailableError):
        await Archive(dead_database, "efactura").enter(entry(1))
