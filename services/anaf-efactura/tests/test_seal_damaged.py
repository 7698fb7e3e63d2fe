"""A signature with any one bit turned, over the right document: what each region must give."""

from __future__ import annotations

import base64
import warnings
from dataclasses import replace

import pytest
from lxml import etree

from anaf_efactura.archive import Archive, Kind, SealStatus, verify_seal
from anaf_efactura.archiving.report import _certificates
from workers_sandbox.efactura.seal import sign
from workers_sandbox.keys import Keys, load

DOCUMENT = b'<?xml version="1.0"?>\n<header a="1"  b="2" />\n'
BEGINS, ENDS = b"<X509Certificate>", b"</X509Certificate>"
BINARY = ("DigestValue", "SignatureValue", "X509Certificate")


@pytest.fixture(scope="module")
def keys(sandbox_keys) -> Keys:
    return load(sandbox_keys)


@pytest.fixture(scope="module")
def archive(keys) -> Archive:
    signature = sign(keys, DOCUMENT, "5001.xml")
    return Archive(DOCUMENT, "5001.xml", signature, "5001", Kind.ORIGINAL)


def meaning(signature: bytes) -> list[object]:
    """The elements, their attributes and their values: binary ones as the bytes they stand for."""
    found: list[object] = []
    for element in etree.fromstring(signature).iter():
        name, value = etree.QName(element).localname, element.text or ""
        whole = base64.b64decode(value) if name in BINARY else value
        found.append((element.tag, dict(element.attrib), whole, element.tail))
    return found


def turned(signature: bytes, place: int, bit: int) -> bytes:
    damaged = bytearray(signature)
    damaged[place] ^= 1 << bit
    return bytes(damaged)


@pytest.mark.parametrize("bit", range(8))
def test_no_bit_of_a_signature_can_be_turned_unseen(archive, keys, bit: int):
    """`verified` is left only where the turned bit carries no meaning.

    Such places are the XML declaration (its name, version and the case of its encoding) and the
    bits of a last base64 character that belong to no byte. A certificate that is another one by a
    bit, with the same key, is a signer who is not on the list. All else is invalid.
    """
    whole, trusted = archive.signature, [keys.seal_pem]
    same = meaning(whole)
    certificate = range(whole.index(BEGINS) + len(BEGINS), whole.index(ENDS))
    seen = dict.fromkeys(SealStatus, 0)
    for place in range(len(whole)):
        damaged = turned(whole, place, bit)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in a worker: what a library warns of is no error
            status = verify_seal(replace(archive, signature=damaged), trusted).status
        seen[status] += 1
        if status is SealStatus.VERIFIED:
            assert meaning(damaged) == same, (place, bit)
        elif status is SealStatus.UNKNOWN_SIGNER:
            assert place in certificate, (place, bit)
    assert seen[SealStatus.MISSING] == 0
    assert seen[SealStatus.VERIFIED] < 10
    assert seen[SealStatus.INVALID] > len(whole) // 2


def test_a_certificate_that_cannot_be_read_spoils_no_report(archive):
    """Version and names of a certificate are read late, and raise then."""
    start = archive.signature.index(BEGINS) + len(BEGINS)
    der = bytearray(base64.b64decode(archive.signature[start : archive.signature.index(ENDS)]))
    country = der.rindex(b"\x06\x03\x55\x04\x06\x13\x02RO")  # of the subject
    der[country + 5] = 0x0C  # the country as a text that may not stand there
    der[country + 7 : country + 9] = b"\xff\xfe"
    other = base64.b64encode(bytes(der))
    signature = (
        archive.signature[:start] + other + archive.signature[archive.signature.index(ENDS) :]
    )
    damaged = replace(archive, signature=signature)
    verdict = verify_seal(damaged, [])
    assert verdict.status is SealStatus.INVALID
    (table,) = _certificates(damaged)
    assert "nu poate fi citit" in table["rows"][0]["value"]


def test_the_regions_of_this_test_are_there(archive):
    """Otherwise the test above would hold for a signature without them."""
    assert archive.signature.startswith(b"<?xml version=")
    for name in BINARY:
        assert archive.signature.count(f"<{name}>".encode()) == 1
