"""One document, several commands, replicas and deaths: never two at ANAF."""

import asyncio
import time

import pytest
from sqlalchemy import text

from anaf_efactura import events
from workers_contracts.efactura import CheckInvoice
from workers_ledger.documents import LedgerUnavailableError
from workers_runtime.errors import WorkerError

ACCEPTED, REJECTED, SUBMITTED = "efactura.accepted", "efactura.rejected", "efactura.submitted"
LIST = "listaMesajePaginatieFactura"


class DiedError(BaseException):
    """The process is gone at this point; nothing after it runs."""


def die(*_args, **_more):
    raise DiedError


def uploads(sandbox) -> int:
    return len(sandbox.control.requests("upload"))


async def test_local_mistakes_go_nowhere_and_leave_no_document(desk, invoice, sandbox):
    event = await desk.file(invoice().replace("RO12345674", "RO12345678"))
    assert (event.key, event.stage) == (REJECTED, "local")
    assert sandbox.control.requests() == []
    assert await desk.documents() == []


async def test_rejection_is_the_same_event_when_it_is_made_again(desk, invoice):
    wrong = invoice().replace("RO12345674", "RO12345678")
    assert await desk.file(wrong) == await desk.file(wrong)


def _abroad(text):
    """The invoice with a buyer in Germany."""
    before, after = text.split("<cac:AccountingCustomerParty>")
    after = after.replace("RO87654329", "DE123456788").replace("RO-CJ", "BE")
    return f"{before}<cac:AccountingCustomerParty>{after.replace('>RO<', '>DE<', 1)}"


async def test_parameters_reach_anaf(desk, invoice, sandbox):
    await desk.file(_abroad(invoice()), foreign_buyer=True)
    sent = sandbox.control.requests("upload")[0]
    assert sent["path"].endswith("/upload")
    assert sent["query"] == {"standard": "UBL", "cif": "12345674", "extern": "DA"}


async def test_other_content_under_an_accepted_number_is_a_conflict(desk, invoice, sandbox):
    await desk.file(invoice(), "m1")
    event = await desk.file(invoice(note=" bis"), "m2")
    assert (event.key, event.stage) == (REJECTED, "local")
    assert event.errors[0].rule == "WRK-DUPLICATE"
    assert "acceptată" in event.errors[0].message
    assert event.duplicate_of == sandbox.control.uploads()[0]["index"]
    assert uploads(sandbox) == 1


async def test_other_content_while_the_first_is_at_anaf_is_a_conflict(desk, invoice, sandbox):
    first = desk.submit(invoice(), "m1")
    await desk.step(first)
    event = (await desk.call(desk.submit(invoice(note=" bis"), "m2")),)[0]
    assert "în curs de prelucrare" in event.errors[0].message
    assert uploads(sandbox) == 1


async def test_same_content_in_another_command_gets_the_same_end_without_an_upload(
    desk, invoice, sandbox
):
    await desk.file(invoice(), "m1")
    again = await desk.file(invoice(), "m2")
    assert again == desk.events[1]
    assert desk.keys == [SUBMITTED, ACCEPTED, ACCEPTED]
    assert uploads(sandbox) == 1


async def test_two_commands_at_once_upload_once_and_both_end(desk, invoice, sandbox):
    desk.submit(invoice(), "m1")
    desk.submit(invoice(), "m2")
    await desk.work()
    assert desk.keys.count(ACCEPTED) == 2
    assert {retry.code for retry in desk.retries} <= {"efactura_filing_in_progress"}
    assert uploads(sandbox) == 1


async def test_command_that_waited_for_a_refusal_gets_that_refusal(desk, invoice, sandbox):
    sandbox.control.scenario("nok-one-error")
    desk.submit(invoice(), "m1")
    desk.submit(invoice(), "m2")
    await desk.work()
    assert desk.keys.count(REJECTED) == 2
    assert uploads(sandbox) == 1


async def test_refusal_by_anaf_is_explained_and_is_said_again_the_same(desk, invoice, sandbox):
    sandbox.control.scenario("nok-one-error")
    event = await desk.file(invoice(), "m1")
    (reason,) = event.errors
    assert reason.message.startswith("[BR-RO-065]-")
    (explained,) = reason.explanations
    assert explained.rule == "BR-RO-065"
    assert "fără RO și cu schema FC" in explained.mend.ro
    assert "without RO and with the scheme FC" in explained.mend.en
    # The ledger has kept it: whoever asks later reads the same.
    assert events.rejected(await desk.document()) == event


async def test_corrected_invoice_is_filed_under_the_same_number_after_a_refusal(
    desk, invoice, sandbox
):
    sandbox.control.scenario("nok-one-error")
    await desk.file(invoice(), "m1")
    event = await desk.file(invoice(note=" bis"), "m2")
    assert event.key == ACCEPTED
    document = await desk.document()
    assert document.data["command"] == "m2"
    assert event == events.accepted(document)
    assert len(sandbox.control.uploads()) == 2


