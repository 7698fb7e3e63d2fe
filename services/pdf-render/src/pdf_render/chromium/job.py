"""What Chromium is given, and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ORIGIN = "https://doc.invalid/"
"""Where documents seem to lie: a name that no resolver will ever know (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Asset:
    """An answer to one request of the document."""

    media_type: str
    content: bytes = field(repr=False)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Fetch = Callable[[str, bool], Awaitable[Asset | None]]
"""Gets what the job does not hold; None when the address is not allowed.

The second argument says whether it is the document itself: what it raises then ends the job.
"""


@dataclass(frozen=True, slots=True)
class Waits:
    """What has to be there before printing, beside the load event."""

    delay: float = 0
    idle: bool = False
    selector: str | None = None
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One document to print."""

    files: Mapping[str, Asset] = field(repr=False)
    """By absolute address."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of `Page.printToPDF`."""
    url: str = ORIGIN
    fetch: Fetch | None = None
    scripts: bool = False
    media: str = "print"
    waits: Waits = field(default_factory=Waits)
    single_page: bool = False
    largest: int = 64 * 2**20
    """Bytes of the PDF."""

    @property
    def may_load_fonts(self) -> bool:
        """Whether the load event may come before all fonts are there."""
        if self.fetch is not None or self.scripts:
            return True
        return any(b"font-face" in one.content.lower() for one in self.files.values())


@dataclass(frozen=True, slots=True)
class Printed:
    """The PDF as Chromium made it, and what the document asked for in vain."""

    pdf: bytes = field(repr=False)
    missing: tuple[str, ...] = ()
