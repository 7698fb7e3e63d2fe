"""The sandbox's RSA keys: for the seal, for access tokens, for the mail server's certificate."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .smtp.certificate import make, new_key


@dataclass(frozen=True, slots=True)
class Keys:
    """Private keys and the self-signed certificate of the seal. They open nothing real."""

    seal: rsa.RSAPrivateKey
    certificate: x509.Certificate
    token: rsa.RSAPrivateKey
    mail: bytes
    """The mail server's private key, PEM."""

    mail_pem: bytes
    """The mail server's certificate, for a client to trust."""

    @property
    def seal_pem(self) -> bytes:
        """The seal's certificate, for a product's trust list."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def load(folder: Path | None) -> Keys:
    """Keys from the folder, made where missing; without a folder, new ones that live in memory."""
    seal = _key(folder, "seal.key")
    certificate = _stored(folder, "seal.pem", lambda: _self_signed(seal))
    mail = _stored(folder, "smtp.key", new_key)
    mail_pem = _stored(folder, "smtp.pem", lambda: make(mail))
    token = _key(folder, "token.key")
    return Keys(seal, x509.load_pem_x509_certificate(certificate), token, mail, mail_pem)


def earlier_starts(folder: Path | None) -> int:
    """Count the starts that used this folder before, and this one in it; 0 without a folder."""
    if folder is None:
        return 0
    path = folder / "starts"
    earlier = int(path.read_text("ascii")) if path.exists() else 0
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(str(earlier + 1), "ascii")
    return earlier


def _key(folder: Path | None, name: str) -> rsa.RSAPrivateKey:
    # The file is the sandbox's own; testing its primes again would slow every start down.
    key = serialization.load_pem_private_key(
        _stored(folder, name, _new_key), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{name} holds no RSA key: delete the file and start again")
    return key


def _stored(folder: Path | None, name: str, make: Callable[[], bytes]) -> bytes:
    if folder is None:
        return make()
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(make())
    return path.read_bytes()


def _new_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _self_signed(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "RO"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Sigiliu de test (sandbox)"),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)
