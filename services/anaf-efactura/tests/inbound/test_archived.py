"""What is received is in the archive's index, whatever it is and whenever the worker dies."""

import pytest

from anaf_efactura.errors import ArchiveDamagedError
from anaf_efactura.inbound.facts import ERASED
from workers_contracts.efactura_archive import AuditArchive, EraseArchived, ProveInvoice
from workers_ledger.documents import LedgerUnavailableError
from workers_runtime.identity import Task

TASK = Task("a1", "c1", "firm", 1, False, 0, 0)
LAW = {"reason": "cerere", "requested_by": "DPO", "legal_basis": "hotărârea 1/2026"}


def erase(message_id: str) -> EraseArchived:
    return EraseArchived(download_id=message_id, **LAW)


async def test_what_cannot_be_opened_is_entered_audited_and_erased(box, sandbox):
    parts = box.desk.parts
    sandbox.control.scenario("corrupt-zip", variant="truncated", times=None)
    (message_id,) = sandbox.control.inbound(box.cif)
    await box.follow()
    (event,) = box.told("efactura.received")
    (link,) = await parts["index"].chain("firm")
    entry = link.entry
    assert (entry.kind, entry.direction, entry.seal) == ("unreadable", "received", "")
    assert (entry.artifact, entry.upload_index) == (event.archive, event.upload_index)
    audited = await parts["audit"].begin(AuditArchive(), "firm")
    assert (audited.intact, audited.documents, audited.verified) == (True, 1, 1)
    with pytest.raises(ArchiveDamagedError, match="open the file by hand"):
        await parts["evidence"].begin(ProveInvoice(download_id=message_id), TASK)
    assert (await parts["eraser"].erase(erase(message_id), TASK)).files_deleted == 1
    assert not await parts["artifacts"].has(event.archive)


async def test_a_message_that_was_erased_before_it_was_told_says_so(box, sandbox, monkeypatch):
    parts = box.desk.parts
    (message_id,) = sandbox.control.inbound(box.cif)

    async def dies(*_):
        raise LedgerUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(box.fetching._inbound, "end", dies)
        await box.ask()
        await box.step(box.reading)
        await box.step(box.fetches.pop())
    assert box.keys == []
    await parts["eraser"].erase(erase(message_id), TASK)
    await box.fetch()
    (event,) = box.told("efactura.received")
    assert (event.download_id, event.problem) == (message_id, ERASED)
    assert not await parts["artifacts"].has(event.archive)
