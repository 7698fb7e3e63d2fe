"""What is said of a seal, without what it takes to judge one."""

from dataclasses import dataclass
from enum import StrEnum


class SealStatus(StrEnum):
    """The verdict on a seal."""

    VERIFIED = "verified"
    """Signed over these bytes by a certificate of the trust list."""
    UNKNOWN_SIGNER = "unknown_signer"
    """Signed over these bytes, by a certificate that is not on the list (yet)."""
    MISSING = "missing"
    """There is no signature."""
    INVALID = "invalid"
    """Not a signature over these bytes."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The verdict, the signer as his certificate names him, and the digest that was signed."""

    status: SealStatus
    signer_subject: str | None = None
    fingerprint_sha256: str | None = None
    """Of the signer's certificate: upper-case hex, pairs parted by colons."""
    signed_digest: str | None = None
    """Base64, as it stands in the signature."""
    reason: str | None = None
    """Why it is invalid; quotes nothing of the document."""
    outside_validity: bool = False
    """Whether it is invalid because its certificate was not valid when it was put."""
