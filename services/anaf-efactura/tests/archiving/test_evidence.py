"""The evidence of a document: complete, verifiable by others, and honest about what is wrong."""

import base64
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from anaf_efactura.archiving.bundle import bundle
from anaf_efactura.archiving.report import report
from anaf_efactura.archiving.wishes import AGAIN_EVERY, PAUSES
from anaf_efactura.errors import (
    ArchiveDamagedError,
    PdfFailedError,
    PdfUnansweredError,
)
from workers_contracts.efactura_archive import CollectPdf, ProveInvoice
from workers_contracts.pdf_templates import ReportData
from workers_ledger.chain import hash_of
from workers_runtime.identity import Task
from workers_runtime.results import ResultsUnavailableError

PDF = b"%PDF-1.7\nwhat pdf.render printed\n%%EOF\n"
NOW = datetime(2026, 10, 6, 9, 30, tzinfo=UTC)


@pytest.fixture
async def filed(office, invoice):
    return await office.file(invoice("D-1"), "m1")


async def prove(office, filed, message_id="a1", **more):
    return await office.ask(ProveInvoice(upload_index=filed.upload_index), message_id, **more)


async def members(office, event) -> dict[str, bytes]:
    content = await office.read(event.bundle)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


async def test_the_bundle_holds_the_original_untouched_and_all_that_proves_it(office, filed):
    event = await prove(office, filed)
    assert (event.intact, event.problems, event.seal.status) == (True, [], "verified")
    found = await members(office, event)
    index = filed.upload_index
    assert event.members == list(found)
    assert list(found) == [
        f"anaf-{index}.zip", f"{index}.xml", "raport-sigiliu.pdf", "lant-arhiva.json",
        f"semnatura_{index}.xml", "SUME.sha256", "CITESTE-MA.txt",
    ]  # fmt: skip
    assert found[f"anaf-{index}.zip"] == await office.read(filed.archive)
    assert found["raport-sigiliu.pdf"] == PDF
    with zipfile.ZipFile(io.BytesIO(found[f"anaf-{index}.zip"])) as original:
        for name in original.namelist():
            assert found[name] == original.read(name)


