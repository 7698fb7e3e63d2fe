"""The Ministry of Finance's seal: an XML signature, kept apart, over the bytes of a document.

Its DigestValue is taken over the raw bytes of the document, without canonicalisation, whatever the
Reference's URI says. Algorithms are read from the signature and must be RSA with SHA-256 or more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from workers_anaf import xml

from .verdict import Seal, SealStatus

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_METHODS: Final = frozenset(
    {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512}
)
_DIGESTS: Final = {
    DigestAlgorithm.SHA256: hashlib.sha256,
    DigestAlgorithm.SHA384: hashlib.sha384,
    DigestAlgorithm.SHA512: hashlib.sha512,
}
_MIN_KEY_BITS: Final = 2048
_MAX_CERTIFICATES: Final = 6
_MAX_SIGNATURE: Final = 1024 * 1024

_Between: TypeAlias = tuple[datetime | None, datetime | None]
"""The earliest and the latest moment at which a seal can have been put, as far as known."""


class _NotValidThenError(ValueError):
    """Everything fits but the time: a seal is worth what its certificate was worth then."""


def verify(
    document: bytes,
    signature: bytes | None,
    trusted: Sequence[bytes],
    *,
    at: datetime | None = None,
    since: datetime | None = None,
) -> Seal:
    """Judge a signature over a document. Raises ValueError for a trust list that is not PEM.

    `at` and `since` are as in `archive.verify_seal`.
    """
    anchors = [_anchor(pem, position) for position, pem in enumerate(trusted)]
    if signature is None:
        return Seal(SealStatus.MISSING)
    try:
        root = _signature_element(signature)
        digest = _covering_digest(root, document)
        signers = _signers(root, anchors)
    except Exception as error:  # noqa: BLE001 - see _invalid
        return _invalid(error)
    verdict = Seal(SealStatus.INVALID, reason="no certificate to verify with")
    for certificate in signers:
        verdict = _judge(document, signature, certificate, (since or at, at))
        if verdict.status is SealStatus.INVALID:
            continue
        status = SealStatus.UNKNOWN_SIGNER
        if verdict.fingerprint_sha256 in anchors:
            status = SealStatus.VERIFIED
        return replace(verdict, status=status, signed_digest=digest)
    return verdict


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 fingerprint in the usual form, `AB:CD:…`."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def certificates(signature: bytes) -> list[x509.Certificate]:
    """The certificates that a signature carries, in its order. Raises ValueError for none."""
    try:
        return _signers(_signature_element(signature), [])
    except Exception as error:
        raise ValueError(f"no certificates can be read: {type(error).__name__}") from error


def algorithms(signature: bytes) -> tuple[str, str]:
    """The signature method and the digest method, as their last words. Raises ValueError."""
    try:
        root = _signature_element(signature)
    except Exception as error:
        raise ValueError(f"no algorithms can be read: {type(error).__name__}") from error
    found = [
        (element.get("Algorithm") or "").rpartition("#")[2]
        for name in ("SignatureMethod", "DigestMethod")
        for element in list(root.iter(_DS + name))[:1]
    ]
    method, digest = [*found, "", ""][:2]
    return method, digest


class _DetachedVerifier(XMLVerifier):
    """signxml's verifier for a signature kept apart from its document.

    A URI that names no element of the signature stands for the document, whose bytes are digested
    as they are; the signature's own elements (XAdES properties) are resolved as usual.
    """

    def __init__(self, document: bytes) -> None:
        super().__init__()
        self._document = document

    def _resolve_reference(self, doc_root: Any, reference: Any, uri_resolver: Any = None) -> Any:  # noqa: ARG002
        uri = reference.get("URI") or ""
        own = uri[1:] if uri.startswith("#") else ""
        if own and any(own == element.get(name) for element in doc_root.iter() for name in _IDS):
            return super()._resolve_reference(doc_root, reference)  # type: ignore[no-untyped-call]
        return self._document

    def _apply_transforms(self, payload: Any, **kwargs: Any) -> Any:
        if isinstance(payload, bytes):
            return payload
        return super()._apply_transforms(payload, **kwargs)


_IDS: Final = ("Id", "ID", "id")


def _judge(
    document: bytes,
    signature: bytes,
    certificate: x509.Certificate,
    sealed: _Between,
) -> Seal:
    """Is it the signature of this certificate's key over the document? Trust is not asked."""
    mark = subject = None
    try:
        mark = fingerprint(certificate)
        # A certificate is read when it is asked: what its bytes hide is found only here.
        subject = certificate.subject.rfc4514_string()
        _require_usable(certificate, sealed)
        configuration = SignatureConfiguration(
            expect_references=True,
            signature_methods=_METHODS,
            digest_algorithms=frozenset(_DIGESTS),
            # Its validity is judged above: an archive outlives the certificate of its seal.
            verification_time=certificate.not_valid_before_utc,
        )
        # The schema is not asked: what counts is read from the verified SignedInfo.
        results = _DetachedVerifier(document).verify(
            signature, x509_cert=certificate, expect_config=configuration, validate_schema=False
        )
        _require_covered(document, [results] if isinstance(results, VerifyResult) else results)
    except Exception as error:  # noqa: BLE001 - see _invalid
        return _invalid(error, subject=subject, mark=mark)
    return Seal(SealStatus.UNKNOWN_SIGNER, subject, mark)


