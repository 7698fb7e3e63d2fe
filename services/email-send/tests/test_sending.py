"""Mails at the sandbox: who gets what, that nobody gets it twice, and what is told."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from email_send.errors import (
    AccountUnroutableError,
    BusinessKeyReusedError,
    MailAnswerLostError,
    MailBusyError,
    MailDeferredError,
    MailGaveUpError,
    MailInvalidError,
    MailPacedError,
    MailRefusedError,
    MailUncertainError,
    RelayConfigurationError,
    RelayUnavailableError,
    SharedStateError,
)
from workers_runtime.artifacts import ArtifactMissingError

ANA, ION = "ana@client.example", "ion@client.example"
LATER = "450 4.2.0 Greylisted"


async def test_text_arrives_over_tls_with_a_log_in(worker, mails):
    event = await worker.send()
    [mail] = mails()
    assert (mail["subject"], mail["text"].strip()) == ("Factura PMX-2026-0001", "Bună ziua.")
    assert mail["message_id"] == event.mail_id
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"
    assert (mail["tls"], mail["user"], mail["sender"]) == (True, "sandbox", "facturi@prima.example")
    [told] = event.recipients
    assert (told.address, told.status, told.code) == (ANA, "accepted", 250)
    assert told.text.startswith("250 2.0.0 Ok: queued as")
    assert event.size == mail["size"]
    assert not event.maybe_duplicate


async def test_template_with_file_and_image_arrives_whole(worker, mails):
    pdf = await worker.artifacts.put(b"%PDF-1.7 factura", media_type="application/pdf")
    png = await worker.artifacts.put(b"\x89PNG sigla", media_type="image/png")
    await worker.send(
        to=[{"address": ANA, "name": "Ana Țăndărică"}],
        template="invoice_accepted",
        data={
            "number": "PMX-2026-0001",
            "supplier": "Prima & Fiii SRL",
            "customer": "Client SA",
            "total": "1190",
            "currency": "RON",
            "issued": "2026-03-02",
        },
        attachments=[{"artifact": pdf, "name": "factură ș.pdf"}],
    )
    await worker.send(
        subject="Sigla", html='<img src="cid:logo">', images=[
            {"artifact": png, "cid": "logo", "name": "sigla.png"}],
    )  # fmt: skip
    first, second = mails()
    assert first["subject"] == "Factura PMX-2026-0001 a fost acceptată în e-Factura"
    assert "Ana Țăndărică" in first["headers"]["To"]
    assert "1.190,00 RON" in first["text"]
    assert "02.03.2026" in first["html"]
    assert "Prima & Fiii SRL" in first["text"]
    assert "Prima &amp; Fiii SRL" in first["html"]
    [file] = first["files"]
    assert (file["name"], file["media_type"], file["sha256"]) == (
        "factură ș.pdf",
        "application/pdf",
        pdf.sha256,
    )
    [image] = second["files"]
    assert (image["cid"], image["sha256"]) == ("logo", png.sha256)


async def test_bcc_gets_the_mail_and_nobody_sees_it(worker, mails):
    event = await worker.send(cc=[ION], bcc=["arhiva@prima.example", ANA])
    [mail] = mails()
    assert mail["recipients"] == [ANA, ION, "arhiva@prima.example"]
    assert "arhiva" not in str(mail["headers"]).lower()
    assert [one.address for one in event.recipients] == mail["recipients"]


async def test_letters_of_any_alphabet_reach_a_server_that_knows_them(worker, mails):
    event = await worker.send(
        to=["ionuț@țară.example"], sender={"address": "facturi@prima.example", "name": "Țară"}
    )
    [mail] = mails()
    assert mail["recipients"] == ["ionuț@xn--ar-kla13i.example"]
    assert "ionuț@xn--ar-kla13i.example" in mail["headers"]["To"]
    assert mail["headers"]["From"] == "Țară <facturi@prima.example>"
    assert event.recipients[0].address == "ionuț@țară.example"


async def test_same_job_again_sends_nothing(worker, mails):
    first = await worker.send("m-1")
    assert await worker.send("m-1") == first
    assert len(mails()) == 1


async def test_one_business_key_is_one_mail_whatever_message_asks(worker, mails):
    first = await worker.send("m-1", business_key="accepted:1")
    assert await worker.send("m-2", business_key="accepted:1") == first
    assert (
        await worker.send("m-3", business_key="accepted:1", tenant="b")
    ).mail_id != first.mail_id
    assert len(mails()) == 2
    with pytest.raises(BusinessKeyReusedError):
        await worker.send("m-4", business_key="accepted:1", text="altceva")
    assert len(mails()) == 2


async def test_key_whose_mail_nobody_got_may_be_used_again(worker, sandbox, mails):
    sandbox.control.smtp_answer("rcpt", "550 5.1.1 User unknown")
    with pytest.raises(MailRefusedError):
        await worker.send("m-1", business_key="k")
    with pytest.raises(MailRefusedError):
        await worker.send("m-1", business_key="k")  # the same command: already settled
    assert (await worker.send("m-2", business_key="k")).accepted == 1
    assert len(mails()) == 1


async def test_partial_refusal_is_told_by_recipient(worker, mails):
    event = await worker.send(to=[ANA, "plecat+sbx-550@client.example"])
    assert (event.accepted, event.refused) == (1, 1)
    told = event.recipients[1]
    assert (told.status, told.code, told.text) == ("refused", 550, "550 5.1.1 User unknown")
    assert mails()[0]["recipients"] == [ANA]


async def test_those_refused_for_now_are_tried_again_alone(worker, sandbox, mails):
    sandbox.control.smtp_answer("rcpt", LATER, recipient=ION, times=2)
    waits = []
    for _ in range(2):
        with pytest.raises(MailDeferredError, match="Greylisted") as deferred:
            await worker.send("m-1", to=[ANA, ION])
        waits.append(deferred.value.retry_after)
    assert waits == [300, 600]
    event = await worker.send("m-1", to=[ANA, ION])
    assert [one.status for one in event.recipients] == ["accepted", "accepted"]
    assert [one["recipients"] for one in mails()] == [[ANA], [ION]]
    assert len({one["message_id"] for one in mails()}) == 1
    assert not event.maybe_duplicate


async def test_who_is_refused_until_the_term_is_given_up_with_the_last_words(worker, sandbox):
    sandbox.control.smtp_answer("rcpt", "452 4.2.2 Mailbox full", recipient=ION, times=None)
    soon = datetime.now(UTC) + timedelta(minutes=10)
    event = await worker.send("m-1", to=[ANA, ION], give_up_at=soon)
    told = {one.address: (one.status, one.text) for one in event.recipients}
    assert told[ION] == ("gave_up", "452 4.2.2 Mailbox full")
    assert told[ANA][0] == "accepted"
    with pytest.raises(MailGaveUpError, match="Mailbox full"):
        await worker.send("m-2", to=[ION], give_up_at=soon)
    yesterday = time.time() - 23.9 * 3600
    with pytest.raises(MailGaveUpError, match="Mailbox full"):
        await worker.send("m-3", to=[ION], first_seen=yesterday)


async def test_mail_that_nobody_needs_any_more_is_not_sent(worker, mails):
    with pytest.raises(MailGaveUpError, match="give_up_at is over"):
        await worker.send(give_up_at=datetime.now(UTC) - timedelta(seconds=1))
    assert mails() == []


@pytest.mark.parametrize(("step", "answer"), [("mail", "451 4.3.0 Later"), ("data", LATER)])
async def test_mail_refused_for_now_is_tried_again_whole(worker, sandbox, mails, step, answer):
    sandbox.control.smtp_answer(step, answer)
    with pytest.raises(MailDeferredError):
        await worker.send("m-1")
    assert (await worker.send("m-1")).accepted == 1
    assert len(mails()) == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
async def test_mail_refused_for_good_fails_with_the_servers_words_and_can_be_replayed(
    worker, sandbox, mails, step
):
    sandbox.control.smtp_answer(step, "554 5.7.1 Refused by policy")
    for _ in range(2):
        with pytest.raises(MailRefusedError, match="Refused by policy"):
            await worker.send("m-1")
    assert (await worker.send("m-1", replay=1)).accepted == 1
    assert len(mails()) == 1


@pytest.mark.parametrize("answer", ["lost", "hang", "garbage"])
async def test_lost_answer_is_sent_again_under_the_same_id_and_said(worker, sandbox, mails, answer):
    sandbox.control.smtp_answer("accepted", answer)
    with pytest.raises(MailAnswerLostError):
        await worker.send("m-1")
    event = await worker.send("m-1")
    assert event.maybe_duplicate
    assert {one["message_id"] for one in mails()} == {event.mail_id}
    assert len(mails()) == 2
    assert await worker.send("m-1") == event
    assert len(mails()) == 2


async def test_lost_answer_is_left_to_a_person_where_the_policy_says_so(
    make_replica, sandbox, mails
):
    worker = await make_replica(when_unknown="fail")
    sandbox.control.smtp_answer("accepted", "lost", times=2)
    with pytest.raises(MailAnswerLostError):
        await worker.send("m-1")
    for _ in range(2):
        with pytest.raises(MailUncertainError, match="a replay sends it again"):
            await worker.send("m-1")
    assert len(mails()) == 1
    with pytest.raises(MailAnswerLostError):
        await worker.send("m-1", replay=1)
    with pytest.raises(MailUncertainError):
        await worker.send("m-1", replay=1)
    event = await worker.send("m-1", replay=2)
    assert event.maybe_duplicate
    assert len({one["message_id"] for one in mails()}) == 1


async def test_refusal_after_a_lost_answer_is_not_told_as_nobody_has_it(worker, sandbox, mails):
    sandbox.control.smtp_answer("accepted", "lost")
    with pytest.raises(MailAnswerLostError):
        await worker.send("m-1")
    sandbox.control.smtp_answer("rcpt", "550 5.7.1 Too many copies")
    for _ in range(2):
        with pytest.raises(MailUncertainError, match="Too many copies"):
            await worker.send("m-1")
    assert len(mails()) == 1


async def test_answers_that_are_always_lost_end_with_a_person(worker, sandbox, mails):
    sandbox.control.smtp_answer("accepted", "lost", times=None)
    for _ in range(6):
        with pytest.raises(MailAnswerLostError):
            await worker.send("m-1")
    with pytest.raises(MailUncertainError):
        await worker.send("m-1")
    assert len(mails()) == 6


async def test_key_that_another_command_is_sending_waits(worker, sandbox, mails):
    sandbox.control.smtp_answer("accepted", "lost")
    with pytest.raises(MailAnswerLostError):
        await worker.send("m-1", business_key="k")
    with pytest.raises(MailBusyError):
        await worker.send("m-2", business_key="k")
    assert len(mails()) == 1


async def test_account_sends_only_as_its_own_senders(make_replica, mails):
    worker = await make_replica(senders="contact@prima.example, @țară.example")
    for sender in ("contact@prima.example", "ion@țară.example", "Contact@PRIMA.example"):
        await worker.send(sender={"address": sender, "name": "Țară"})
    assert mails()[1]["sender"] == "ion@xn--ar-kla13i.example"
    for sender in ("altul@prima.example", "contact@prima.example.evil.example"):
        with pytest.raises(AccountUnroutableError) as refused:
            await worker.send(sender=sender)
        assert refused.value.field == "sender"
    assert len(mails()) == 3


async def test_pace_is_one_for_all_replicas(make_replica, mails):
    first, second = [await make_replica(mails_per_second=0.1, burst=2) for _ in range(2)]
    await first.send()
    await second.send()
    with pytest.raises(MailPacedError) as paced:
        await first.send("late")
    assert 0 < paced.value.retry_after <= 10
    assert len(mails()) == 2


async def test_refused_log_in_is_left_alone_by_all_replicas(make_replica, sandbox, mails):
    wrong, right = await make_replica(password="another"), await make_replica()
    with pytest.raises(RelayConfigurationError, match="535") as refused:
        await wrong.send()
    assert refused.value.retry_after == 300
    refused_logins = sandbox.control.smtp()["refused_logins"]
    with pytest.raises(RelayConfigurationError, match="a moment ago"):
        await right.send()
    assert sandbox.control.smtp()["refused_logins"] == refused_logins
    assert (sandbox.control.smtp()["logins"], mails()) == (0, [])


async def test_nothing_is_sent_without_redis(make_replica, mails):
    worker = await make_replica(redis_url="redis://127.0.0.1:1/0")
    with pytest.raises(SharedStateError):
        await worker.send()
    assert mails() == []


async def test_server_that_is_away_is_left_alone_after_three_tries(make_replica):
    worker = await make_replica(port=1)
    for _ in range(3):
        with pytest.raises(RelayUnavailableError, match="Error connecting"):
            await worker.send()
    with pytest.raises(RelayUnavailableError, match="several times") as told:
        await worker.send()
    assert 20 < told.value.retry_after <= 30


async def test_files_that_are_missing_or_too_large_are_told(make_replica, mails):
    worker = await make_replica(max_bytes=10_000)
    big = await worker.artifacts.put(b"x" * 9000, media_type="application/pdf")
    with pytest.raises(MailInvalidError, match="10000 at most") as refused:
        await worker.send(attachments=[{"artifact": big, "name": "a.pdf"}])
    assert refused.value.field == "attachments"
    gone = big.model_copy(update={"uri": big.uri + "x", "size": 10})
    with pytest.raises(ArtifactMissingError):
        await worker.send(attachments=[{"artifact": gone, "name": "a.pdf"}])
    assert mails() == []


async def test_server_that_wants_fewer_recipients_gets_the_rest_at_once(worker, sandbox, mails):
    sandbox.control.smtp_answer("rcpt", "452 4.5.3 Too many recipients", recipient=ION)
    with pytest.raises(MailDeferredError) as deferred:
        await worker.send("m-1", to=[ANA, ION])
    assert deferred.value.retry_after == 1
    await worker.send("m-1", to=[ANA, ION])
    assert [one["recipients"] for one in mails()] == [[ANA], [ION]]


async def test_bounces_tell_which_mail_they_are_about(make_replica, mails):
    worker = await make_replica(bounce="bounce+{job}@țară.example")
    event = await worker.send()
    job = event.mail_id.partition("@")[0]
    assert mails()[0]["sender"] == f"bounce+{job}@xn--ar-kla13i.example"


async def test_signed_mail_is_still_valid_behind_postfix(start_replica, plain, mta):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    await mta.start()
    worker = await start_replica(
        **plain,
        host=mta.host,
        port=mta.starttls_port,
        ca=mta.certificate.read_text(),
        dkim_selector="s1",
        dkim_key=pem,
    )
    pdf = await worker.artifacts.put(b"%PDF" * 100_000, media_type="application/pdf")
    await worker.send(
        subject="Factură ș", text="Bună.\n.\nziua\n" * 30, unsubscribe_url="https://a.example/u",
        attachments=[{"artifact": pdf, "name": "f.pdf"}],
    )  # fmt: skip
    mta.wait_mails(1)
    [file] = (mta.certificate.parent / "mail" / "all" / "new").iterdir()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])
    assert dkim.verify(file.read_bytes(), dnsfunc=lambda *_, **__: record)


async def test_hundred_mails_at_once_share_eight_sessions(worker, sandbox, mails):
    await asyncio.gather(*(worker.send(subject=f"mail {number}") for number in range(100)))
    told = sandbox.control.smtp()
    assert len({one["message_id"] for one in told["mails"]}) == 100
    assert told["sessions"] <= 8


async def test_file_lost_between_two_tries_is_told_by_recipient(worker, sandbox, mails):
    sandbox.control.smtp_answer("rcpt", LATER, recipient=ION)
    pdf = await worker.artifacts.put(b"%PDF", media_type="application/pdf")
    command = {"to": [ANA, ION], "attachments": [{"artifact": pdf, "name": "a.pdf"}]}
    with pytest.raises(MailDeferredError):
        await worker.send("m-1", **command)
    Path(pdf.uri.removeprefix("file://")).unlink()
    # Somebody has it: a failure would say that nobody does.
    for _ in range(2):
        event = await worker.send("m-1", **command)
        assert [one.status for one in event.recipients] == ["accepted", "gave_up"]
    assert event.recipients[1].text == LATER
    assert len(mails()) == 1


async def test_lost_answer_is_remembered_when_another_command_asks(worker, sandbox, mails):
    sandbox.control.smtp_answer("accepted", "lost")
    with pytest.raises(MailAnswerLostError):
        await worker.send("m-1", business_key="k")
    sandbox.control.smtp_answer("rcpt", LATER)
    with pytest.raises(MailDeferredError):
        await worker.send("m-1", business_key="k")
    with pytest.raises(BusinessKeyReusedError):
        await worker.send("m-2", business_key="k", text="altceva")
    event = await worker.send("m-3", business_key="k")
    assert len(mails()) == 2
    assert (event.maybe_duplicate, event.lost_answers) == (True, 1)
