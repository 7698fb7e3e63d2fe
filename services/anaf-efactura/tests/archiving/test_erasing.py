"""An erasure needs its time or a law, takes the bytes and what was made of them, and stays told."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from anaf_efactura.errors import ArchiveErasedError, RetentionError
from workers_contracts.efactura_archive import AuditArchive, EraseArchived, ProveInvoice
from workers_runtime.artifacts import ArtifactStoreError

WHY = {"reason": "s-a cerut ștergerea", "requested_by": "DPO"}
LAW = WHY | {"legal_basis": "hotărârea 1/2026"}


def there(artifact) -> bool:
    return Path(artifact.uri.removeprefix("file://")).exists()


async def test_a_document_that_must_be_kept_is_kept(office, invoice):
    event = await office.file(invoice("E-1"), "m1")
    last = (await office.found())[0].retain_until
    with pytest.raises(RetentionError, match=f"{last}") as refused:
        await office.ask(EraseArchived(upload_index=event.upload_index, **WHY))
    assert refused.value.field == "legal_basis"
    assert there(event.archive)
    assert (await office.index.head("")).position == 1


async def test_the_last_day_is_kept_and_the_next_one_is_free(office, invoice):
    event = await office.file(invoice("E-2"), "m1")
    eraser, last = office.desk.parts["eraser"], (await office.found())[0].retain_until
    command = EraseArchived(upload_index=event.upload_index, **WHY)
    eraser._clock = lambda: datetime(last.year, 12, 31, 21, 30, tzinfo=UTC)
    with pytest.raises(RetentionError):
        await office.ask(command)
    # Romania's day, not UTC's.
    eraser._clock = lambda: datetime(last.year, 12, 31, 22, 30, tzinfo=UTC)
    assert (await office.ask(command)).files_deleted == 1
    assert not there(event.archive)


async def test_a_legal_basis_erases_bytes_and_copies_and_is_told_in_the_chain(office, invoice):
    event = await office.file(invoice("E-3"), "m1")
    ready = await office.ask(ProveInvoice(upload_index=event.upload_index), "a1")
    erased = await office.ask(EraseArchived(upload_index=event.upload_index, **LAW), "a2")
    assert (erased.files_deleted, erased.files_kept) == (2, 0)
    assert erased.document.erased_at is not None
    assert not there(event.archive)
    assert not there(ready.bundle)
    last = (await office.index.chain(""))[-1]
    assert '"by": "DPO"' in last.entry.note
    assert '"legal_basis": "hotărârea 1/2026"' in last.entry.note
    assert (await office.ask(AuditArchive())).intact
    with pytest.raises(ArchiveErasedError):
        await office.ask(ProveInvoice(upload_index=event.upload_index), "a3")


async def test_equal_bytes_of_another_tenant_stay(office, invoice):
    event = await office.file(invoice("E-4"), "m1", "t1")
    (link,) = await office.index.chain("t1")
    twin = link.entry.__class__(**{**vars(link.entry), "tenant": "t2"})
    await office.index.enter(twin)
    command = EraseArchived(upload_index=event.upload_index, **LAW)
    erased = await office.ask(command, tenant="t1")
    assert (erased.files_deleted, erased.files_kept) == (0, 1)
    assert there(event.archive)
    assert (await office.ask(command, tenant="t2")).files_deleted == 1
    assert not there(event.archive)


async def test_a_worker_that_dies_between_the_mark_and_the_deletion_ends_it_later(
    office, invoice, monkeypatch
):
    event = await office.file(invoice("E-5"), "m1")
    command = EraseArchived(upload_index=event.upload_index, **LAW)
    store = office.desk.parts["eraser"]._artifacts

    async def dies(_reference):
        raise ArtifactStoreError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", dies)
        with pytest.raises(ArtifactStoreError):
            await office.ask(command)
    assert there(event.archive)
    for _ in range(2):
        erased = await office.ask(command)
        assert erased.document.erased_at is not None
        assert not there(event.archive)
    assert [one.entry.kind for one in await office.index.chain("")] == ["invoice", "erasure"]
