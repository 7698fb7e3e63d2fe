"""The evidence of a document as one ZIP: all that somebody else needs to verify it without us."""

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any, Final

from anaf_efactura.archive import Archive
from workers_ledger.chain import Head, Link

_MADE: Final = (1980, 1, 1, 0, 0, 0)
"""ZIP's first date, in every member: the same evidence has the same bytes."""
_README: Final = """Dovada unui document RO e-Factura
=================================

{archive}
    fișierul primit de la ANAF, octet cu octet: originalul
{document}
    documentul din acest fișier
{signature}raport-sigiliu.pdf
    ce s-a verificat, când și cu ce rezultat
lant-arhiva.json
    înregistrarea din arhivă, cu vecinele ei din lanțul de amprente

Cum se verifică fără acest program
----------------------------------
1. sha256sum -c SUME.sha256
2. Rezumatul documentului din semnătură (DigestValue) este
   openssl dgst -sha256 -binary {document} | base64
3. Semnătura: orice verificator XMLDSig, de exemplu
   xmlsec1 --verify --url-map:{document} {document} {signature_name}
   sau serviciul ANAF /api/validate/signature.
4. Amprenta unei înregistrări este SHA-256 peste trei rânduri: previous_hash, position și facts ca
   JSON cu numele sortate, fără spații, în UTF-8.
"""


def bundle(
    content: bytes, archive: Archive, report: bytes, extract: dict[str, Any]
) -> tuple[bytes, list[str]]:
    """Return the ZIP and the names of its members."""
    named = f"anaf-{archive.index}.zip"
    members = {
        named: content,
        archive.document_name: archive.document,
        "raport-sigiliu.pdf": report,
        "lant-arhiva.json": json.dumps(extract, indent=2, ensure_ascii=False).encode(),
    }
    signature = f"semnatura_{archive.index}.xml"
    if archive.signature is not None:
        members[signature] = archive.signature
    words = f"{signature}\n    semnătura Ministerului Finanțelor\n" if archive.signature else ""
    text = _README.format(
        archive=named,
        document=archive.document_name,
        signature=words,
        signature_name=signature,
    )
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in members.items()]
    members["SUME.sha256"] = ("\n".join(sums) + "\n").encode()
    members["CITESTE-MA.txt"] = text.encode()
    return _zip(members), list(members)


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, _MADE)
            entry.external_attr = 0o644 << 16
            # ANAF's ZIP is packed already.
            stored = name.endswith(".zip")
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            packed.writestr(entry, data)
    return buffer.getvalue()


def extract(link: Link, around: Sequence[Link], head: Head) -> dict[str, Any]:
    """Return an entry with its neighbours in the chain, for a third person.

    Of the neighbours only the hashes are told: their documents are nobody's business here.
    """
    return {
        "how": "entry_hash = SHA-256(previous_hash + LF + position + LF + facts as JSON with "
        "sorted names, without blanks, UTF-8), lower-case hexadecimal",
        "entry": link.extract(),
        "neighbours": [
            {
                "position": one.position,
                "previous_hash": one.previous_hash,
                "entry_hash": one.entry_hash,
            }
            for one in around
            if one.position != link.position
        ],
        "head": {"position": head.position, "entry_hash": head.entry_hash},
    }
