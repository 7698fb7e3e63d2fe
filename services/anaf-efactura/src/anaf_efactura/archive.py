"""The gate for the ZIP files that ANAF gives: bytes in, the documented members out, or a refusal.

`{index}.xml` is the invoice as it was sent, an error file or a buyer's message, by its root;
`semnatura_{index}.xml` is the Ministry's seal over its bytes. Source: ANAF's Swagger pages.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from workers_anaf import xml

from .verdict import Seal, SealStatus

__all__ = ["Archive", "BadArchive", "Kind", "Seal", "SealStatus", "open_archive", "verify_seal"]

MAX_ARCHIVE: Final = 32 * 1024 * 1024
MAX_DOCUMENT: Final = 16 * 1024 * 1024
"""An upload may have 10 MiB; an error file is smaller."""
MAX_SIGNATURE: Final = 1024 * 1024
GIVEN_FOR: Final = timedelta(days=60)
"""So long ANAF gives an archive, which it sealed before."""
MAX_RATIO: Final = 500
"""Repetitive XML packs to a hundredth at most; deflate's own limit is near 1032."""

_DOCUMENT: Final = re.compile(r"([0-9]{1,20})\.xml")
_SIGNATURE: Final = re.compile(r"semnatura_([0-9]{1,20})\.xml")
_ENCRYPTED: Final = 0x1
_UBL: Final = "urn:oasis:names:specification:ubl:schema:xsd:"
_CII: Final = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"


class Kind(StrEnum):
    """What the document of an archive is, by its root element."""

    ORIGINAL = "original"
    ERRORS = "errors"
    BUYER_MESSAGE = "buyer_message"


class BadArchive(ValueError):  # noqa: N818 - named as a fact about the bytes, like zipfile.BadZipFile
    """The bytes are not an archive of ANAF's; `reason` is a short sentence without content."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(f"not an archive of ANAF: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Archive:
    """The members of one download, byte for byte."""

    document: bytes = field(repr=False)
    document_name: str
    signature: bytes | None = field(repr=False)
    index: str
    """The upload's index, from the document's name."""
    kind: Kind
    errors: tuple[str, ...] = ()
    """ANAF's reasons, when `kind` is errors."""
    message: str | None = field(default=None, repr=False)
    """The buyer's words, when `kind` is buyer_message."""
    about: str | None = None
    """Index of the invoice that he writes about."""


def open_archive(data: bytes) -> Archive:
    """Read a downloaded ZIP. Raises BadArchive and nothing else."""
    if len(data) > MAX_ARCHIVE:
        raise BadArchive(f"larger than {MAX_ARCHIVE} bytes")
    if not data.startswith(b"PK\x03\x04"):
        raise BadArchive("does not begin as a ZIP file")
    members = _members(data)
    documents = [(name, found[1]) for name in members if (found := _DOCUMENT.fullmatch(name))]
    signatures = [(name, found[1]) for name in members if (found := _SIGNATURE.fullmatch(name))]
    if len(documents) != 1 or len(documents) + len(signatures) != len(members):
        raise BadArchive("holds other members than one document and its signature")
    name, index = documents[0]
    if any(signature_index != index for _, signature_index in signatures):
        raise BadArchive("its signature belongs to another document")
    signature = members[signatures[0][0]] if signatures else None
    return _describe(members[name], name, signature, index)


def verify_seal(
    archive: Archive,
    trusted: Sequence[bytes],
    *,
    at: datetime | None = None,
    since: datetime | None = None,
) -> Seal:
    """The Ministry's seal on an archive, judged with a list of PEM certificates.

    Never raises, whatever the archive holds. `at` is the moment of sealing when it is known
    (aware): a certificate that was not valid then makes the seal invalid. With `since` it was some
    moment from that one to `at`. Without them only the signature and the list decide.
    """
    # Only here: signxml is needed at the end of a filing, hours after the start.
    from .seal import verify  # noqa: PLC0415

    return verify(archive.document, archive.signature, trusted, at=at, since=since)


def _members(data: bytes) -> dict[str, bytes]:
    # Whatever zipfile and zlib raise on hostile bytes (NotImplementedError for a compression,
    # RuntimeError for encryption) is one thing to the caller.
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            return {entry.filename: _read(archive, entry) for entry in entries}
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        OSError,
        OverflowError,
        RuntimeError,
        UnicodeError,
    ) as error:
        raise BadArchive(f"a damaged ZIP file ({type(error).__name__})") from error
    except (ValueError, IndexError, KeyError) as error:
        if isinstance(error, BadArchive):
            raise
        raise BadArchive(f"a damaged ZIP file ({type(error).__name__})") from error


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if not 1 <= len(entries) <= 2:
        raise BadArchive(f"holds {len(entries)} members instead of a document and its signature")
    if len({entry.filename for entry in entries}) != len(entries):
        raise BadArchive("holds the same member twice")
    for entry in entries:
        # orig_filename: ZipInfo cuts a name at a NUL byte and turns backslashes around.
        if not (
            _DOCUMENT.fullmatch(entry.orig_filename) or _SIGNATURE.fullmatch(entry.orig_filename)
        ):
            raise BadArchive("holds a member with another name than the documented ones")
        if entry.flag_bits & _ENCRYPTED:
            raise BadArchive("holds an encrypted member")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadArchive(f"uses compression method {entry.compress_type}")
        if entry.file_size > _limit(entry):
            raise BadArchive("holds a member larger than its limit")
        if entry.file_size > MAX_RATIO * max(entry.compress_size, 1024):
            raise BadArchive(f"holds a member packed more than {MAX_RATIO} times")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The member's bytes; the declared size is not trusted, reading to the end checks the CRC."""
    limit = _limit(entry)
    with archive.open(entry) as stream:
        content = stream.read(limit + 1)
        if len(content) > limit or stream.read(1):
            raise BadArchive("holds a member larger than its limit")
    if len(content) != entry.file_size:
        raise BadArchive("holds a member whose size is not the declared one")
    return content


def _limit(entry: zipfile.ZipInfo) -> int:
    return MAX_SIGNATURE if entry.filename.startswith("semnatura_") else MAX_DOCUMENT


def _describe(document: bytes, name: str, signature: bytes | None, index: str) -> Archive:
    try:
        root = xml.parse(document, max_bytes=MAX_DOCUMENT)
    except xml.MalformedXml as error:
        raise BadArchive(f"its document is not XML: {error.reason}") from error
    tag, namespace = xml.local_name(root), str(root.nsmap.get(root.prefix) or "")
    if (tag in {"Invoice", "CreditNote"} and namespace.startswith(_UBL)) or (
        tag == "CrossIndustryInvoice" and namespace == _CII
    ):
        return Archive(document, name, signature, index, Kind.ORIGINAL)
    if tag == "header" and "reqMesaj" in namespace:
        words = xml.attribute(root, "message")
        about = xml.attribute(root, "index_incarcare")
        kind = Kind.BUYER_MESSAGE
        return Archive(document, name, signature, index, kind, message=words, about=about)
    # ANAF spells the namespace "mesajEroriFactuta"; a corrected spelling must not lose the archive.
    if tag == "header" and "mesajErori" in namespace:
        found = [*xml.children(root, "Error"), *xml.children(root, "Errors")]
        texts = [xml.attribute(element, "errorMessage") or "" for element in found]
        reasons = tuple(text.strip() for text in texts if text.strip())
        return Archive(document, name, signature, index, Kind.ERRORS, errors=reasons)
    raise BadArchive(
        f"its document is neither an invoice, an error file nor a message: <{tag[:40]}>"
    )
