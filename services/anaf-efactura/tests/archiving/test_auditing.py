"""An audit finds every changed byte and entry, names the place, and goes on."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from anaf_efactura.archiving.auditing import Audit
from workers_contracts.efactura_archive import AuditArchive, EraseArchived

MOST = 1_000_000
ERASE = {"reason": "hotărâre", "requested_by": "DPO", "legal_basis": "hotărârea 1/2026"}


@pytest.fixture
async def filed(office, invoice):
    """Three documents in the archive of t1, one in that of t2."""
    event = await office.file(invoice("A-0"), "m1", "t1")
    await office.archive_more("t1", event, ["A-1", "A-2"])
    links = await office.index.chain("t1")
    await office.index.enter(replace(links[0].entry, tenant="t2"))
    return [link.entry for link in links]


def path_of(artifact) -> Path:
    return Path(artifact.uri.removeprefix("file://"))


async def change(office, statement: str) -> None:
    async with office.desk.database.transaction() as session:
        await session.execute(text(statement))


async def audited(office, **fields):
    return await office.ask(AuditArchive(**fields), tenant="t1")


async def test_a_whole_archive_is_intact(office, filed):
    event = await audited(office)
    assert (event.intact, event.documents, event.verified, event.erased) == (True, 3, 3, 0)
    assert event.problems == []
    head = await office.index.head("t1")
    assert (event.head_position, event.head_hash) == (3, head.entry_hash)


async def test_an_archive_without_entries_is_intact(office):
    event = await audited(office)
    assert (event.intact, event.documents, event.head_position) == (True, 0, 0)


async def test_every_changed_byte_of_a_file_is_found(office, filed):
    path = path_of(filed[1].artifact)
    whole = path.read_bytes()
    for place in (0, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        event = await audited(office)
        (problem,) = event.problems
        assert (problem.kind, problem.position, problem.number) == ("changed", 2, "A-1")
        assert (event.intact, event.documents, event.verified) == (False, 3, 2)
    # Nobody reads files when the chain alone is asked for.
    assert (await audited(office, files=False)).intact


async def test_missing_files_are_each_named(office, filed):
    for event in filed[:2]:
        path_of(event.artifact).unlink()
    event = await audited(office)
    assert [(one.kind, one.position) for one in event.problems] == [("missing", 1), ("missing", 2)]
    assert "lipsește" in event.problems[0].text.ro


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE archive SET number='X' WHERE tenant='t1' AND position=2", [("chain", 2)]),
        ("DELETE FROM archive WHERE tenant='t1' AND position=2", [("chain", 3)]),
        ("DELETE FROM archive WHERE tenant='t1' AND position=3", [("chain", 3)]),
        ("UPDATE archive SET erased_at='2026-01-01' WHERE tenant='t1' AND position=1",
         [("erasure", 1)]),
        ("UPDATE archive SET number='X' WHERE tenant='t2'", []),
        # What no entry ever has does not end the audit.
        ("UPDATE archive SET sha256='no digest', size=-1, media_type='' "
         "WHERE tenant='t1' AND position=2", [("chain", 2), ("changed", 2)]),
        ("UPDATE archive SET position=-1 WHERE tenant='t1' AND position=3", [("chain", 3)]),
    ],
)  # fmt: skip
async def test_a_changed_index_is_found(office, filed, statement, found):
    await change(office, statement)
    event = await audited(office)
    assert [(one.kind, one.position) for one in event.problems] == found


async def test_an_audit_in_pieces_counts_the_same(office, filed):
    path_of(filed[0].artifact).unlink()
    whole = await audited(office)
    prover = office.desk.parts["evidence"]._prover
    for piece, most in ((1, MOST), (2, MOST), (3, MOST), (4, MOST), (4, 1), (4, 5000)):
        audit = Audit(office.index, prover, piece=piece, piece_bytes=most)
        office.desk.parts["audit"] = audit
        parted = await audited(office)
        same = {"started_at", "ended_at"}
        assert parted.model_dump(exclude=same) == whole.model_dump(exclude=same)


async def test_an_anchor_shows_that_a_chain_was_made_anew(office, filed):
    first = await audited(office)
    anchor = {"anchor_position": first.head_position, "anchor_hash": first.head_hash}
    assert (await audited(office, **anchor)).intact
    other = {"anchor_position": 2, "anchor_hash": "0" * 64}
    assert [one.kind for one in (await audited(office, **other)).problems] == ["anchor"]
    beyond = {"anchor_position": 9, "anchor_hash": first.head_hash}
    assert [one.kind for one in (await audited(office, **beyond)).problems] == ["anchor"]


async def test_an_erased_document_is_counted_and_the_chain_stays_whole(office, filed):
    erase = EraseArchived(download_id=filed[0].download_id, **ERASE)
    await office.ask(erase, tenant="t1")
    event = await audited(office)
    assert (event.intact, event.documents, event.verified, event.erased) == (True, 3, 2, 1)
    assert event.head_position == 4


@pytest.mark.parametrize("note", ["", "no JSON", "[1]", "{}"])
async def test_an_erasure_whose_note_was_written_over_is_found(office, filed, note):
    erase = EraseArchived(download_id=filed[0].download_id, **ERASE)
    await office.ask(erase, tenant="t1")
    await change(office, f"UPDATE archive SET note='{note}' WHERE tenant='t1' AND position=4")
    event = await audited(office)
    assert [(one.kind, one.position) for one in event.problems] == [("chain", 4), ("erasure", 4)]


async def test_what_is_wrong_is_said_once(office, filed):
    await change(office, "UPDATE archive SET number='X' WHERE tenant='t1' AND position=2")
    (problem,) = (await audited(office)).problems
    changed = "it was changed: its hash is not that of its content"
    assert problem.text.en == f"the chain is broken: {changed}"
    assert problem.text.ro.count(changed) == 1


async def test_an_erasure_that_was_taken_back_is_found(office, filed):
    await office.ask(EraseArchived(download_id=filed[1].download_id, **ERASE), tenant="t1")
    await change(office, "UPDATE archive SET erased_at=NULL WHERE position=2")
    kinds = [one.kind for one in (await audited(office)).problems]
    assert kinds == ["missing", "erasure"]
