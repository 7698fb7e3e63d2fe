"""Nothing of a command becomes a header, a recipient or a second mail that was not asked for."""

import email
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import getaddresses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from email_send.addresses import check
from email_send.errors import MailInvalidError
from email_send.lines import check_headers, one_line
from email_send.mail import build, plan
from email_send.templating import Templates
from workers_contracts.email import Mailbox, SendEmail

ENDS = ["\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
BCC = "Bcc: evil@client.example"
ADDRESSES = [
    "a@x.example>\r\nRCPT TO:<b@y.example",
    "a@x.example\r\nBcc: b@y.example",
    "a@x.example, b@y.example",
    "a@x.example;b@y.example",
    "a@x.example b@y.example",
    "<a@x.example>",
    "Ana <a@x.example>",
    '"a@x.example"@y.example',
    '"a b"@y.example',
    "a(b@x.example)@y.example",
    "a@x.example SIZE=1",
    "a@[127.0.0.1]",
    "a@localhost",
    "@x.example:a@y.example",
    "a%b@x.example@y.example",
    "a@x..example",
    "a@-x.example",
    "a@x.example\u2028",
    "a@x.example\x00",
    "a@x.example\u200b",
    "a@ｘ.example>",
    f"{'a' * 65}@x.example",
    f"a@{'x.' * 130}example",
    "",
    "a",
    "a@",
    "@x.example",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_not_one_address_is_refused(address):
    with pytest.raises((MailInvalidError, ValidationError)):
        check(SendEmail(to=[address], subject="x", text="x").to[0], "to.0")


def test_gate_of_addresses_holds_alone():
    """Also for what the contract's pattern would let through one day."""
    for address in ADDRESSES:
        with pytest.raises(MailInvalidError) as refused:
            check(Mailbox.model_construct(address=address, name=""), "to.0")
        assert refused.value.field == "to.0"


@pytest.mark.parametrize("end", ENDS)
def test_line_ends_of_every_kind_are_refused(end):
    with pytest.raises(MailInvalidError):
        one_line(f"Factura{end}{BCC}", "subject")
    with pytest.raises(MailInvalidError):
        check_headers({"X-Campaign": f"a{end}{BCC}"})


ENCODED = [
    "=?utf-8?q?a=0d=0aBcc:_evil=40client.example?=",
    "=?utf-8?b?DQpCY2M6IGV2aWxAY2xpZW50LmV4YW1wbGU=?=",
    "b =?us-ascii?Q?=0A=0Abody?= c",
    "=?utf-8?q?=0d=0a?= =?utf-8?q?Bcc:_evil=40client.example?=",
    "=?UTF-8*EN?Q?=0D=0ABcc:_evil@client.example?=",
    "=?x?q?a b=0d=0aBcc:_evil@client.example ?=",
]


@pytest.mark.parametrize(
    "field", ["subject", "name", "header", "file", "image", "reference", "reply", "data", "local"]
)
async def test_encoded_words_are_not_decoded_into_headers(worker, mails, field):
    """Python's library decodes them when a header is set, and before 3.13 writes what comes out."""
    stored = await worker.artifacts.put(b"x", media_type="image/png")
    for text in ENCODED:
        bare = "".join(text.split())
        fields = {
            "subject": {"subject": text},
            "name": {"to": [{"address": "ana@client.example", "name": text}]},
            "header": {"headers": {"X-A": text}},
            "file": {"attachments": [{"artifact": stored, "name": text}]},
            "image": {"html": "cid:a", "images": [{"artifact": stored, "cid": "a", "name": text}]},
            "reference": {"references": [f"{bare.replace('@', '')}@x.example"]},
            "reply": {"reply_to": [{"address": "ana@client.example", "name": text}]},
            "data": {
                "template": "deadline",
                "data": {"company": "a", "what": text, "due": "2026-03-02"},
            },
            "local": {"to": [f"{bare.replace('@', '').replace(':', '')[:60]}@client.example"]},
        }
        with pytest.raises((MailInvalidError, ValidationError)):
            await worker.send(**fields[field])
    assert mails() == []


@pytest.mark.parametrize("text", [*ENCODED, "a\r\nBcc: evil@x.example", "a\nB: c"])
def test_last_gate_holds_alone(text, monkeypatch):
    """Also for what the gate of lines would let through one day."""
    monkeypatch.setattr("email_send.mail.one_line", lambda value, field: value)
    command = SendEmail.model_construct(
        **{**SendEmail(to=["a@x.example"], subject="x", text="x").__dict__, "subject": text}
    )
    sender = check(Mailbox(address="a@prima.example"), "sender")
    planned = plan(command, sender, Templates())
    try:
        raw = build(planned, [], identity="1@x", moment=datetime.now(UTC))
    except MailInvalidError:
        return
    names = [line.split(b":")[0] for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n")]
    assert b"Bcc" not in names
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "field", ["subject", "name", "header", "file", "image", "reference", "data", "key"]
)
async def test_hostile_text_adds_neither_header_nor_recipient(worker, mails, field):
    stored = await worker.artifacts.put(b"x", media_type="image/png")
    for end in ENDS:
        text = f"Factura{end}{BCC}"
        fields = {
            "subject": {"subject": text},
            "name": {"to": [{"address": "ana@client.example", "name": text}]},
            "header": {"headers": {"X-A": text}},
            "file": {"attachments": [{"artifact": stored, "name": text}]},
            "image": {"html": "cid:a", "images": [{"artifact": stored, "cid": "a", "name": text}]},
            "reference": {"references": [f"a{end}b@x.example"]},
            "data": {
                "template": "deadline",
                "data": {"company": "a", "what": text, "due": "2026-03-02"},
            },
            # A key is no header's text: what is no control in it is only part of a digest.
            "key": {"business_key": text},
        }
        try:
            await worker.send(**fields[field])
        except (MailInvalidError, ValidationError):
            continue
        assert field == "key", repr(end)
    assert all(mail["recipients"] == ["ana@client.example"] for mail in mails())
    assert "evil" not in str([mail["headers"] for mail in mails()])
    assert not mails() or field == "key"


@pytest.mark.parametrize(
    "name",
    [
        f"X-A: b\r\n{BCC[:3]}",
        "X A",
        "X:",
        "",
        "x" * 65,
        "Ș",
        "Bcc",
        "BCC",
        "to",
        "From",
        "Sender",
        "Return-Path",
        "Received",
        "DKIM-Signature",
        "Content-Type",
        "content-transfer-encoding",
        "MIME-Version",
        "Message-ID",
        "Date",
        "List-Unsubscribe-Post",
        "Resent-To",
        "ARC-Seal",
        "Delivered-To",
    ],
)
def test_headers_that_would_change_the_mail_are_refused(name):
    with pytest.raises(MailInvalidError) as refused:
        check_headers({name: "x"})
    assert refused.value.field == "headers"


def test_header_twice_in_another_case_is_refused():
    with pytest.raises(MailInvalidError):
        check_headers({"X-A": "1", "x-a": "2"})


SMUGGLED = "MAIL FROM:<evil@prima.example>\r\nRCPT TO:<ana@client.example>\r\nDATA\r\nevil\r\n.\r\n"


ENDS_OF_DATA = ["\n.\n", "\r\n.\r", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r\n"]


@pytest.mark.parametrize("part", ["text", "html", "attachment"])
async def test_no_end_of_data_inside_a_mail_smuggles_a_second_one(worker, mails, sandbox, part):
    for end in ENDS_OF_DATA:
        body = f"first{end}{SMUGGLED}"
        fields = {part: body}
        if part == "attachment":
            stored = await worker.artifacts.put(body.encode(), media_type="text/plain")
            fields = {"attachments": [{"artifact": stored, "name": "a.txt"}]}
        await worker.send(subject="hostile", **fields)
    await worker.send(subject="the next on the same connection")
    found = [mail["subject"] for mail in mails()]
    assert found == ["hostile"] * len(ENDS_OF_DATA) + ["the next on the same connection"]
    assert {mail["sender"] for mail in mails()} == {"facturi@prima.example"}
    assert sandbox.control.smtp()["sessions"] == 1


async def test_no_end_of_data_smuggles_a_mail_past_postfix(start_replica, plain, mta):
    await mta.start()
    worker = await start_replica(
        **plain, host=mta.host, port=mta.starttls_port, ca=mta.certificate.read_text()
    )
    ends = ["\n.\n", "\r\n.\r", "\n.\r\n", "\r\n.\n"]
    for number, end in enumerate(ends):
        await worker.send(text=f"{number}{end}{SMUGGLED}", subject=f"mail {number}")
    await worker.send(subject="last")
    found = mta.wait_mails(len(ends) + 1)
    assert sorted(str(one["Subject"]) for one in found) == [
        "last",
        *(f"mail {number}" for number in range(len(ends))),
    ]
    assert {str(one["Return-Path"]) for one in found} == {"<facturi@prima.example>"}


_LETTERS = [*'ab, <>@."\\;:()ș漢', "evil@x.example", "<evil@x.example>", "wordword"]


@given(st.lists(st.sampled_from(_LETTERS), min_size=1, max_size=60).map("".join))
@example("b" * 70 + ', "<evil@x.example>')
@example(".@evil@x.exampl" + "word" * 12 + ':<.<<evil@x.example>:a,>b"a')
@example("ș,漢" * 12)
def test_no_name_becomes_a_recipient(name):
    command = SendEmail(
        to=[{"address": "x@y.example", "name": name}, "z@y.example"], subject="s", text="t"
    )
    own = check(Mailbox(address="a@b.example", name=name), "sender")
    raw = build(
        plan(command, own, Templates()), [], identity="i@b.example", moment=datetime.now(UTC)
    )
    head = email.message_from_bytes(raw)
    (shown, first), (_, second) = getaddresses([head["To"]])
    assert (first, second) == ("x@y.example", "z@y.example")
    assert "".join(str(make_header(decode_header(shown))).split()) == "".join(name.split())
    [(_, sender)] = getaddresses([head["From"]])
    assert sender == "a@b.example"
