"""The message lists of SPV: what was sent, received and refused.

Sources: ANAF's Swagger pages, and observed answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from workers_anaf.refusals import RefusalKind
from workers_anaf.replies import JsonReply, Reply, refusal_of, summary
from workers_anaf.romania import ROMANIA

from .answers import QueryFailed, Unrecognised

_CIF = r"(?:RO)?\s*(\w{1,20})"
_ISSUED = re.compile(
    rf"emisa de cif_emitent\s*=\s*{_CIF}(?:\s+pentru cif_beneficiar\s*=\s*{_CIF})?", re.IGNORECASE
)
# ANAF has also written "autofactutra".
_SELF_BILLED = re.compile(
    rf"transmisa de cif\s*=\s*{_CIF}\s+ca autofact\w*\s+in numele cif\s*=\s*{_CIF}", re.IGNORECASE
)
_DECLARED_SELF_BILLED = re.compile(r"tip declarat\s*=\s*AUTOFACTURA", re.IGNORECASE)
_INDEX = re.compile(r"id_incarcare\s*=\s*(\d{1,20})", re.IGNORECASE)
_ID = re.compile(r"\d{1,20}")


class MessageType(StrEnum):
    """The kind of a message in SPV, by ANAF's `tip`."""

    SENT = "sent"
    RECEIVED = "received"
    ERRORS = "errors"
    BUYER_MESSAGE = "buyer_message"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a list. Ids are text: longer than 32 bits, and never counted with."""

    id: str
    """What `descarcare` takes."""
    upload_index: str | None
    created: datetime | None
    """When ANAF indexed it (aware), which is up to 15 minutes after the state became final."""
    type: MessageType
    cif: str | None
    """The CUI in whose box it lies; lists may hold rows of other CUIs."""
    detail: str = field(repr=False)
    seller: str | None = None
    buyer: str | None = field(default=None, repr=False)
    """A CUI, or a person's CNP: keep it out of logs."""
    self_billed: bool = False

    @property
    def about_index(self) -> str | None:
        """The other upload that the detail names: the invoice that a buyer writes about."""
        named = [index for index in _INDEX.findall(self.detail) if index != self.upload_index]
        return named[-1] if named else None


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of messages; a plain list is one page of one."""

    messages: tuple[Message, ...]
    page: int = 1
    pages: int = 1
    unreadable: int = 0
    """Rows without a usable id: more than zero deserves an operator's look."""


PageAnswer: TypeAlias = MessagePage | QueryFailed | Unrecognised


def read_messages(reply: Reply) -> PageAnswer:
    """The answer to `listaMesajeFactura` and its paged form. "Nothing found" is an empty page."""
    refusal = refusal_of(reply)
    if refusal is not None:
        return MessagePage(()) if refusal.kind is RefusalKind.EMPTY else QueryFailed(refusal)
    if not isinstance(reply, JsonReply) or not isinstance(reply.data, dict):
        return Unrecognised(summary(reply))
    rows = reply.data.get("mesaje")
    if not isinstance(rows, list):
        return Unrecognised(f"{summary(reply)} without mesaje")
    messages = [message for row in rows if (message := _message(row)) is not None]
    return MessagePage(
        tuple(messages),
        page=_count(reply.data.get("index_pagina_curenta")),
        pages=_count(reply.data.get("numar_total_pagini")),
        unreadable=len(rows) - len(messages),
    )


def _message(row: Any) -> Message | None:
    if not isinstance(row, dict) or not _ID.fullmatch(_string(row.get("id"))):
        return None
    detail = _string(row.get("detalii"))
    seller, buyer, self_billed = _parties(detail)
    index = _string(row.get("id_solicitare"))
    mentioned = _INDEX.search(detail)
    return Message(
        id=_string(row["id"]),
        upload_index=index if _ID.fullmatch(index) else mentioned[1] if mentioned else None,
        created=_moment(_string(row.get("data_creare"))),
        type=_type(_string(row.get("tip"))),
        cif=_string(row.get("cif")).upper().removeprefix("RO").strip() or None,
        detail=detail,
        seller=seller,
        buyer=buyer,
        self_billed=self_billed,
    )


def _parties(detail: str) -> tuple[str | None, str | None, bool]:
    if found := _SELF_BILLED.search(detail):
        return found[2], found[1], True
    declared = bool(_DECLARED_SELF_BILLED.search(detail))
    if found := _ISSUED.search(detail):
        return found[1], found[2], declared
    return None, None, declared


def _type(tip: str) -> MessageType:
    match " ".join(tip.upper().split()):
        case "FACTURA TRIMISA":
            return MessageType.SENT
        case "FACTURA PRIMITA":
            return MessageType.RECEIVED
        case "ERORI FACTURA":
            return MessageType.ERRORS
        case other if other.startswith("MESAJ"):
            return MessageType.BUYER_MESSAGE
    return MessageType.UNKNOWN


def _moment(text: str) -> datetime | None:
    if not re.fullmatch(r"[0-9]{12}", text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=ROMANIA)
    except ValueError:
        return None


def _string(value: Any) -> str:
    """Text of a JSON scalar; ids may come quoted or bare. A float has lost digits and is no id."""
    if isinstance(value, str):
        return value.strip()[:2000]
    is_int = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_int else ""


def _count(value: Any) -> int:
    text = _string(value)
    return max(1, int(text)) if re.fullmatch(r"[0-9]{1,6}", text) else 1
