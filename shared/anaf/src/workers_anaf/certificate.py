"""ANAF's host for callers with the qualified certificate itself: TLS in place of a token."""

import hashlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

from workers_runtime.outbound import Outbound

from .oauth import WARN_DAYS, LoginRequiredError, Lost


class CertificateLogin:
    """A client certificate; it stands where a keeper of tokens stands, and needs no renewal.

    Args:
        outbound: the way to the host that asks for the certificate.
        certificate: PEM of the certificate, and of those between it and its root.
    """

    tenant = ""

    def __init__(self, outbound: Outbound, certificate: bytes) -> None:
        # Only for those who have one: what reads certificates is two megabytes.
        from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

        self.outbound = outbound
        self._ends_at = load_pem_x509_certificate(certificate).not_valid_after_utc
        self.credential = f"anaf.certificate.{hashlib.sha256(certificate).hexdigest()[:32]}"

    async def access_token(self) -> str:
        """Return no token: the connection says who we are."""
        if self._ends_at <= datetime.now(UTC):
            raise LoginRequiredError(
                f"the certificate of ANAF_CLIENT_CERTIFICATE ended on {self._ends_at:%Y-%m-%d}; "
                "put the new one there and restart",
                retry_after=900,
            )
        return ""

    async def renew(self, failed: str) -> str:
        """Say that ANAF does not take the certificate: nothing here can be renewed."""
        del failed
        raise LoginRequiredError(
            "ANAF does not accept the certificate of ANAF_CLIENT_CERTIFICATE; register it in SPV, "
            "or log in with `workers efactura login`",
            retry_after=900,
        )

    async def ends_at(self) -> datetime | None:
        """Return when the certificate ends."""
        return self._ends_at

    async def days_left(self) -> float | None:
        """Return the days until it ends."""
        return (self._ends_at - datetime.now(UTC)).total_seconds() / 86_400

    async def lost(self) -> Lost | None:
        """Say that it is not lost: its end is known ahead."""
        return None

    async def problem(self) -> str | None:
        """Return what an operator should know; a deep health check."""
        left = (self._ends_at - datetime.now(UTC)).total_seconds() / 86_400
        if left <= 0:
            return f"the certificate for ANAF ended on {self._ends_at:%Y-%m-%d}"
        return f"the certificate for ANAF ends in {left:.0f} days" if left <= WARN_DAYS else None


def client_context(
    certificate: Path, key: Path | None, password: str | None, authorities: Path | None
) -> ssl.SSLContext:
    """Return what makes connections that show the certificate.

    Raises:
        ValueError: a file cannot be used; the text names its setting.
    """
    for name, path in (
        ("ANAF_CLIENT_CERTIFICATE", certificate),
        ("ANAF_CLIENT_KEY", key),
        ("ANAF_CA_FILE", authorities),
    ):
        _readable(name, path)
    context = _trusting(authorities)
    try:
        # Without a password OpenSSL would ask the terminal, which a worker does not have.
        context.load_cert_chain(certificate, key, password=password or "")
    except ssl.SSLError as error:
        raise ValueError(
            "ANAF_CLIENT_CERTIFICATE: the certificate and its key cannot be used "
            f"({error.reason or 'not PEM, or a wrong password'}); give PEM files that belong "
            "together, and ANAF_CLIENT_KEY_PASSWORD when the key is encrypted"
        ) from None
    return context


def _trusting(authorities: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if authorities is not None:
            context.load_verify_locations(authorities)
    except ssl.SSLError:
        raise ValueError(f"ANAF_CA_FILE names {authorities}, which holds no certificates") from None
    return context


def _readable(name: str, path: Path | None) -> None:
    try:
        if path is not None:
            path.read_bytes()
    except OSError as error:
        raise ValueError(f"{name} names {path}: {error.strerror}") from None
