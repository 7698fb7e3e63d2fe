"""The Ministry's seal, played: a detached XMLDSig over the raw bytes of a document.

ANAF publishes neither the algorithms nor the Reference's URI; the sandbox uses RSA-SHA256,
exclusive canonicalisation of SignedInfo, and the member's file name as URI.
"""

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import XMLVerifier

from workers_sandbox.keys import Keys

_DS = "http://www.w3.org/2000/09/xmldsig#"
_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def sign(keys: Keys, document: bytes, uri: str) -> bytes:
    """A signature file for the document; DigestValue is SHA-256 of its bytes as they are."""
    signature = etree.Element(f"{{{_DS}}}Signature", nsmap={None: _DS})
    info = _child(signature, "SignedInfo")
    _child(info, "CanonicalizationMethod", Algorithm=_C14N)
    _child(info, "SignatureMethod", Algorithm=_RSA_SHA256)
    reference = _child(info, "Reference", URI=uri)
    _child(reference, "DigestMethod", Algorithm=_SHA256)
    _child(reference, "DigestValue").text = _base64(hashlib.sha256(document).digest())
    signed = keys.seal.sign(
        etree.tostring(info, method="c14n", exclusive=True), padding.PKCS1v15(), hashes.SHA256()
    )
    _child(signature, "SignatureValue").text = _base64(signed)
    data = _child(_child(signature, "KeyInfo"), "X509Data")
    certificate = keys.certificate.public_bytes(serialization.Encoding.DER)
    _child(data, "X509Certificate").text = _base64(certificate)
    whole: bytes = etree.tostring(signature, xml_declaration=True, encoding="UTF-8")
    return whole


def is_genuine(keys: Keys, document: bytes, signature: bytes) -> bool:
    """Whether the signature file is the sandbox's own over exactly these bytes."""
    try:
        XMLVerifier().verify(
            signature, x509_cert=keys.certificate, uri_resolver=lambda _uri: document
        )
    except (SignXMLException, etree.XMLSyntaxError, ValueError):
        return False
    return True


def _child(parent: Any, name: str, **attributes: str) -> Any:
    return etree.SubElement(parent, f"{{{_DS}}}{name}", attributes)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
