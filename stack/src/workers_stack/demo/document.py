"""One command of the demonstration and the outcome that it must have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

Data = Mapping[str, Any]
Check = Callable[[Data], str | None]
"""Looks at the final event's data: None when it is as expected, else what is not."""

Make = Callable[[Data], Data]
"""Makes the command from the data of the final event before it."""

FINAL = frozenset(
    {
        "anaf.taxpayer.validated",
        "taxpayer.failed",
        "efactura.accepted",
        "efactura.rejected",
        "efactura.received",
        "efactura.failed",
        "pdf.rendered",
        "pdf.failed",
        "ocr.extracted",
        "ocr.failed",
        "email.sent",
        "email.failed",
        "slack.notified",
        "notify.failed",
    }
)
"""Event types after which nothing more comes for a document."""


@dataclass(frozen=True)
class Document:
    """One command and the outcome it must have."""

    title: str
    key: str
    body: Data | Make
    final: str
    check: Check
    number: str | None = None
    after: "Document | None" = None
    """Published once that one has its expected outcome, with a body that is made from it."""
    id: str = field(default_factory=lambda: str(uuid4()))


def says(name: str, *, expected: object) -> Check:
    """Return a check of one value."""

    def check(data: Data) -> str | None:
        found = data.get(name)
        return None if found == expected else f"{name} is {found!r}, expected {expected!r}"

    return check
