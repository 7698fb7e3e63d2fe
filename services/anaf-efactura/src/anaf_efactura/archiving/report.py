"""The report on a seal, in Romanian, for a court: what was signed, by whom, when it was verified.

It is data for the template `report` of pdf.render. The same reading at the same moment gives the
same report.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from anaf_efactura.archive import Archive, Seal, SealStatus
from workers_anaf.romania import ROMANIA

from .proving import Reading

if TYPE_CHECKING:
    from cryptography import x509

_VERDICTS = {
    SealStatus.VERIFIED: "VALID: semnat de un certificat din lista de încredere",
    SealStatus.UNKNOWN_SIGNER: "SEMNĂTURĂ CORECTĂ, SEMNATAR NECUNOSCUT: certificatul nu este în "
    "lista de încredere",
    SealStatus.MISSING: "FĂRĂ SIGILIU: arhiva nu conține o semnătură",
    SealStatus.INVALID: "INVALID: semnătura nu se potrivește cu documentul",
}
_LATE = "INVALID: certificatul semnatarului nu era valabil când s-a aplicat sigiliul"
_KINDS = {
    "invoice": "Factură (UBL)",
    "credit_note": "Notă de creditare (UBL)",
    "cii": "Factură (CII)",
    "errors": "Mesaj de eroare ANAF: documentul nu a fost acceptat",
    "buyer_message": "Mesaj al cumpărătorului",
}
_METHOD = (
    "1. S-a recalculat SHA-256 al fișierului ZIP primit de la ANAF și s-a comparat cu cel din "
    "registrul arhivei.\n\n"
    "2. S-a calculat rezumatul octeților documentului, așa cum sunt în ZIP, fără nicio prelucrare, "
    "și s-a comparat cu DigestValue din semnătură.\n\n"
    "3. S-a verificat SignatureValue peste SignedInfo canonicalizat, cu cheia publică a "
    "certificatului din KeyInfo; amprenta certificatului s-a căutat în lista de încredere.\n\n"
    "4. S-a verificat locul înregistrării în lanțul de amprente al arhivei."
)
_LIMITS = (
    "Încrederea se bazează pe lista de certificate ale Ministerului Finanțelor configurată; lanțul "
    "până la autoritatea de certificare și lista de revocare nu au fost interogate.",
    "Semnătura nu conține o marcă temporală verificată aici: momentul sigilării nu rezultă din "
    "acest raport.",
    "Originalul este fișierul ZIP de la ANAF din acest pachet; acest raport îl descrie și nu îl "
    "înlocuiește.",
)


MAX_VALUE = 1000
"""Of a cell: names in a certificate may be of any length, and the report must fit the bus."""


def report(reading: Reading, verified_at: datetime) -> dict[str, Any]:
    """Return the data of the report on a reading that has its bytes."""
    if reading.archive is None or reading.seal is None:
        raise ValueError("there is nothing to report on: the reading has no archive")
    entry = reading.link.entry
    what = f"{entry.number or entry.download_id}"
    issued = f" din {entry.issue_date:%d.%m.%Y}" if entry.issue_date else ""
    return {
        "title": "Raport de verificare a sigiliului electronic",
        "subtitle": f"Documentul {what}{issued}"[:300],
        "company": f"CIF {entry.cif}",
        "issue_date": verified_at.astimezone(ROMANIA).date().isoformat(),
        "facts": [],
        "sections": [
            _table("Rezultat", _verdict(reading, reading.seal, verified_at)),
            _table("Ce s-a semnat", _signed(reading, reading.archive, reading.seal)),
            _table("Cine a semnat", _signer(reading.archive, reading.seal)),
            *_certificates(reading.archive),
            _table("Locul în arhivă", _place(reading)),
            {"title": "Cum s-a verificat", "text": _METHOD},
        ],
        "notes": list(_LIMITS),
    }


def _table(title: str, rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "title": title,
        "columns": [{"key": "what", "label": "Element"}, {"key": "value", "label": "Valoare"}],
        "rows": [{"what": what, "value": value[:MAX_VALUE]} for what, value in rows if value],
    }


def _verdict(reading: Reading, seal: Seal, verified_at: datetime) -> list[tuple[str, str]]:
    problems = " ".join(one.text.ro for one in reading.problems)
    return [
        ("Sigiliul", _LATE if seal.outside_validity else _VERDICTS[seal.status]),
        ("Detaliu tehnic", seal.reason or ""),
        ("Arhiva", "INTACTĂ" if reading.intact else f"NU ESTE INTACTĂ: {problems}"),
        ("Verificat la", _moment(verified_at)),
    ]


def _signed(reading: Reading, archive: Archive, seal: Seal) -> list[tuple[str, str]]:
    entry = reading.link.entry
    digest = hashlib.sha256(archive.document)
    return [
        ("Felul documentului", _KINDS.get(entry.kind, entry.kind)),
        ("Numărul documentului", entry.number or "-"),
        ("Data emiterii", f"{entry.issue_date:%d.%m.%Y}" if entry.issue_date else "-"),
        ("Index de încărcare ANAF", entry.upload_index),
        ("Identificator de descărcare ANAF", entry.download_id),
        ("Fișierul semnat", f"{archive.document_name}, {len(archive.document)} octeți"),
        ("SHA-256 al fișierului semnat", _spaced(digest.hexdigest())),
        ("Același, în base64", base64.b64encode(digest.digest()).decode()),
        ("DigestValue din semnătură", seal.signed_digest or "nu se potrivește niciunul"),
        ("Fișierul ZIP", f"{len(reading.content)} octeți"),
        ("SHA-256 al fișierului ZIP", _spaced(entry.artifact.sha256)),
    ]


def _signer(archive: Archive, seal: Seal) -> list[tuple[str, str]]:
    from anaf_efactura.seal import algorithms  # noqa: PLC0415 - as `verify_seal` does

    try:
        method, digest = algorithms(archive.signature or b"")
    except ValueError:
        method, digest = "", ""
    return [
        ("Semnatar", seal.signer_subject or "-"),
        ("Amprenta SHA-256 a certificatului", seal.fingerprint_sha256 or "-"),
        ("Algoritmul semnăturii", method),
        ("Algoritmul rezumatului", digest),
    ]


def _certificates(archive: Archive) -> list[dict[str, Any]]:
    """One table for each certificate that the signature carries, in its order."""
    from anaf_efactura.seal import certificates, fingerprint  # noqa: PLC0415

    try:
        found = certificates(archive.signature or b"")
    except ValueError:
        return []
    tables = []
    for number, one in enumerate(found, start=1):
        rows = [*_named(one), ("Amprenta SHA-256", fingerprint(one))]
        tables.append(_table(f"Certificatul {number} din {len(found)}", rows))
    return tables


def _named(one: x509.Certificate) -> list[tuple[str, str]]:
    """What a certificate says of itself, which is read only now and may be damaged."""
    try:
        begins, ends = one.not_valid_before_utc, one.not_valid_after_utc
        return [
            ("Subiect", one.subject.rfc4514_string()),
            ("Emitent", one.issuer.rfc4514_string()),
            ("Număr de serie", f"{one.serial_number:X}"),
            ("Valabil", f"de la {_moment(begins)} până la {_moment(ends)}"),
        ]
    except Exception as error:  # noqa: BLE001 - cryptography's errors share no base
        return [("Conținut", f"nu poate fi citit ({type(error).__name__})")]


def _place(reading: Reading) -> list[tuple[str, str]]:
    link = reading.link
    return [
        ("Poziția în lanț", str(link.position)),
        ("Arhivat la", _moment(link.entry.archived_at)),
        ("De păstrat până la", f"{link.entry.retain_until:%d.%m.%Y}"),
        ("Sigiliul la arhivare", link.entry.seal),
        ("Amprenta înregistrării", _spaced(link.entry_hash)),
        ("Amprenta înregistrării dinainte", _spaced(link.previous_hash)),
    ]


def _moment(moment: datetime) -> str:
    local = moment.astimezone(ROMANIA)
    return f"{local:%d.%m.%Y %H:%M:%S} (ora României), {moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _spaced(digest: str) -> str:
    """Parted for reading and for the line's end."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))