async def test_a_third_person_verifies_it_by_the_readme_s_steps(office, filed):
    found = await members(office, await prove(office, filed))
    for line in found["SUME.sha256"].decode().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256(found[name]).hexdigest() == digest
    document, index = found[f"{filed.upload_index}.xml"], filed.upload_index
    digest = base64.b64encode(hashlib.sha256(document).digest())
    assert digest in found[f"semnatura_{index}.xml"]
    told = json.loads(found["lant-arhiva.json"])
    entry = told["entry"]
    facts = json.dumps(entry["facts"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    again = f"{entry['previous_hash']}\n{entry['position']}\n{facts}"
    assert hashlib.sha256(again.encode()).hexdigest() == entry["entry_hash"]
    archived = hashlib.sha256(found[f"anaf-{index}.zip"]).hexdigest()
    assert entry["facts"]["sha256"] == archived
    assert f"{index}.xml" in found["CITESTE-MA.txt"].decode()


async def test_neighbours_are_told_by_their_hashes_only(office, invoice):
    events = [await office.file(invoice(f"D-{n}"), f"m{n}") for n in range(3)]
    found = await members(office, await prove(office, events[1]))
    told = json.loads(found["lant-arhiva.json"])
    links = await office.index.chain("")
    assert [one["position"] for one in told["neighbours"]] == [1, 3]
    assert told["neighbours"][1]["previous_hash"] == told["entry"]["entry_hash"]
    assert told["head"] == {"position": 3, "entry_hash": links[2].entry_hash}
    assert "D-0" not in found["lant-arhiva.json"].decode()
    assert links[1].entry_hash == hash_of(links[1].entry, 2, links[0].entry_hash)


async def test_the_report_tells_in_romanian_what_was_signed_by_whom_and_when(office, filed):
    (link,) = await office.index.chain("")
    reading = await office.desk.parts["evidence"]._prover.read(link)
    data = report(reading, NOW)
    ReportData.model_validate(data)
    words = json.dumps(data, ensure_ascii=False)
    digest = hashlib.sha256(reading.archive.document)
    for told in (
        "VALID: semnat de un certificat din lista de încredere",
        "INTACTĂ",
        "D-1",
        filed.upload_index,
        filed.download_id,
        base64.b64encode(digest.digest()).decode(),
        filed.seal.signer,
        filed.seal.fingerprint,
        "rsa-sha256",
        "Certificatul 1 din 1",
        "Emitent",
        "Număr de serie",
        "06.10.2026 12:30:00 (ora României), 2026-10-06T09:30:00Z",
        "Cum s-a verificat",
    ):
        assert told in words, told
    assert digest.hexdigest() in words.replace(" ", "")
    # The same reading at the same moment is the same report.
    assert data == report(reading, NOW)
    assert data != report(reading, NOW + timedelta(seconds=1))


async def test_a_damaged_file_is_no_evidence_and_says_so(office, filed):
    path = Path(filed.archive.uri.removeprefix("file://"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ArchiveDamagedError, match="entry 1: the file in the store has other bytes"):
        await prove(office, filed)
    path.unlink()
    with pytest.raises(ArchiveDamagedError, match="entry 1: the file is not in the store"):
        await prove(office, filed)
    assert office.sent == []


async def test_a_broken_chain_is_told_with_the_evidence(office, filed):
    async with office.desk.database.transaction() as session:
        await session.execute(text("UPDATE archive SET partner='19'"))
    event = await prove(office, filed)
    assert not event.intact
    assert [one.kind for one in event.problems] == ["chain"]
    (send,) = office.sent
    assert "NU ESTE INTACTĂ: Lanțul" in json.dumps(send.command.data, ensure_ascii=False)


async def test_a_seal_whose_signer_is_unknown_is_told(make_desk, office, filed, efactura_settings):
    settings = efactura_settings.model_copy(update={"trusted_seals": ()})
    office.desk = await make_desk(settings)
    event = await prove(office, filed)
    assert event.seal.status == "unknown_signer"
    # The list of trust is ours; the archive is as it was.
    assert event.intact


async def test_a_refusal_s_errors_are_evidence_too(office, invoice, sandbox):
    sandbox.control.scenario("nok-one-error")
    refused = await office.file(invoice("D-9"), "m1")
    event = await prove(office, refused)
    assert event.document.kind == "errors"
    found = await members(office, event)
    assert b"errorMessage" in found[f"{refused.upload_index}.xml"]


async def test_the_same_command_again_is_the_same_evidence(office, filed):
    command = ProveInvoice(upload_index=filed.upload_index)
    task = Task("a1", "c1", "", 1, False, 0)
    sends = []
    for _ in range(2):
        send, after = await office.call(command, task)
        sends.append((send, after))
    # A second try is later, so its report is another one, and so is its wish.
    moments = [after.command.asked_at for _, after in sends]
    same = sends[0][0].message_id == sends[1][0].message_id
    assert same == (moments[0] == moments[1])
    first = await office.ask(sends[0][1].command.model_copy(update={"wish": "x"}))
    again = await office.ask(sends[0][1].command.model_copy(update={"wish": "y"}))
    assert first.bundle == again.bundle


async def test_failed_printing_fails_with_the_printer_s_code(office, filed):
    office.fails = "chromium_unavailable"
    with pytest.raises(PdfFailedError, match="chromium_unavailable: why"):
        await prove(office, filed)


async def test_silence_is_waited_for_with_growing_pauses_and_ends(office, filed):
    office.prints = False
    with pytest.raises(PdfUnansweredError, match="start it"):
        await prove(office, filed)
    pauses = [after.seconds for after in office.asked]
    assert pauses[: len(PAUSES)] == list(PAUSES)
    assert 600 <= sum(pauses) < 610
    # Sent again from time to time, under one id: Redis may have been emptied.
    assert len(office.sent) == 1 + (len(pauses) // AGAIN_EVERY)
    assert len({(send.message_id, send.command.model_dump_json()) for send in office.sent}) == 1


async def test_a_person_who_replays_a_silence_is_answered(office, filed):
    office.prints = False
    with pytest.raises(PdfUnansweredError):
        await prove(office, filed)
    office.prints = True
    event = await office.ask(office.asked[-1].command, replay=1)
    assert event.key == "efactura.evidence_ready"


async def test_a_person_who_replays_a_failure_has_it_printed_under_another_id(office, filed):
    """Under the first id pdf.render would only say again that it failed."""
    office.fails = "render_failed"
    with pytest.raises(PdfFailedError):
        await prove(office, filed)
    office.fails = ""
    event = await office.ask(office.asked[-1].command, replay=1)
    assert event.key == "efactura.evidence_ready"
    first, second = office.sent
    assert first.command == second.command
    assert first.message_id != second.message_id


async def test_redis_that_is_away_is_tried_again(office, filed, monkeypatch):
    command = CollectPdf(
        purpose="evidence", download_id=filed.download_id, seed="s", wish="w",
        asked_at=NOW, round=1,
    )  # fmt: skip

    async def gone(*_):
        raise OSError

    monkeypatch.setattr(office.desk.parts["shared"], "get", gone)
    with pytest.raises(ResultsUnavailableError):
        await office.ask(command)


async def test_an_archive_without_a_signature_is_packed_without_one(office, filed):
    (link,) = await office.index.chain("")
    reading = await office.desk.parts["evidence"]._prover.read(link)
    bare = reading.archive.__class__(
        reading.archive.document, reading.archive.document_name, None, "1", reading.archive.kind
    )
    _, names = bundle(b"zip", bare, b"pdf", {})
    assert not [name for name in names if name.startswith("semnatura")]