async def test_old_document_that_is_filed_again_has_its_own_term(desk, invoice, sandbox):
    # The first filing is long over: its age must not make the second give up at once.
    sandbox.control.scenario("nok-one-error")
    await desk.file(invoice(issued="2026-01-05"), "m1")
    async with desk.database.transaction() as session:
        await session.execute(text("UPDATE document SET created_at = '2026-01-05 10:00:00'"))
    sandbox.control.scenario("rate-limited-429", operation="upload")
    event = await desk.file(invoice(issued="2026-01-05", note=" bis"), "m2")
    assert event.key == ACCEPTED


async def test_tenants_do_not_see_each_others_documents(desk, invoice):
    await desk.file(invoice("A-1"), "m1", tenant="a")
    await desk.file(invoice("A-1"), "m1", tenant="b")
    assert len(await desk.documents()) == 2


async def test_redelivered_command_of_an_uploaded_document_says_so_again(desk, invoice, sandbox):
    job = desk.submit(invoice())
    first = await desk.call(job)
    again = await desk.call(job)
    assert again == first
    assert uploads(sandbox) == 1


async def test_every_question_about_an_ended_document_says_the_same_end_without_asking(
    desk, invoice, sandbox
):
    job = desk.submit(invoice())
    desk.jobs.clear()
    submitted, check = await desk.call(job)
    question = desk._follow_up(job, check, 1)
    await asyncio.sleep(0.1)
    ended = await desk.call(question)
    assert ended.key == ACCEPTED
    assert await desk.call(question) == ended
    of_another_command = desk._follow_up(question, check, 5)
    assert await desk.call(of_another_command) == ended
    assert len(sandbox.control.requests("descarcare")) == 1
    assert submitted.key == SUBMITTED


async def test_question_about_an_unknown_document_is_permanent(desk):
    job = desk.submit("<x/>")
    job.command = CheckInvoice(document_id="nowhere", round=1)
    await desk.work()
    assert [failure.code for failure in desk.failures] == ["efactura_document_unknown"]


@pytest.mark.parametrize("moment", ["before the upload", "after the answer", "while recording"])
async def test_death_around_the_upload_ends_with_one_document(
    moment, desk, invoice, sandbox, monkeypatch
):
    job = desk.submit(invoice())
    filing = desk.parts["filing"]
    with monkeypatch.context() as patch:
        if moment == "before the upload":
            patch.setattr(filing._client, "upload", die)
        elif moment == "after the answer":
            patch.setattr(filing, "_answered", die)
        else:
            patch.setattr(filing._documents, "end", die)
        with pytest.raises(DiedError):
            await desk.call(job)
    assert (await desk.document()).state == "uploading"
    assert uploads(sandbox) == int(moment != "before the upload")

    await asyncio.sleep(0.05)
    await desk.work()
    assert desk.keys == [SUBMITTED, ACCEPTED]
    assert [one["times_uploaded"] for one in sandbox.control.uploads()] == [1]
    order = [
        r["operation"] for r in sandbox.control.requests() if r["operation"] in {"upload", LIST}
    ]
    assert LIST in order
    assert order[-1] == ("upload" if moment == "before the upload" else LIST)


async def test_ledger_gone_after_the_answer_is_no_second_upload(
    desk, invoice, sandbox, monkeypatch
):
    job = desk.submit(invoice())
    desk.jobs.clear()

    async def gone(*_args, **_more):
        raise LedgerUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(desk.parts["filing"]._documents, "end", gone)
        with pytest.raises(LedgerUnavailableError) as failure:
            await desk.call(job)
    assert failure.value.give_up_at is not None
    await asyncio.sleep(0.05)
    # The journal may say "free": the document's own state decides.
    desk.jobs.append(job)
    await desk.work()
    assert desk.keys == [SUBMITTED, ACCEPTED]
    assert uploads(sandbox) == 1


async def test_death_between_the_archive_and_its_record_keeps_one_archive(
    desk, invoice, sandbox, monkeypatch, tmp_path
):
    job = desk.submit(invoice())
    desk.jobs.clear()
    _, check = await desk.call(job)
    question = desk._follow_up(job, check, 1)
    await asyncio.sleep(0.1)
    with monkeypatch.context() as patch:
        patch.setattr(desk.parts["following"]._documents, "change", die)
        with pytest.raises(DiedError):
            await desk.call(question)
    assert (await desk.call(question)).key == ACCEPTED
    assert len(list((tmp_path / "artifacts").rglob("*.zip"))) == 1


async def test_resend_waits_until_anaf_had_its_time_to_list(
    make_desk, efactura_settings, invoice, sandbox
):
    settings = efactura_settings.model_copy(update={"resend_after_seconds": 60.0})
    desk = await make_desk(settings)
    sandbox.control.settings(list_delay=0.8)
    sandbox.control.scenario("timeout-after-acceptance")
    await desk.file(invoice())
    assert desk.keys == [SUBMITTED, ACCEPTED]
    assert uploads(sandbox) == 1
    assert len(sandbox.control.requests(LIST)) >= 3


