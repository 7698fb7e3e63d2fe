"""The ZIP gate under attack."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_efactura.archive import (
    MAX_ARCHIVE,
    MAX_DOCUMENT,
    MAX_SIGNATURE,
    BadArchive,
    Kind,
    open_archive,
)

INVOICE = (Path(__file__).parent / "data" / "invoice.xml").read_bytes()
SIGNATURE = b"<Signature/>"
ERRORS = """<?xml version="1.0" encoding="UTF-8"?>
<header xmlns="mfp:anaf:dgti:efactura:mesajEroriFactuta:v1" Index_incarcare="5025079551"
        Cif_emitent="12345674">
  <Error errorMessage="[BR-RO-065]-Identificatorul de înregistrare fiscală&#xA;&#x9;#The Seller"/>
  <Error errorMessage="Factura a mai fost transmisa anterior cu index=0123456789"/>
  <Error errorMessage=" "/>
</header>""".encode()
MESSAGE = b'<header xmlns="mfp:anaf:dgti:spv:reqMesaj:v1" index_incarcare="19" message="text"/>'


def pack(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def pair(document: bytes = INVOICE, signature: bytes = SIGNATURE, **options: int) -> bytes:
    return pack(("5001.xml", document), ("semnatura_5001.xml", signature), **options)


GOOD = pair()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_members_come_out_byte_for_byte(method: int):
    archive = open_archive(pair(method=method))
    assert archive.document == INVOICE
    assert archive.signature == SIGNATURE
    assert (archive.document_name, archive.index) == ("5001.xml", "5001")
    assert archive.kind is Kind.ORIGINAL
    assert archive.errors == ()


def test_the_order_of_the_members_does_not_matter():
    archive = open_archive(pack(("semnatura_7.xml", SIGNATURE), ("7.xml", MESSAGE)))
    assert (archive.index, archive.document) == ("7", MESSAGE)


def test_an_archive_without_signature_is_opened():
    assert open_archive(pack(("5001.xml", INVOICE))).signature is None


def test_an_error_file_gives_its_texts():
    archive = open_archive(pair(ERRORS))
    assert archive.kind is Kind.ERRORS
    assert len(archive.errors) == 2
    assert archive.errors[0].startswith("[BR-RO-065]-Identificatorul de înregistrare fiscală")
    assert archive.errors[1].endswith("index=0123456789")


def test_an_error_file_in_the_corrected_namespace_is_one_too():
    assert open_archive(pair(ERRORS.replace(b"Factuta", b"Factura"))).kind is Kind.ERRORS


def test_a_buyers_message_gives_its_words():
    archive = open_archive(pair(MESSAGE))
    assert (archive.kind, archive.message) == (Kind.BUYER_MESSAGE, "text")
    assert "text" not in repr(archive).split("message")[0]


@pytest.mark.parametrize(
    "document",
    [
        INVOICE,
        INVOICE.replace(b"Invoice", b"CreditNote"),
        b'<x:CrossIndustryInvoice xmlns:x="urn:un:unece:uncefact:data:standard:'
        b'CrossIndustryInvoice:100"/>',
    ],
)
def test_originals_are_known_by_their_root(document: bytes):
    assert open_archive(pair(document)).kind is Kind.ORIGINAL


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("a.xml", INVOICE)], "another name"),
        ([("../5001.xml", INVOICE)], "another name"),
        ([("/5001.xml", INVOICE)], "another name"),
        ([("x\\5001.xml", INVOICE)], "another name"),
        ([("5001.XML", INVOICE)], "another name"),
        ([("5001.xml\n", INVOICE)], "another name"),
        ([("٥.xml", INVOICE)], "another name"),
        ([("5001.xml/", b"")], "another name"),
        ([("9" * 21 + ".xml", INVOICE)], "another name"),
        ([("semnatura_5001.xml", SIGNATURE)], "other members"),
        ([("1.xml", INVOICE), ("2.xml", INVOICE)], "other members"),
        ([("semnatura_1.xml", b"x"), ("semnatura_2.xml", b"x")], "other members"),
        ([("1.xml", INVOICE), ("semnatura_2.xml", SIGNATURE)], "another document"),
        ([("1.xml", b"x"), ("semnatura_1.xml", b"x"), ("3.xml", b"x")], "3 members"),
        ([("1.xml", b"no xml")], "not XML"),
        ([("1.xml", b"")], "not XML"),
        ([("1.xml", b"<!DOCTYPE a><a/>")], "document type"),
        ([("1.xml", b"<other/>")], "neither an invoice"),
        ([("1.xml", b"<Invoice/>")], "neither an invoice"),
        ([("1.xml", b'<header xmlns="mfp:anaf:other"/>')], "neither an invoice"),
    ],
)
def test_other_contents_are_refused(members: list[tuple[str, bytes]], reason: str):
    with pytest.raises(BadArchive, match=reason):
        open_archive(pack(*members))


def test_a_name_cut_at_a_nul_byte_is_refused():
    data = pack(("1.xmlX/../../evil", INVOICE)).replace(b"1.xmlX", b"1.xml\x00")
    with pytest.raises(BadArchive):
        open_archive(data)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_the_same_name_twice_is_refused():
    with pytest.raises(BadArchive, match="twice"):
        open_archive(pack(("1.xml", INVOICE), ("1.xml", MESSAGE)))


def test_an_archive_of_many_members_is_refused_unread():
    with pytest.raises(BadArchive, match="5000 members"):
        open_archive(pack(*((f"{number}.xml", b"") for number in range(5000))))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not begin"),
        (b"PK\x05\x06" + bytes(18), "does not begin"),
        (b'{"eroare":"x"}', "does not begin"),
        (b"junk" + GOOD, "does not begin"),
        (b"PK\x03\x04", "damaged"),
        (GOOD[:-30], "damaged"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (b"PK\x03\x04" + bytes(MAX_ARCHIVE), "larger"),
    ],
)
def test_bytes_that_are_no_zip_are_refused(data: bytes, reason: str):
    with pytest.raises(BadArchive, match=reason):
        open_archive(data)


def test_a_wrong_crc_is_refused():
    data = pair(method=zipfile.ZIP_STORED)
    with pytest.raises(BadArchive, match="damaged"):
        open_archive(data.replace(b"Furnizor Test SRL", b"Furnizor Fals SRL"))


def test_bombs_are_refused_by_their_ratio():
    with pytest.raises(BadArchive, match="packed more than"):
        open_archive(pair(b"<a>" + b" " * (MAX_DOCUMENT - 100) + b"</a>"))


def test_members_over_their_limit_are_refused():
    with pytest.raises(BadArchive, match="larger than its limit"):
        open_archive(pair(b" " * (MAX_DOCUMENT + 1)))
    with pytest.raises(BadArchive, match="larger than its limit"):
        open_archive(pair(signature=b" " * (MAX_SIGNATURE + 1)))


def test_a_bomb_that_lies_about_its_size_is_refused():
    data = bytearray(pair(signature=b"x" * (MAX_SIGNATURE * 3), method=zipfile.ZIP_DEFLATED))
    size = struct.pack("<I", MAX_SIGNATURE * 3)
    assert data.count(size) == 2
    lie = struct.pack("<I", 1000)
    with pytest.raises(BadArchive):
        open_archive(bytes(data).replace(size, lie))


def test_an_encrypted_member_is_refused():
    data = bytearray(GOOD)
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    with pytest.raises(BadArchive, match="encrypted"):
        open_archive(bytes(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method: int):
    with pytest.raises(BadArchive, match="compression method"):
        open_archive(pair(method=method))


def test_a_reason_quotes_nothing_of_the_members():
    with pytest.raises(BadArchive) as caught:
        open_archive(pack(("Ion Popescu.xml", INVOICE)))
    assert "Popescu" not in str(caught.value)


@given(st.data())
def test_damaged_archives_are_opened_or_refused(data: st.DataObject):
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(4, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(GOOD)) | st.just(len(GOOD)))
    try:
        archive = open_archive(bytes(damaged[:end]))
    except BadArchive as error:
        reason: str | None = error.reason
    else:
        reason = None
        # The CRC holds: what comes out is what went in.
        damaged_document = archive.document
    assert reason or damaged_document == INVOICE
