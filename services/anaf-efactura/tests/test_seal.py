"""Seals made with keys of this test run, and the certificates that are shipped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from anaf_efactura.archive import Archive, Kind, SealStatus, verify_seal
from anaf_efactura.seal import fingerprint, verify
from anaf_efactura.trust import shipped

DOCUMENT = b'<?xml version="1.0"?>\n<!-- kept --><header a="1"  b="2" />\n'
DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
DIGESTS = {
    "sha256": (f"{ENC}sha256", hashes.SHA256()),
    "sha384": (f"{MORE}sha384", hashes.SHA384()),
    "sha512": (f"{ENC}sha512", hashes.SHA512()),
    "sha1": (f"{DSIG}sha1", hashes.SHA1()),
}


@dataclass(frozen=True)
class Signer:
    """A key with its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def base64(self) -> str:
        return base64.encodebytes(
            self.certificate.public_bytes(serialization.Encoding.DER)
        ).decode()


def make_signer(name: str, bits: int = 2048) -> Signer:
    key = rsa.generate_private_key(65537, bits)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2022, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return Signer(key, certificate)


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_signer("Sigiliu de proba")


@pytest.fixture(scope="module")
def stranger() -> Signer:
    return make_signer("Altcineva")


@pytest.fixture(scope="module")
def seal(signer: Signer) -> Callable[..., bytes]:
    """Sign a document as ANAF does: a digest of its raw bytes in a signature kept apart."""

    def make(
        document: bytes = DOCUMENT,
        *,
        by: Signer = signer,
        shown: tuple[Signer, ...] | None = None,
        digest: str = "sha256",
        method: str = "sha256",
        c14n: str = C14N,
        uri: str = 'URI="5001.xml"',
        transforms: str = "",
        properties: str = "",
    ) -> bytes:
        algorithm, _ = DIGESTS[digest]
        value = base64.b64encode(hashlib.new(digest, document).digest()).decode()
        references = (
            f"<ds:Reference {uri}>{transforms}"
            f'<ds:DigestMethod Algorithm="{algorithm}"/>'
            f"<ds:DigestValue>{value}</ds:DigestValue></ds:Reference>"
        )
        objects = ""
        if properties:
            objects = f'<ds:Object><p Id="props" xmlns="urn:x">{properties}</p></ds:Object>'
            own = etree.tostring(
                etree.fromstring(f'<ds:Signature xmlns:ds="{DSIG}">{objects}</ds:Signature>').find(
                    ".//{urn:x}p"
                ),
                method="c14n",
                exclusive=True,
                with_tail=False,
            )
            own_digest = base64.b64encode(hashlib.sha256(own).digest()).decode()
            references += (
                '<ds:Reference URI="#props"><ds:Transforms>'
                f'<ds:Transform Algorithm="{EXC_C14N}"/></ds:Transforms>'
                f'<ds:DigestMethod Algorithm="{ENC}sha256"/>'
                f"<ds:DigestValue>{own_digest}</ds:DigestValue></ds:Reference>"
            )
        prefix = DSIG if method == "sha1" else MORE
        signed_info = (
            f'<ds:SignedInfo xmlns:ds="{DSIG}">'
            f'<ds:CanonicalizationMethod Algorithm="{c14n}"/>'
            f'<ds:SignatureMethod Algorithm="{prefix}rsa-{method}"/>{references}</ds:SignedInfo>'
        )
        octets = etree.tostring(
            etree.fromstring(signed_info), method="c14n", exclusive=c14n == EXC_C14N
        )
        raw = by.key.sign(octets, padding.PKCS1v15(), DIGESTS[method][1])
        certificates = "".join(
            f"<ds:X509Certificate>{one.base64}</ds:X509Certificate>"
            for one in (shown if shown is not None else (by,))
        )
        key_info = f"<ds:X509Data>{certificates}</ds:X509Data>" if certificates else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><ds:Signature xmlns:ds="{DSIG}">{signed_info}'
            f"<ds:SignatureValue>{base64.b64encode(raw).decode()}</ds:SignatureValue>"
            f"<ds:KeyInfo>{key_info}</ds:KeyInfo>{objects}</ds:Signature>"
        ).encode()

    return make


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("c14n", [C14N, EXC_C14N])
def test_a_seal_of_a_trusted_signer_is_verified(seal, signer, algorithm: str, c14n: str):
    signature = seal(digest=algorithm, method=algorithm, c14n=c14n)
    verdict = verify(DOCUMENT, signature, [signer.pem])
    assert verdict.status is SealStatus.VERIFIED
    assert verdict.signer_subject == "CN=Sigiliu de proba"
    assert verdict.fingerprint_sha256 == fingerprint(signer.certificate)
    expected = base64.b64encode(hashlib.new(algorithm, DOCUMENT).digest()).decode()
    assert verdict.signed_digest == expected
    assert verdict.reason is None


