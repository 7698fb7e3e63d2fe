"""What events tell of a seal."""

from __future__ import annotations

from typing import Final

from workers_contracts import efactura as wire

from .verdict import Seal, SealStatus

_OUTSIDE_VALIDITY: Final = wire.Text(
    ro="Certificatul semnatarului nu era valabil când s-a aplicat sigiliul.",
    en="The signer's certificate was not valid when the seal was put.",
)
_INVALID: Final = wire.Text(
    ro="Semnătura nu se potrivește cu documentul. Detaliu tehnic: {reason}.",
    en="The signature does not fit the document. Technically: {reason}.",
)


def told_of(seal: Seal) -> wire.Seal:
    """The verdict on a seal as it goes on the wire; an invalid one says why."""
    return wire.Seal(
        status=seal.status.value,
        signer=seal.signer_subject,
        fingerprint=seal.fingerprint_sha256,
        reason=_reason(seal),
    )


def _reason(seal: Seal) -> wire.Text | None:
    if seal.status is not SealStatus.INVALID:
        return None
    if seal.outside_validity:
        return _OUTSIDE_VALIDITY
    reason = (seal.reason or "").rstrip(".")
    return wire.Text(
        ro=_INVALID.ro.format(reason=reason),
        en=_INVALID.en.format(reason=reason),
    )
