"""The XML gate under attack, and the small readers."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_anaf.xml import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_MARKUP,
    MalformedXml,
    attribute,
    children,
    local_name,
    parse,
)

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (c + 1, b"&%c;" % c * 10) for c in range(97, 106))
    + b"]><lolz>&j;</lolz>"
)
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
QUADRATIC = b'<!DOCTYPE a [<!ENTITY x "' + b"x" * 50_000 + b'">]><a>' + b"&x;" * 50_000 + b"</a>"
PARAMETER = b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://localhost:1/p.dtd"> %p;]><a/>'
PUBLIC = b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://localhost:1/x.dtd"><html/>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(LAUGHS, "document type", id="billion laughs"),
        pytest.param(EXTERNAL, "document type", id="external entity"),
        pytest.param(QUADRATIC, "document type", id="quadratic blowup"),
        pytest.param(PARAMETER, "document type", id="parameter entity"),
        pytest.param(PUBLIC, "document type", id="external subset"),
        pytest.param(b"<!-- x --><?p q?><!doctype a><a/>", "document type", id="after a comment"),
        pytest.param(
            '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
            "document type",
            id="in UTF-16",
        ),
        pytest.param(b"<a>&x;</a>", "not defined", id="unknown entity"),
        pytest.param(b"<a>" * 100_000 + b"</a>" * 100_000, "depth", id="nested 100,000 deep"),
        pytest.param(b"<a>" * 100 + b"</a>" * 100, "deeper", id="nested 100 deep"),
        pytest.param(b"<a>" + b"<b/>" * (MAX_MARKUP + 1) + b"</a>", "more than", id="many tags"),
        pytest.param(b"<a>" + b"x" * (MAX_BYTES - 7) + b"</a>", "too long", id="10 MB of text"),
        pytest.param(b"<a/>" + b" " * MAX_BYTES, "larger than", id="over 10 MB"),
        pytest.param(b"<a>\xff</a>", "invalid utf-8", id="invalid UTF-8"),
        pytest.param(b"\xff\xfe<", "invalid utf-16", id="half a UTF-16 character"),
        pytest.param(b"<a>\x00</a>", "0x0", id="NUL byte"),
        pytest.param(b"<html><body><br></body></html>", "mismatch", id="HTML"),
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b" \n\t ", "empty", id="blanks"),
        pytest.param(b"\xef\xbb\xbf", "", id="only a byte order mark"),
        pytest.param(b"not xml", "not well-formed", id="text"),
        pytest.param(b"<a/><b/>", "not well-formed", id="two roots"),
        pytest.param(b"<a b='1' b='2'/>", "redefined", id="an attribute twice"),
        pytest.param(b"<x:a/>", "not defined", id="unbound prefix"),
        pytest.param(b"<!-- never closed", "not well-formed", id="open comment"),
        pytest.param(b"<?xml version='1.0'", "not well-formed", id="open declaration"),
        pytest.param("<a/>".encode("utf-32"), "UTF-32", id="UTF-32"),
    ],
)
def test_hostile_bytes_are_refused_quickly(data: bytes, reason: str):
    start = time.perf_counter()
    with pytest.raises(MalformedXml) as caught:
        parse(data)
    assert reason in caught.value.reason
    assert caught.value.reason_ro.endswith(".")
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize("encoding", ["windows-1250", "iso-8859-2", "us-ascii", "UTF-7", "utf-16"])
def test_declared_encodings_other_than_the_real_one_are_refused(encoding: str):
    data = f'<?xml version="1.0" encoding="{encoding}"?><a>a</a>'.encode("ascii")
    with pytest.raises(MalformedXml, match="declared encoding"):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("<a>ș</a>".encode(), id="UTF-8 without declaration"),
        pytest.param('<?xml version="1.0" encoding="UTF-8"?><a>ș</a>'.encode(), id="UTF-8"),
        pytest.param("\ufeff<a>ș</a>".encode(), id="UTF-8 with mark"),
        pytest.param('<?xml version="1.0" encoding="UTF-16"?><a>ș</a>'.encode("utf-16"), id="16"),
        pytest.param("<a>ș</a>".encode("utf-16"), id="UTF-16 with mark only"),
        pytest.param(
            '<?xml version="1.0" encoding="UTF-16"?><a>ș</a>'.encode("utf-16-be"), id="16BE bare"
        ),
        pytest.param(
            '<?xml version="1.0" encoding="utf-16le"?><a>ș</a>'.encode("utf-16-le"), id="16LE bare"
        ),
        pytest.param('<?xml version="1.0"?>\n<!-- <!DOCTYPE x> --><a>ș</a>'.encode(), id="comment"),
        pytest.param("<a><![CDATA[ș]]></a>".encode(), id="CDATA"),
        pytest.param("<a><!-- x -->ș<?p q?></a>".encode(), id="comment inside"),
    ],
)
def test_accepted_encodings_give_the_same_text(data: bytes):
    assert parse(data).text == "ș"


def test_comments_do_not_split_a_text():
    assert parse(b"<a>12<!-- x -->34</a>").text == "1234"


def test_deepest_allowed_nesting_is_accepted():
    root = parse(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH)
    assert sum(1 for _ in root.iter()) == MAX_DEPTH


def test_document_type_inside_text_is_no_document_type():
    assert parse(b"<a><![CDATA[<!DOCTYPE x>]]></a>").text == "<!DOCTYPE x>"


def test_the_place_of_a_mistake_is_told():
    with pytest.raises(MalformedXml) as caught:
        parse(b"<a>\n  <b></c>\n</a>")
    assert (caught.value.line, caught.value.column > 0) == (2, True)
    assert "linia 2" in caught.value.reason_ro
    assert "line 2" in str(caught.value)


def test_the_place_of_a_wrong_byte_is_told():
    with pytest.raises(MalformedXml) as caught:
        parse("<a>\nș".encode() + b"\xff</a>")
    assert (caught.value.line, caught.value.column) == (2, 2)


def test_the_limit_of_bytes_is_the_callers():
    assert parse(b"<a/>", max_bytes=4).tag == "a"
    with pytest.raises(MalformedXml, match="larger than 3 bytes"):
        parse(b"<a/>", max_bytes=3)


def test_a_real_large_invoice_is_read_in_time():
    line = b"<l><id>1</id><name>x</name><amount c='RON'>1.00</amount></l>"
    start = time.perf_counter()
    root = parse(b"<i>" + line * 100_000 + b"</i>")
    assert len(root) == 100_000
    assert time.perf_counter() - start < 30


@given(st.binary(max_size=300))
def test_any_bytes_give_a_tree_or_a_refusal(data: bytes):
    with contextlib.suppress(MalformedXml):
        assert local_name(parse(data))


@given(
    st.text(alphabet="<>/!?&;[]-='\" aDOCTYPEntityCDATAxmlencodingutf8\n\x00\ud800ș", max_size=200)
)
def test_any_markup_gives_a_tree_or_a_refusal(text: str):
    with contextlib.suppress(MalformedXml):
        assert local_name(parse(text.encode(errors="surrogatepass")))


def test_readers_ignore_namespaces():
    root = parse(b'<h xmlns="u" xmlns:p="v"><p:E p:Msg="1"/><E x="2"/><F/></h>')
    assert local_name(root) == "h"
    assert len(children(root, "E")) == 2
    assert children(root, "absent") == []


def test_attributes_are_found_in_any_letter_case():
    root = parse(b'<h xmlns:p="v" Index_incarcare="5" p:Other="6"/>')
    assert attribute(root, "index_incarcare") == "5"
    assert attribute(root, "OTHER") == "6"
    assert attribute(root, "absent") is None
