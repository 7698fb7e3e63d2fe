"""An authority of the sandbox's own, with a certificate for its host and one for a caller."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = "sandbox-key"  # noqa: S105 - a documented constant, opens nothing real
"""Of the caller's key, which is encrypted as that of a real one is."""


@dataclass(frozen=True)
class Certificates:
    """PEM files: what a host shows, what a caller shows, and whom both trust."""

    authority: Path
    host: Path
    caller: Path
    caller_key: Path


def make(folder: Path, *, caller_days: int = 365) -> Certificates:
    """Make them anew in a folder."""
    root_key, host_key, caller_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    root = _certificate("sandbox authority", root_key, None, root_key, 3650)
    host = _certificate("localhost", host_key, root, root_key, 3650)
    caller = _certificate("Persoana Test", caller_key, root, root_key, caller_days)
    made = Certificates(
        *(folder / f"{name}.pem" for name in ("authority", "host", "caller", "key"))
    )
    made.authority.write_bytes(_pem(root))
    made.host.write_bytes(_key(host_key, None) + _pem(host))
    made.caller.write_bytes(_pem(caller))
    made.caller_key.write_bytes(_key(caller_key, PASSWORD))
    return made


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    days: int,
) -> x509.Certificate:
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    places: list[x509.GeneralName] = [x509.DNSName("localhost")]
    places += [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return (
        x509.CertificateBuilder(
            subject_name=called, issuer_name=issuer.subject if issuer else called
        )
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key(key: ec.EllipticCurvePrivateKey, password: str | None) -> bytes:
    secret = (
        serialization.BestAvailableEncryption(password.encode())
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
