"""Signs mails with DKIM (RFC 6376), through dkimpy, with the arithmetic of `cryptography`.

dkimpy computes RSA in Python: 12 ms a mail, which is several times what all the rest costs.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_SIGNED = (
    b"From", b"To", b"Cc", b"Reply-To", b"Subject", b"Date", b"Message-ID", b"In-Reply-To",
    b"References", b"MIME-Version", b"Content-Type", b"Content-Transfer-Encoding",
    b"Auto-Submitted", b"List-Unsubscribe", b"List-Unsubscribe-Post",
)  # fmt: skip


def load_key(pem: str) -> "RSAPrivateKey":
    """Return a private RSA key; ValueError says what is wrong with it."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_pem_private_key,
    )

    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise ValueError("the DKIM key is no PEM private key without a passphrase") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < 1024:
        raise ValueError("the DKIM key must be RSA of at least 1024 bits")
    return key


def signed(raw: bytes, *, domain: str, selector: str, pem: str) -> bytes:
    """Return the mail with a DKIM-Signature before it."""
    import dkim  # noqa: PLC0415 - brings a DNS library, for those who sign only

    dkim.RSASSA_PKCS1_v1_5_sign = _sign
    line: bytes = dkim.sign(
        raw,
        selector.encode(),
        domain.encode(),
        _plain(pem),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[one for one in _SIGNED if _stands(raw, one)],
    )
    return line + raw


def _stands(raw: bytes, name: bytes) -> bool:
    head = b"\r\n" + raw[: raw.find(b"\r\n\r\n")]
    # From is always signed; a header that is not there would be signed as absent.
    return b"\r\n" + name.lower() + b":" in head.lower()


@lru_cache(maxsize=64)
def _plain(pem: str) -> bytes:
    """Return the key in the one form that dkimpy reads in every version."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = load_key(pem)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    _KEYS[key.private_numbers().public_numbers.n] = key
    return plain


_KEYS: "dict[int, RSAPrivateKey]" = {}
"""By modulus: dkimpy hands its own form of the key on."""


def _sign(digest: Any, key: dict[str, int]) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    return _KEYS[key["modulus"]].sign(digest.digest(), PKCS1v15(), Prehashed(SHA256()))