@pytest.mark.parametrize(
    "uri",
    ['URI="5001.xml"', 'URI=""', "", 'URI="#none"', 'URI="file:///x"', 'URI="http://localhost:1/"'],
)
def test_any_reference_stands_for_the_document(seal, signer, uri: str):
    assert verify(DOCUMENT, seal(uri=uri), [signer.pem]).status is SealStatus.VERIFIED


def test_a_transform_on_the_document_does_not_change_its_octets(seal, signer):
    transforms = f'<ds:Transforms><ds:Transform Algorithm="{EXC_C14N}"/></ds:Transforms>'
    signature = seal(transforms=transforms)
    assert verify(DOCUMENT, signature, [signer.pem]).status is SealStatus.VERIFIED


def test_signed_properties_are_verified_too(seal, signer):
    signature = seal(properties="2026-10-05")
    assert verify(DOCUMENT, signature, [signer.pem]).status is SealStatus.VERIFIED
    forged = signature.replace(b"2026-10-05", b"2026-10-06")
    assert verify(DOCUMENT, forged, [signer.pem]).status is SealStatus.INVALID


def test_a_signer_outside_the_list_is_unknown_and_not_invalid(seal, stranger):
    for trusted in ([], [stranger.pem], list(shipped())):
        verdict = verify(DOCUMENT, seal(), trusted)
        assert verdict.status is SealStatus.UNKNOWN_SIGNER
        assert verdict.signer_subject == "CN=Sigiliu de proba"
        assert verdict.signed_digest


def test_one_of_several_trusted_is_enough(seal, signer, stranger):
    assert verify(DOCUMENT, seal(), [*shipped(), stranger.pem, signer.pem]).status == "verified"


def test_the_signer_is_found_in_a_chain(seal, signer, stranger):
    signature = seal(shown=(stranger, signer))
    assert verify(DOCUMENT, signature, [signer.pem]).status is SealStatus.VERIFIED
    assert verify(DOCUMENT, signature, []).status is SealStatus.UNKNOWN_SIGNER


def test_a_trusted_certificate_shown_by_a_stranger_verifies_nothing(seal, signer, stranger):
    verdict = verify(DOCUMENT, seal(by=stranger, shown=(signer,)), [signer.pem])
    assert verdict.status is SealStatus.INVALID
    verdict = verify(DOCUMENT, seal(by=stranger, shown=(signer, stranger)), [signer.pem])
    assert verdict.status is SealStatus.UNKNOWN_SIGNER
    assert verdict.signer_subject == "CN=Altcineva"


@pytest.mark.parametrize(
    "document", [DOCUMENT + b"\n", DOCUMENT[:-1], DOCUMENT.replace(b"1", b"2"), b""]
)
def test_one_byte_makes_the_seal_invalid(seal, signer, document: bytes):
    verdict = verify(document, seal(), [signer.pem])
    assert verdict.status is SealStatus.INVALID
    assert verdict.reason
    assert verdict.signed_digest is None


def test_a_forged_digest_is_invalid(seal, signer):
    other = b"<other/>"
    digests = [base64.b64encode(hashlib.sha256(each).digest()) for each in (DOCUMENT, other)]
    forged = seal().replace(*digests)
    assert verify(other, forged, [signer.pem]).status is SealStatus.INVALID


def test_a_digest_outside_the_signed_part_covers_nothing(seal, signer):
    """The document's digest must stand in the reference that the signature covers."""
    other = b"<other/>"
    value = base64.b64encode(hashlib.sha256(other).digest()).decode()
    extra = (
        f'<ds:Reference URI="x"><ds:DigestMethod Algorithm="{ENC}sha256"/>'
        f"<ds:DigestValue>{value}</ds:DigestValue></ds:Reference>"
    ).encode()
    inside = seal().replace(b"</ds:SignedInfo>", extra + b"</ds:SignedInfo>")
    assert verify(other, inside, [signer.pem]).status is SealStatus.INVALID
    outside = seal().replace(b"</ds:Signature>", extra + b"</ds:Signature>")
    assert verify(other, outside, [signer.pem]).status is SealStatus.INVALID
    assert verify(DOCUMENT, outside, [signer.pem]).status is SealStatus.VERIFIED


def test_two_signed_parts_are_refused(seal, signer):
    signature = seal()
    start, end = signature.index(b"<ds:SignedInfo"), signature.index(b"<ds:SignatureValue")
    doubled = signature[:end] + signature[start:end] + signature[end:]
    assert verify(DOCUMENT, doubled, [signer.pem]).status is SealStatus.INVALID


@pytest.mark.parametrize("options", [{"digest": "sha1"}, {"method": "sha1"}])
def test_sha1_is_refused(seal, signer, options: dict[str, str]):
    try:
        signature = seal(**options)
    except Exception:  # the platform's own policy may refuse to sign with SHA-1
        pytest.skip("this platform signs nothing with SHA-1")
    assert verify(DOCUMENT, signature, [signer.pem]).status is SealStatus.INVALID


