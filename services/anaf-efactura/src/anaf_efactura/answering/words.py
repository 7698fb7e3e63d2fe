"""What a buyer's message is: the XML that ANAF takes, and what makes two of them the same. No I/O.

The form is that of ANAF's Swagger pages: one element with the invoice's index and the text.
"""

import hashlib
from html import escape
from typing import Final

from anaf_efactura.archive import Archive, Kind
from workers_ledger.documents import Document

RASP: Final = "RASP"
"""ANAF's standard of a buyer's message."""

_NAMESPACE: Final = "mfp:anaf:dgti:spv:reqMesaj:v1"
_BREAKS: Final = str.maketrans({"\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"})
"""As they are, a reader of XML would turn them into blanks."""


def is_message(document: Document) -> bool:
    """Say whether a document of the ledger is a buyer's message."""
    return bool(document.data.get("parameters", {}).get("standard") == RASP)


def xml_of(about_index: str, text: str) -> bytes:
    """Return the bytes that are sent."""
    message = escape(text).translate(_BREAKS)
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<header xmlns="{_NAMESPACE}" index_incarcare="{about_index}" message="{message}"/>'
    ).encode("utf-8", "replace")


def digest(about_index: str, text: str) -> str:
    """Return what a message is recognised by: its invoice and its words.

    Not its bytes: no source says that ANAF gives a message back as it was sent, and a space more
    or less is no other message.
    """
    told = f"{about_index.lstrip('0')}\n{' '.join(text.split())}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def digest_of(archive: Archive) -> str:
    """Return what the document of an archive is recognised by."""
    if archive.kind is Kind.BUYER_MESSAGE:
        return digest(archive.about or "", archive.message or "")
    return hashlib.sha256(archive.document).hexdigest()
