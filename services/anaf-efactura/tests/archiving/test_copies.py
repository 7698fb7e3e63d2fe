"""What was made of a document, or stored a second time, goes with it; nothing else does."""

import json
from datetime import UTC, datetime

import pytest

from anaf_efactura.archive import Seal, SealStatus, open_archive
from anaf_efactura.archiving.keeping import Download, Owner
from anaf_efactura.errors import ArchiveErasedError
from workers_contracts.efactura import SubmitInvoice
from workers_contracts.efactura_archive import EraseArchived, ProveInvoice, RenderInvoice
from workers_contracts.examples import examples
from workers_contracts.types import ArtifactRef
from workers_ledger.archive import Erasure
from workers_runtime.identity import Task

LAW = {"reason": "cerere", "requested_by": "DPO", "legal_basis": "hotărârea 1/2026"}
BODY = json.dumps(examples()["efactura.submit"]["json-export"])
TASK = Task("a1", "c1", "", 1, False, 0, 0)


def erase(event) -> EraseArchived:
    return EraseArchived(download_id=event.download_id, **LAW)


def download(download_id: str, content: bytes) -> Download:
    return Download(download_id, content, open_archive(content), Seal(SealStatus.VERIFIED))


@pytest.fixture
def store(office):
    return office.desk.parts["artifacts"]


@pytest.fixture
def keeper(office):
    return office.desk.parts["following"]._keeper


async def test_the_xml_of_a_json_invoice_is_erased_with_it(office, store):
    job = office.desk.submit("<x/>")
    job.command = SubmitInvoice.model_validate_json(BODY, strict=True)
    await office.desk.work()
    event = office.desk.events[-1]
    (document,) = await office.desk.documents()
    made = ArtifactRef.model_validate(document.data["made"]["xml"])
    assert await store.has(made)
    assert (await office.ask(erase(event))).files_deleted == 2
    assert not await store.has(made)


async def test_a_file_that_anaf_packed_anew_is_erased_too(office, invoice, store, keeper):
    event = await office.file(invoice("C-1"), "m1")
    await office.archive_more("", event, ["C-2"])
    packed = (await office.index.chain(""))[-1].entry.artifact
    content = await office.read(packed)
    await office.index.erase("", "771", Erasure("DPO", "test"), datetime.now(UTC))
    link = await keeper.keep(Owner("", "12345674"), download(event.download_id, content))
    assert link.entry.artifact == event.archive
    (again,) = await office.index.copies("", event.download_id)
    assert (again.sha256, await store.has(again)) == (packed.sha256, True)
    assert (await office.ask(erase(event))).files_deleted == 2
    assert not await store.has(again)


@pytest.mark.parametrize("command", [ProveInvoice, RenderInvoice])
async def test_what_is_printed_of_an_erased_document_goes_at_once(
    office, invoice, store, monkeypatch, command
):
    event = await office.file(invoice("C-3"), "m1")
    put, printed = store.put, []

    async def remembered(*arguments, **values):
        printed.append(await put(*arguments, **values))
        return printed[-1]

    monkeypatch.setattr(store, "put", remembered)
    local = {"printer": "local"} if command is RenderInvoice else {}
    _, (collect,) = await office._step(command(download_id=event.download_id, **local), TASK)
    (pdf,) = printed
    assert await store.has(pdf)
    await office.ask(erase(event), "a2")
    with pytest.raises(ArchiveErasedError):
        await office.ask(collect, "a3")
    assert not await store.has(pdf)


async def test_a_bundle_that_an_erasure_overtakes_goes_at_once(office, invoice, store, monkeypatch):
    event = await office.file(invoice("C-4"), "m1")
    put, bundles = store.put, []

    async def overtaken(content, **values):
        file = await put(content, **values)
        if values["media_type"] == "application/zip":
            bundles.append(file)
            await office.ask(erase(event), "a2")
        return file

    monkeypatch.setattr(store, "put", overtaken)
    with pytest.raises(ArchiveErasedError, match="while this was made"):
        await office.ask(ProveInvoice(download_id=event.download_id))
    assert [await store.has(file) for file in (*bundles, event.archive)] == [False, False]


@pytest.mark.parametrize("moment", ["before the entry", "before the deletion"])
async def test_bytes_that_another_tenant_enters_during_an_erasure_stay(
    office, invoice, store, keeper, monkeypatch, moment
):
    event = await office.file(invoice("C-5"), "m1", "t1")
    mine = download("88", await office.read(event.archive))
    enter, delete = office.index.enter, store.delete
    owner = Owner("t2", "87654329", "received")

    async def enters_late(entry):
        monkeypatch.undo()
        await office.ask(erase(event), tenant="t1")
        return await enter(entry)

    async def deletes_late(reference):
        monkeypatch.undo()
        await keeper.keep(owner, mine)
        await delete(reference)

    if moment == "before the entry":
        monkeypatch.setattr(keeper._index, "enter", enters_late)
        await keeper.keep(owner, mine)
    else:
        monkeypatch.setattr(store, "delete", deletes_late)
        assert (await office.ask(erase(event), tenant="t1")).files_kept == 1
    (link,) = await office.index.chain("t2")
    assert await office.read(link.entry.artifact) == mine.content
