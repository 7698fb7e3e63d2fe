"""A message from the command to its end: sent once, refused, in doubt, at ANAF's limit."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anaf_efactura import events
from workers_contracts.efactura_messages import MessageRejected, MessageSent
from workers_ledger.archive import Archive, Wanted

BUYER, SELLER = "87654329", "12345674"
SENT, REJECTED = "efactura.message_sent", "efactura.message_rejected"
LIST = "listaMesajePaginatieFactura"


class DiedError(BaseException):
    """The process is gone at this point; nothing after it runs."""


def die(*_args, **_more):
    raise DiedError


def uploads(sandbox) -> int:
    return len(sandbox.control.requests("upload"))


def state(attributes: str) -> str:
    return f'<header xmlns="mfp:anaf:dgti:efactura:stareMesajFactura:v1" {attributes}'


async def test_message_is_uploaded_followed_archived_and_told_once(pen, desk, sandbox):
    event = await pen.write()
    assert desk.keys == [SENT]
    (taken,) = sandbox.control.uploads()
    assert (taken["standard"], taken["cif"], taken["number"]) == ("RASP", BUYER, pen.about)
    (request,) = sandbox.control.requests("upload")
    assert request["query"] == {"standard": "RASP", "cif": BUYER}
    assert event.upload_index == taken["index"]
    assert event.download_id == taken["download_id"]
    assert (event.about_index, event.subject(), event.cif) == (pen.about, pen.about, BUYER)
    assert (event.seal.status, event.altered) == ("verified", False)
    assert event == events.accepted(await desk.document())
    (link,) = await Archive(desk.database, "efactura").find("", Wanted(upload_index=taken["index"]))
    entry = link.entry
    assert (entry.direction, entry.kind, entry.cif) == ("sent", "buyer_message", BUYER)
    assert entry.document_id == event.document_id
    assert Path(event.archive.uri.removeprefix("file://")).read_bytes().startswith(b"PK")
    assert sandbox.control.violations() == []


async def test_no_legal_term_is_watched_for_a_message(pen, desk, sandbox):
    sandbox.control.scenario("nok-one-error")
    await pen.write()
    assert desk.keys == [REJECTED]
    assert desk.watches == []


async def test_the_invoices_number_is_told_when_the_archive_has_it(pen, desk, invoice):
    # Whoever bills himself has the invoice in his own archive too.
    filed = await desk.file(invoice("FCT-7"), "m0")
    event = await pen.write(about_index=filed.upload_index)
    assert isinstance(event, MessageSent)
    assert event.number == "FCT-7"


@pytest.mark.parametrize(
    ("text", "rule"),
    [("  ", "WRK-MESSAGE-EMPTY"), ("x" * 1001, "WRK-MESSAGE-LENGTH"),
     ("a\x02b", "WRK-MESSAGE-CHARACTER")],
)  # fmt: skip
async def test_text_that_cannot_be_sent_goes_nowhere(text, rule, pen, desk, sandbox):
    event = await pen.write(text)
    assert (event.key, event.stage) == (REJECTED, "local")
    assert [error.rule for error in event.errors] == [rule]
    assert uploads(sandbox) == 0
    assert await desk.documents() == []


async def test_longer_messages_are_sent_when_the_setting_allows(make_pen):
    pen = await make_pen(message_characters=5000)
    assert (await pen.write("x" * 5000)).key == SENT


async def test_the_same_words_in_another_command_are_sent_once_and_told_again(pen, desk, sandbox):
    first = await pen.write("Vă rugăm corectați.", "m1")
    again = await pen.write("Vă rugăm\n corectați. ", "m2")
    assert again == first
    assert desk.keys == [SENT, SENT]
    assert uploads(sandbox) == 1


async def test_zeros_in_front_of_the_index_make_no_other_message(pen, desk, sandbox):
    first = await pen.write("Vă rugăm corectați.", "m1")
    assert await pen.write("Vă rugăm corectați.", "m2", about_index=f"00{pen.about}") == first
    assert uploads(sandbox) == 1


async def test_two_commands_at_once_send_once_and_both_end(pen, desk, sandbox):
    pen.ask(message_id="m1")
    pen.ask(message_id="m2")
    await desk.work()
    assert desk.keys == [SENT, SENT]
    assert uploads(sandbox) == 1


async def test_other_words_and_other_tenants_are_messages_of_their_own(pen, desk, sandbox):
    await pen.write("Unu", "m1")
    await pen.write("Doi", "m2")
    await pen.write("Unu", "m1", tenant="other")
    assert len(await desk.documents()) == 3
    assert len({one["index"] for one in sandbox.control.uploads()}) == 3


async def test_refusal_by_anaf_is_told_with_its_words_explained(pen, desk, sandbox):
    words = "E: mesajul nu poate fi livrat emitentului"
    sandbox.control.scenario("nok-one-error", message=words)
    event = await pen.write()
    assert (event.key, event.stage) == (REJECTED, "anaf")
    assert event.upload_index == sandbox.control.uploads()[0]["index"]
    (error,) = event.errors
    assert error.message == words
    assert "Corectați" in error.explanations[0].mend.ro
    assert event.archive is not None
    assert event == events.rejected(await desk.document())


async def test_message_that_anaf_did_not_take_is_refused_without_an_archive(pen, sandbox):
    sandbox.control.scenario("nok-one-error", variant="not-taken")
    event = await pen.write()
    assert (event.key, event.stage, event.archive) == (REJECTED, "anaf", None)
    assert event.errors[0].message == "XML cu erori nepreluat de sistem"
    assert event.errors[0].explanations


async def test_refused_message_is_sent_again_by_another_command(pen, desk, sandbox):
    sandbox.control.scenario("nok-one-error")
    await pen.write(message_id="m1")
    assert (await pen.write(message_id="m2")).key == SENT
    assert uploads(sandbox) == 2


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("Fisierul transmis nu este valid. org.xml.sax.SAXParseException; line 1; ", REJECTED),
        ("Marime fisier transmis mai mare de 10 MB.", REJECTED),
        ("Nu exista factura cu id_incarcare= 15000", REJECTED),
        ("un text nou al ANAF", REJECTED),
        ("Nu aveti drept in SPV pentru CIF=87654329", "anaf_no_right"),
        ("Nu exista niciun CIF pentru care sa aveti drept in SPV", "anaf_no_right"),
        ("CIF introdus= 123a nu este un numar", "anaf_call_refused"),
        ("Valorile acceptate pentru parametrul standard sunt UBL, CN, CII sau RASP",
         "anaf_call_refused"),
    ],
)  # fmt: skip
async def test_refusal_at_the_upload_has_its_end(text, end, pen, desk, sandbox):
    body = f'<header ExecutionStatus="1"><Errors errorMessage="{text}"/></header>'
    sandbox.control.scenario("answer-verbatim", operation="upload", message=body)
    event = await pen.write()
    assert ([failure.code for failure in desk.failures] or desk.keys) == [end]
    if isinstance(event, MessageRejected):
        assert (event.stage, event.errors[0].message) == ("upload", text.strip())
        assert event.errors[0].explanations
    assert sandbox.control.uploads() == []


async def test_lost_answer_is_found_in_the_list_and_nothing_is_sent_again(pen, desk, sandbox):
    await pen.write("Un alt mesaj.", "m0")
    sandbox.control.settings(list_delay=0.3)
    sandbox.control.scenario("timeout-after-acceptance", operation="upload")
    pen.desk.parts["filing"]._reconciler._resend_after = timedelta(seconds=60)
    event = await pen.write("Vă rugăm corectați.\nMulțumim.")
    assert desk.keys == [SENT, SENT]
    assert event.upload_index == sandbox.control.uploads()[-1]["index"]
    assert (uploads(sandbox), len(sandbox.control.requests(LIST)) >= 2) == (2, True)


async def test_message_in_doubt_is_not_sent_again_until_a_person_asks(pen, desk, sandbox):
    sandbox.control.scenario("timeout-before-acceptance", operation="upload")
    pen.ask()
    await desk.work()
    assert [failure.code for failure in desk.failures] == ["efactura_upload_unresolved"]
    assert (uploads(sandbox), len(sandbox.control.uploads())) == (1, 0)
    assert (await desk.document()).state == "uploading"
    # Delivered once more, however late: still nobody has asked for it again.
    pen.ask()
    await desk.work()
    assert (len(desk.failures), uploads(sandbox)) == (2, 1)


async def test_replay_sends_the_message_that_is_not_in_the_lists(pen, desk, sandbox):
    sandbox.control.scenario("timeout-before-acceptance", operation="upload", times=2)
    for replay in (0, 1, 1):
        pen.ask(replay=replay)
        await desk.work()
    # The replay's own answer was lost too: it needs another one.
    assert [failure.code for failure in desk.failures] == ["efactura_upload_unresolved"] * 3
    assert uploads(sandbox) == 2
    pen.ask(replay=2)
    await desk.work()
    assert desk.keys == [SENT]
    assert (uploads(sandbox), len(sandbox.control.uploads())) == (3, 1)


async def test_replay_of_a_message_that_anaf_has_finds_it(pen, desk, sandbox):
    sandbox.control.settings(list_delay=3600)
    sandbox.control.scenario("timeout-after-acceptance", operation="upload")
    pen.ask()
    await desk.work()
    assert [failure.code for failure in desk.failures] == ["efactura_upload_unresolved"]
    sandbox.control.clock(offset_seconds=4000)
    desk.client._clock = lambda: datetime.now(UTC) + timedelta(seconds=4000)
    pen.ask(replay=1)
    await desk.work()
    assert desk.keys == [SENT]
    assert uploads(sandbox) == 1


async def test_message_in_doubt_is_sent_again_where_the_setting_says_so(make_pen, sandbox):
    pen = await make_pen(resend_messages=True)
    sandbox.control.scenario("error-500-html", operation="upload", variant="technical-text")
    await pen.write()
    assert pen.desk.keys == [SENT]
    assert (uploads(sandbox), len(sandbox.control.uploads())) == (2, 1)


async def test_worker_that_dies_after_the_answer_finds_its_message(pen, desk, sandbox, monkeypatch):
    job = pen.ask()
    desk.jobs.clear()
    with monkeypatch.context() as patch:
        patch.setattr(desk.parts["filing"]._documents, "end", die)
        with pytest.raises(DiedError):
            await desk.call(job)
    assert (await desk.document()).state == "uploading"
    desk.parts["filing"]._reconciler._resend_after = timedelta(seconds=60)
    desk.jobs.append(job)
    await desk.work()
    assert desk.keys == [SENT]
    assert uploads(sandbox) == 1


async def test_allowance_of_a_day_makes_the_message_wait_for_the_next(pen, desk, sandbox):
    desk.client._allowed.answers._limit = 1
    await pen.write("Unu", "m1")
    await pen.write("Doi", "m2")
    assert [retry.code for retry in desk.retries] == ["anaf_daily_limit"]
    assert desk.keys == [SENT, SENT]
    assert sandbox.control.violations() == []


async def test_anafs_own_count_of_the_day_is_believed(pen, desk, sandbox):
    sandbox.control.settings(rasp_per_cif=1)
    await pen.write("Unu", "m1")
    await pen.write("Doi", "m2")
    assert [retry.code for retry in desk.retries] == ["anaf_daily_limit"]
    assert desk.keys == [SENT, SENT]
    assert [one["standard"] for one in sandbox.control.uploads()] == ["RASP", "RASP"]


async def test_replicas_share_the_allowance(make_pen, sandbox):
    one, two = await make_pen(), await make_pen()
    for pen in (one, two):
        pen.desk.client._allowed.answers._limit = 1
    await one.write("Unu", "m1")
    two.ask("Doi", "m2")
    await two.desk.step(two.desk.jobs.pop(0))
    assert [retry.code for retry in two.desk.retries] == ["anaf_daily_limit"]
    assert uploads(sandbox) == 1


async def test_message_that_the_state_does_not_know_is_followed_by_the_list(pen, desk, sandbox):
    body = state('><Errors errorMessage="Nu exista factura cu id_incarcare= 1"/></header>')
    sandbox.control.scenario("answer-verbatim", operation="stareMesaj", message=body, times=None)
    event = await pen.write()
    assert event.key == SENT
    assert event.upload_index == sandbox.control.uploads()[0]["index"]


async def test_nok_with_the_message_itself_is_a_refusal(pen, desk, sandbox):
    await desk.step(pen.ask())
    desk.jobs.pop(0)
    check = desk.jobs[0]
    known = None
    while not known:
        known = sandbox.control.uploads()[0]["download_id"]
    body = state(f'stare="nok" id_descarcare="{known}"/>')
    sandbox.control.scenario("answer-verbatim", operation="stareMesaj", message=body)
    assert desk.jobs == [check]
    await desk.work()
    (event,) = desk.events
    assert (event.key, event.stage) == (REJECTED, "anaf")
    assert event.archive is not None


async def test_words_that_anaf_changed_are_told(pen, desk, sandbox):
    await desk.step(pen.ask())
    desk.jobs.pop(0)
    document = await desk.document()
    await desk.parts["filing"]._documents.change(document, content_sha256="0" * 64)
    await desk.work()
    (event,) = desk.events
    assert (event.key, event.altered) == (SENT, True)


async def test_undecided_message_is_told_of_once_a_day(pen, desk, sandbox):
    await desk.step(pen.ask())
    desk.jobs.pop(0)
    sandbox.control.scenario("answer-verbatim", operation="stareMesaj",
                             message=state('stare="in prelucrare"/>'))  # fmt: skip
    watching = desk.parts["watching"]
    watching._clock = lambda: datetime.now(UTC) + timedelta(hours=2)
    await desk.work()
    assert desk.keys == ["efactura.processing", SENT]