def test_short_keys_are_refused(seal):
    weak = make_signer("Cheie scurta", bits=1024)
    verdict = verify(DOCUMENT, seal(by=weak), [weak.pem])
    assert verdict.status is SealStatus.INVALID
    assert "2048" in (verdict.reason or "")


def test_a_certificate_of_another_kind_of_key_is_refused(seal, signer):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = signer.certificate.subject
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2022, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    shown = replace(signer, certificate=certificate)
    assert verify(DOCUMENT, seal(shown=(shown,)), []).status is SealStatus.INVALID


@pytest.mark.parametrize(
    ("at", "status"),
    [
        (None, SealStatus.VERIFIED),
        (datetime(2021, 6, 1, tzinfo=UTC), SealStatus.VERIFIED),
        (datetime(2022, 6, 1, tzinfo=UTC), SealStatus.INVALID),
        (datetime(2019, 6, 1, tzinfo=UTC), SealStatus.INVALID),
    ],
)
def test_the_moment_of_sealing_counts_when_it_is_known(seal, signer, at, status: SealStatus):
    """The certificate of this test is expired: an archive must outlive it."""
    assert verify(DOCUMENT, seal(), [signer.pem], at=at).status is status


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"no xml",
        b"<a/>",
        b"<Signature/>",
        f'<Signature xmlns="{DSIG}"/>'.encode(),
        f'<a><Signature xmlns="{DSIG}"/><Signature xmlns="{DSIG}"/></a>'.encode(),
        b"<!DOCTYPE a><a/>",
        b"<a>" + b" " * 2_000_000 + b"</a>",
    ],
)
def test_what_is_no_signature_is_invalid(signer, signature: bytes):
    verdict = verify(DOCUMENT, signature, [signer.pem])
    assert verdict.status is SealStatus.INVALID
    assert verdict.reason


def test_a_seal_without_certificate_is_invalid(seal, signer):
    verdict = verify(DOCUMENT, seal(shown=()), [signer.pem])
    assert verdict.status is SealStatus.INVALID
    assert "certificate" in (verdict.reason or "")


def test_too_many_certificates_are_refused(seal, signer):
    verdict = verify(DOCUMENT, seal(shown=(signer,) * 7), [signer.pem])
    assert verdict.status is SealStatus.INVALID


def test_a_certificate_that_is_not_base64_is_refused(seal, signer):
    signature = seal()
    start = signature.index(b"<ds:X509Certificate>") + 20
    broken = signature[:start] + b"!!" + signature[start:]
    assert verify(DOCUMENT, broken, [signer.pem]).status is SealStatus.INVALID


def test_a_missing_signature_is_missing(signer):
    assert verify(DOCUMENT, None, [signer.pem]).status is SealStatus.MISSING


def test_a_trust_list_that_is_not_pem_is_the_callers_mistake(seal, signer):
    with pytest.raises(ValueError, match="trusted certificate 2 is not PEM"):
        verify(DOCUMENT, seal(), [signer.pem, b"x"])


def test_an_archive_is_judged_by_its_members(seal, signer):
    archive = Archive(DOCUMENT, "5001.xml", seal(), "5001", Kind.ORIGINAL)
    assert verify_seal(archive, [signer.pem]).status is SealStatus.VERIFIED
    assert verify_seal(replace(archive, signature=None), []).status is SealStatus.MISSING
    late = datetime(2030, 1, 1, tzinfo=UTC)
    assert verify_seal(archive, [signer.pem], at=late).status is SealStatus.INVALID


@given(st.data())
def test_a_damaged_signature_never_verifies_another_document(seal, signer, data):
    damaged = bytearray(seal())
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] = data.draw(st.integers(0, 255))
    assert verify(DOCUMENT + b" ", bytes(damaged), [signer.pem]).status is SealStatus.INVALID


@pytest.mark.parametrize(
    ("position", "expected", "until"),
    [
        (
            0,
            "FB:DC:A3:C6:96:E1:FC:A6:34:20:4D:98:9D:46:BD:90:D5:91:D9:2C:59:F5:73:2F:29:B2:B7:AC:"
            "4D:09:5E:33",
            "2027-11-19",
        ),
        (
            1,
            "CD:5B:37:7A:A6:02:91:3F:71:7C:4F:9E:B0:33:FF:32:70:30:43:73:8F:DA:77:52:F9:9D:73:06:"
            "DE:24:43:FB",
            "2027-12-05",
        ),
    ],
)
def test_the_shipped_certificates_are_the_ministrys(position: int, expected: str, until: str):
    certificate = x509.load_pem_x509_certificate(shipped()[position])
    assert fingerprint(certificate) == expected
    assert certificate.not_valid_after_utc.date().isoformat() == until
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert str(names[0].value).startswith("Ministerul Finantelor")


def test_no_more_certificates_are_shipped_than_these():
    assert len(shipped()) == 2
