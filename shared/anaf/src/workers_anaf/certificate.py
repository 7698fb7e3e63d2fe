"""ANAF's host for callers with the qualified certificate itself: TLS in place of a token."""

import hashlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

from workers_ledger.secrets import Secrets
from workers_runtime.handshake import refusal_in_handshake
from workers_runtime.outbound import Outbound

from .lost import LoginRequiredError, Lost
from .oauth import WARN_DAYS
from .refusal_notes import RefusalNotes

LISTENS = 2
"""How often a host must refuse: a connection may break once for any reason."""


class CertificateLogin:
    """A client certificate; it stands where a keeper of tokens stands, and needs no renewal.

    Args:
        outbound: the way to the host that asks for the certificate.
        certificate: PEM of the certificate, and of those between it and its root.
        secrets: of the ledger, where all replicas note that ANAF refuses it.
        tls: with what connections are made that show it.
    """

    tenant = ""

    def __init__(
        self,
        outbound: Outbound,
        certificate: bytes,
        secrets: Secrets,
        tls: ssl.SSLContext,
    ) -> None:
        # Only for those who have one: what reads certificates is two megabytes.
        from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

        read = load_pem_x509_certificate(certificate)
        self.outbound = outbound
        self.serial = f"{read.serial_number:X}"
        """What tells it from others, without the name of a person."""
        self._ends_at = read.not_valid_after_utc
        self._tls = tls
        self._of = hashlib.sha256(certificate).hexdigest()[:32]
        self.credential = f"anaf.certificate.{self._of}"
        self._notes = RefusalNotes(secrets, self.credential)
        self._has_looked = False

    async def access_token(self) -> str:
        """Return no token: the connection says who we are.

        Raises:
            LoginRequiredError: it has ended, or ANAF refused it a moment ago.
        """
        if self._ended:
            raise LoginRequiredError(
                f"the certificate of ANAF_CLIENT_CERTIFICATE ended on {self._ends_at:%Y-%m-%d}; "
                "put the new one there and restart",
                retry_after=900,
            )
        note = self._notes.known
        if not self._has_looked or (note is not None and note.asked_again_in > 0):
            note, self._has_looked = await self._notes.read(), True
        if note is not None and note.asked_again_in > 0:
            raise self._not_taken(note.reason, note.asked_again_in)
        return ""

    async def renew(self, failed: str) -> str:
        """Say that ANAF does not take the certificate: nothing here can be renewed."""
        raise await self.refused(failed)

    async def refused(self, token: str, reason: str = "HTTP 401") -> LoginRequiredError:
        """Note that ANAF does not take it; returns what to raise."""
        del token
        note = await self._notes.refused(self._of, reason)
        return self._not_taken(note.reason, max(note.asked_again_in, 1.0))

    async def taken(self, token: str) -> None:
        """Note that ANAF takes it."""
        del token
        await self._notes.taken(self._of)

    async def unreachable(self) -> LoginRequiredError | None:
        """Return what to raise when the host cannot be talked to because of the certificate."""
        said = ""
        for _ in range(LISTENS):
            said = await refusal_in_handshake(self.outbound.base_url, self._tls)
            if not said:
                return None
        return await self.refused("", f"TLS: {said}")

    @property
    def _ended(self) -> bool:
        return self._ends_at <= datetime.now(UTC)

    def _not_taken(self, reason: str, retry_after: float) -> LoginRequiredError:
        return LoginRequiredError(
            "ANAF does not accept the certificate of ANAF_CLIENT_CERTIFICATE, serial number "
            f"{self.serial} ({reason}); register it in SPV, put another one there and restart, or "
            "log in with `workers efactura login`",
            retry_after=retry_after,
        )

    async def ends_at(self) -> datetime | None:
        """Return when the certificate ends."""
        return self._ends_at

    async def days_left(self) -> float | None:
        """Return the days until it ends."""
        return (self._ends_at - datetime.now(UTC)).total_seconds() / 86_400

    async def lost(self) -> Lost | None:
        """Return why ANAF does not take it; None while it does, as far as is known."""
        if self._ended:
            return Lost(f"{self._ends_at:%Y-%m-%d}", cause="certificate_ended")
        note = await self._notes.read()
        if note is None or not note.since:
            return None
        return Lost(note.reason, cause="certificate_refused", since=note.began)

    async def problem(self) -> str | None:
        """Return what an operator should know; a deep health check."""
        left = (self._ends_at - datetime.now(UTC)).total_seconds() / 86_400
        if left <= 0:
            return f"the certificate for ANAF ended on {self._ends_at:%Y-%m-%d}"
        if (lost := await self.lost()) is not None:
            return str(self._not_taken(lost.reason, 1.0))
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
