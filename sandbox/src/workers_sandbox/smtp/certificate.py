"""The mail server's own certificate, for STARTTLS; a client has to be told to trust it."""

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ("localhost", "sandbox")
"""Where it may be found: on this machine, or under its name in compose."""


def new_key() -> bytes:
    """A new private key, PEM; of a kind that is quickly made."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def make(pem: bytes) -> bytes:
    """A new self-signed certificate for a key, PEM."""
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("smtp.key holds another kind of key: delete the file and start again")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox mail server")])
    now = datetime.now(UTC)
    places: list[x509.GeneralName] = [x509.DNSName(one) for one in NAMES]
    places += [x509.IPAddress(ipaddress.ip_address(one)) for one in ("127.0.0.1", "::1")]
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def context(pem: bytes, certificate: bytes) -> ssl.SSLContext:
    """What the server shows at STARTTLS."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the library reads files only
        chain = Path(folder, "chain.pem")
        chain.touch(mode=0o600)
        chain.write_bytes(pem + certificate)
        made.load_cert_chain(chain)
    return made