async def test_lost_upload_is_found_among_many_others_on_several_pages(desk, invoice, sandbox):
    sandbox.control.settings(page_size=7)
    for n in range(8):
        await desk.file(invoice(f"OTHER-{n}"), f"o{n}")
    strangers = sandbox.control.inbound("12345674", 12)
    desk.events.clear()
    before = len(sandbox.control.requests("descarcare"))
    sandbox.control.scenario("timeout-after-acceptance")
    await desk.file(invoice("LOST-1"), "lost")
    assert desk.keys == [SUBMITTED, ACCEPTED]
    assert len(strangers) == 12
    # Our own eight are known by their indexes, received ones are none of ours.
    assert len(sandbox.control.requests("descarcare")) - before <= 3


async def test_archives_looked_into_once_are_not_downloaded_again(
    make_desk, efactura_settings, invoice, sandbox, person, tmp_path
):
    # Another program files for the same firm; our ledger knows nothing of it.
    other = await make_desk(efactura_settings)
    for n in range(4):
        await other.file(invoice(f"THEIRS-{n}"), f"t{n}")
    async with other.database.transaction() as session:
        await session.execute(text("DELETE FROM document"))
    desk = await make_desk(efactura_settings.model_copy(update={"resend_after_seconds": 0.6}))
    before = len(sandbox.control.requests("descarcare"))
    sandbox.control.scenario("timeout-before-acceptance")
    await desk.file(invoice("OURS-1"), "ours")
    assert desk.keys[-1] == ACCEPTED
    assert len(sandbox.control.requests(LIST)) >= 2
    assert len(sandbox.control.requests("descarcare")) - before == 4 + 1


async def test_two_replicas_with_one_document_file_it_once(
    make_desk, efactura_settings, invoice, sandbox
):
    one, two = await make_desk(efactura_settings), await make_desk(efactura_settings)
    jobs = [(desk, desk.submit(invoice(), f"m{n}")) for n, desk in enumerate((one, two) * 4)]
    for desk in (one, two):
        desk.jobs.clear()

    async def attempt(desk, job):
        try:
            return await desk.call(job)
        except WorkerError as error:
            return error.code

    outcomes = await asyncio.gather(*(attempt(desk, job) for desk, job in jobs))
    submitted = [each for each in outcomes if isinstance(each, list)]
    assert submitted
    waiting = {each for each in outcomes if isinstance(each, str)}
    assert waiting <= {"efactura_filing_in_progress", "ledger_conflict"}
    assert uploads(sandbox) == 1


async def test_day_of_processing_is_asked_within_anafs_allowance(
    make_desk, efactura_settings, invoice, sandbox
):
    # A plan that is far too eager: our own count stops it before ANAF has to.
    sandbox.control.settings(states_per_message=20)
    sandbox.control.scenario("processing-for-hours", seconds=12 * 3600)
    desk = await make_desk(efactura_settings)
    desk.client._allowed.states._limit = 20
    desk.submit(invoice())
    await desk.work(most=60)
    assert desk.keys == [SUBMITTED, ACCEPTED]
    assert {retry.code for retry in desk.retries} == {"anaf_daily_limit"}
    assert len(sandbox.control.requests("stareMesaj")) == 21
    assert sandbox.control.violations() == []


async def test_used_up_day_of_one_document_leaves_the_others_alone(desk, invoice, sandbox):
    sandbox.control.scenario("quota-text-200", operation="stareMesaj", number="FULL-1")
    blocked = desk.submit(invoice("FULL-1"), "m1")
    desk.jobs.clear()
    _, check = await desk.call(blocked)
    for _ in range(3):
        with pytest.raises(WorkerError, match="daily allowance"):
            await desk.call(desk._follow_up(blocked, check, 1))
    assert len(sandbox.control.requests("stareMesaj")) == 1
    event = await desk.file(invoice("FREE-1"), "m2")
    assert event.key == ACCEPTED


async def test_nothing_secret_or_personal_is_logged(desk, invoice, sandbox, capsys):
    sandbox.control.scenario("token-expired-401", operation="stareMesaj")
    await desk.file(invoice(note=" CONFIDENTIAL"))
    shown = "".join(capsys.readouterr())
    assert "answer received" in shown
    for secret in ("eyJ", "Bearer", sandbox.refresh_token, "CONFIDENTIAL", "Furnizor Test"):
        assert secret not in shown


async def test_nothing_is_written_down_of_an_upload_that_is_not_begun(desk, invoice, sandbox):
    desk.parts["outbound"].breaker.failures = 9
    desk.parts["outbound"].breaker.opened_at = time.monotonic() + 3600
    await desk.step(desk.submit(invoice()))
    assert [retry.code for retry in desk.retries] == ["circuit_open"]
    document = await desk.document()
    assert (document.state, await desk.parts["filing"]._documents.attempts(document.id)) == (
        "new", [],
    )  # fmt: skip
    assert sandbox.control.requests("upload") == []