def _require_covered(document: bytes, results: Sequence[VerifyResult]) -> None:
    if not any(result.signed_data == document for result in results):
        raise InvalidSignature("no reference covers the document")


def _signature_element(signature: bytes) -> xml.Element:
    root = xml.parse(signature, max_bytes=_MAX_SIGNATURE)
    found = list(root.iter(_DS + "Signature"))
    if len(found) != 1:
        raise ValueError(f"{len(found)} Signature elements instead of one")
    for name in ("SignedInfo", "SignatureValue"):
        if len(found[0].findall(_DS + name)) != 1:
            raise ValueError(f"not exactly one {name}")
    return found[0]


def _covering_digest(signature: xml.Element, document: bytes) -> str:
    """The DigestValue that is the document's; its place in a signed SignedInfo is checked later."""
    for reference in signature.findall(f"{_DS}SignedInfo/{_DS}Reference"):
        method = reference.find(_DS + "DigestMethod")
        value = "".join((reference.findtext(_DS + "DigestValue") or "").split())
        algorithm = DigestAlgorithm(method.get("Algorithm") if method is not None else None)
        if (
            algorithm in _DIGESTS
            and base64.b64decode(value) == _DIGESTS[algorithm](document).digest()
        ):
            return value
    raise ValueError("no reference has the document's digest")


def _signers(signature: xml.Element, anchors: list[str]) -> list[x509.Certificate]:
    """The certificates of KeyInfo, the trusted ones first."""
    texts = [
        element.text or ""
        for element in signature.findall(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    ]
    if len(texts) > _MAX_CERTIFICATES:
        raise ValueError(f"more than {_MAX_CERTIFICATES} certificates")
    found = [x509.load_der_x509_certificate(_der(text)) for text in texts]
    return sorted(found, key=lambda certificate: fingerprint(certificate) not in anchors)


def _der(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("a certificate that is not base64") from error


def _require_usable(certificate: x509.Certificate, sealed: _Between) -> None:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _MIN_KEY_BITS:
        raise ValueError(f"the signer's key is not RSA of {_MIN_KEY_BITS} bits or more")
    since, until = sealed
    if (until and until < certificate.not_valid_before_utc) or (
        since and since > certificate.not_valid_after_utc
    ):
        raise _NotValidThenError("the signer's certificate was not valid at the moment of sealing")


def _anchor(pem: bytes, position: int) -> str:
    try:
        return fingerprint(x509.load_pem_x509_certificate(pem))
    except ValueError as error:
        raise ValueError(
            f"trusted certificate {position + 1} is not PEM: give it as PEM"
        ) from error


def _invalid(error: Exception, *, subject: str | None = None, mark: str | None = None) -> Seal:
    # signxml, cryptography and lxml share no base of what they raise on hostile bytes, and a seal
    # that cannot be judged must not fail the invoice that ANAF accepted under it.
    if isinstance(error, MemoryError):
        raise error
    late = isinstance(error, _NotValidThenError)
    reason = str(error) if late else f"{type(error).__name__}: {error}"[:200]
    return Seal(SealStatus.INVALID, subject, mark, reason=reason, outside_validity=late)
