"""Answers judged by their bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_anaf.replies import (
    Empty,
    FirewallPage,
    HtmlPage,
    JsonReply,
    PdfReply,
    RefusalKind,
    Unreadable,
    XmlReply,
    ZipReply,
    read_reply,
    refusal_of,
    summary,
)

FIREWALL = (
    b"<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. "
    b"Please consult with your administrator.<br><br>Your support ID is: 9826645832961917351"
    b"<br><br><a href='javascript:history.back();'>[Go Back]</a></body></html>"
)
LIMIT = (
    b'{"eroare":"S-au facut deja 10 descarcari de mesaj in cursul zilei",'
    b'"titlu":"Descarcare mesaj"}'
)
NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"PK\x03\x04rest", ZipReply, id="zip"),
        pytest.param(b"PK\x05\x06" + bytes(18), ZipReply, id="empty zip"),
        pytest.param(b"%PDF-1.7\n", PdfReply, id="pdf"),
        pytest.param(b"\n%PDF-1.4\n", PdfReply, id="pdf after a line"),
        pytest.param(b'{"stare":"ok"}', JsonReply, id="json"),
        pytest.param(b" [1] ", JsonReply, id="json array"),
        pytest.param(b'<?xml version="1.0"?><header/>', XmlReply, id="xml"),
        pytest.param(b"\xef\xbb\xbf<header/>", XmlReply, id="xml with mark"),
        pytest.param("<header/>".encode("utf-16"), XmlReply, id="xml in UTF-16"),
        pytest.param(FIREWALL, FirewallPage, id="firewall"),
        pytest.param(b"<!DOCTYPE html><p>x", HtmlPage, id="page"),
        pytest.param(b"<HTML><BODY>x", HtmlPage, id="page in capitals"),
        pytest.param(
            b"<?xml version='1.0'?><html xmlns='x'><title>t</title></html>", HtmlPage, id="xhtml"
        ),
        pytest.param(b"", Empty, id="nothing"),
        pytest.param(b"\r\n ", Empty, id="blanks"),
        pytest.param(b"\xef\xbb\xbf", Empty, id="only a mark"),
        pytest.param(b"<header", Unreadable, id="broken xml"),
        pytest.param(b"{oops", Unreadable, id="broken json"),
        pytest.param(b"OK", Unreadable, id="text"),
        pytest.param(bytes(range(256)), Unreadable, id="noise"),
        pytest.param(b"[" * 200_000, Unreadable, id="json nested 200,000 deep"),
    ],
)
@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/zip", "text/html;charset=x"]
)
def test_the_bytes_decide_and_not_the_content_type(
    body: bytes, kind: type, content_type: str | None
):
    assert isinstance(read_reply(200, body, content_type=content_type), kind)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(LIMIT, id="clean"),
        pytest.param(LIMIT + b"}", id="a brace too many"),
        pytest.param(LIMIT + b"\r\n } ;", id="a brace and a semicolon"),
        pytest.param(b"\xef\xbb\xbf" + LIMIT, id="with mark"),
        pytest.param(LIMIT.decode().encode("utf-16"), id="UTF-16"),
    ],
)
def test_small_faults_of_json_are_forgiven(body: bytes):
    reply = read_reply(200, body)
    assert isinstance(reply, JsonReply)
    assert reply.data == json.loads(LIMIT)


def test_json_followed_by_something_else_is_not_read():
    reply = read_reply(200, LIMIT + b"{}")
    assert isinstance(reply, Unreadable)
    assert "followed" in reply.reason


@pytest.mark.parametrize(
    ("charset", "content_type"),
    [
        ("utf-8", "application/json"),
        ("windows-1250", "application/json"),
        ("iso-8859-2", "application/json; charset=ISO-8859-2"),
        ("iso-8859-16", 'text/plain; charset="iso-8859-16"'),
    ],
)
def test_romanian_letters_survive_a_wrong_encoding(charset: str, content_type: str):
    # ț and ș are in UTF-8 and ISO-8859-16 only; the older pages write ţ and ş.
    letters = "ăâîșț" if charset in {"utf-8", "iso-8859-16"} else "ăâîşţ"
    body = json.dumps({"eroare": letters}, ensure_ascii=False).encode(charset)
    reply = read_reply(200, body, content_type=content_type)
    assert isinstance(reply, JsonReply)
    assert reply.data == {"eroare": letters}


def test_bytes_of_no_code_page_still_give_json():
    reply = read_reply(200, b'{"eroare":"\x81\x83\xff"}')
    assert isinstance(reply, JsonReply)


def test_the_firewall_page_gives_its_support_id():
    reply = read_reply(200, FIREWALL, content_type="text/html")
    assert reply == FirewallPage("9826645832961917351", status=200)
    assert "9826645832961917351" in summary(reply)


def test_a_firewall_page_without_id_is_one_by_its_title():
    assert read_reply(200, b"<html><title>Request Rejected</title></html>") == FirewallPage(None)


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (b"<html><head><title>\n BIG-IP &amp; logon </title>", "BIG-IP & logon"),
        (b"<html><head><title>never closed", ""),
        (b"<html><body>no title</body>", ""),
        (b"<html><title>" + b"x" * 500 + b"</title>", "x" * 80),
    ],
)
def test_a_page_gives_its_title(page: bytes, title: str):
    assert read_reply(502, page) == HtmlPage(title, status=502)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 05 Oct 2026 12:01:00 GMT", 60.0),
        ("Mon, 05 Oct 2026 11:59:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("9" * 30, None),
        ("", None),
        (None, None),
    ],
)
def test_the_wait_is_read_in_both_forms(header: str | None, seconds: float | None):
    assert read_reply(429, b"", retry_after=header, now=NOW).retry_after == seconds


def test_a_wait_until_a_date_needs_a_clock():
    header = "Mon, 05 Oct 2026 12:01:00 GMT"
    assert read_reply(503, b"", retry_after=header).retry_after is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, LIMIT, RefusalKind.DAILY_LIMIT),
        (200, FIREWALL, RefusalKind.TECHNICAL),
        (200, b"", RefusalKind.TECHNICAL),
        (204, b"", RefusalKind.TECHNICAL),
        (200, b"<html>login</html>", RefusalKind.TECHNICAL),
        (401, b'{"message":"Unauthorized"}', RefusalKind.TOKEN),
        (403, b"<html>no</html>", RefusalKind.RIGHTS),
        (403, b'{"message":"Nu aveti drept in SPV pentru CIF=1"}', RefusalKind.RIGHTS),
        (429, b"", RefusalKind.RATE_LIMIT),
        (429, LIMIT, RefusalKind.RATE_LIMIT),
        (
            400,
            b'{"timestamp":"05-08-2021 12:04:01","status":400,"error":"Bad Request",'
            b'"message":"Parametrii standard si cif sunt obligatorii"}',
            RefusalKind.CALLER,
        ),
        (403, b'{"status":403,"error":"Forbidden"}', RefusalKind.RIGHTS),
        (404, b'{"status":404,"error":"Not Found","path":"/x"}', RefusalKind.TECHNICAL),
        (500, b'{"status":500,"error":"Internal","message":"nu stiu"}', RefusalKind.TECHNICAL),
        (500, b"<header/>", RefusalKind.TECHNICAL),
        (503, b"[]", RefusalKind.TECHNICAL),
        (200, b"OK", RefusalKind.TECHNICAL),
    ],
)
def test_what_is_not_a_success_has_a_refusal(status: int, body: bytes, kind: RefusalKind):
    refusal = refusal_of(read_reply(status, body))
    assert refusal is not None
    assert refusal.kind is kind


@pytest.mark.parametrize(
    "body",
    [
        b'{"mesaje":[]}',
        b'{"cod":200,"message":"SUCCESS","found":[],"notFound":[]}',
        b'{"eroare":"","mesaje":[]}',
        b'{"eroare":null,"mesaje":[]}',
        b"[]",
        b"<header/>",
        b"PK\x03\x04",
        b"%PDF-1.7",
    ],
)
def test_what_may_be_a_success_has_none(body: bytes):
    assert refusal_of(read_reply(200, body)) is None


def test_not_found_with_the_services_own_body_is_no_refusal():
    assert refusal_of(read_reply(404, b'{"found":[],"notFound":[99999999]}')) is None


def test_summaries_hold_nothing_of_the_content():
    secret = "RO12345674"
    bodies = [
        f'{{"x":"{secret}"}}',
        f"<header a='{secret}'/>",
        f"PK\x03\x04{secret}",
        f"%PDF-{secret}",
        f"{secret}",
        f"<header {secret}",
    ]
    for body in bodies:
        reply = read_reply(200, body.encode())
        assert secret not in summary(reply)
        if not isinstance(reply, XmlReply):
            assert secret not in repr(reply)


@given(
    st.integers(200, 599),
    st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    st.none() | st.text(max_size=40),
    st.none() | st.text(max_size=40),
)
def test_any_answer_is_classified(
    status: int, body: bytes, content_type: str | None, wait: str | None
):
    reply = read_reply(status, body, content_type=content_type, retry_after=wait, now=NOW)
    assert reply.status == status
    assert summary(reply)
    refusal_of(reply)
