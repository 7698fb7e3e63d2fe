"""What a mail server's answer means: taken, not now, never. No I/O.

Source: RFC 5321, 4.2.1, and RFC 3463 for the enhanced codes.
"""

import re
from dataclasses import dataclass
from enum import Enum

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")
_LONGEST_TEXT = 300


class Meaning(Enum):
    """Class of an answer."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"


@dataclass(frozen=True)
class Reply:
    """What the server said."""

    code: int | None
    """None when it said nothing, or nothing that is SMTP."""

    text: str

    @classmethod
    def of(cls, code: int, text: str) -> "Reply":
        """Make one from what arrived: one line, printable, of bounded length."""
        clean = "".join(char if char.isprintable() else " " for char in text)
        shown = " ".join(f"{code} {clean}".split()) if 100 <= code < 600 else clean
        return cls(code if 100 <= code < 600 else None, shown[:_LONGEST_TEXT])

    @property
    def enhanced(self) -> tuple[int, int, int] | None:
        """The code of RFC 3463, for example 5.1.1."""
        found = _ENHANCED.search(self.text[:24])
        return (int(found[1]), int(found[2]), int(found[3])) if found else None

    @property
    def is_full_mailbox(self) -> bool:
        """Whether the mailbox is full: people empty it within hours, whatever the first digit."""
        return self.enhanced is not None and self.enhanced[1:] == (2, 2)

    @property
    def is_too_many(self) -> bool:
        """Whether the server only wants fewer recipients at once."""
        return self.code == 452 and (self.enhanced or (4, 5, 3))[1:] == (5, 3)

    @property
    def meaning(self) -> Meaning:
        """By the first digit, then by the enhanced code."""
        if self.code is None:
            return Meaning.DEFERRED
        if 200 <= self.code < 300:
            return Meaning.ACCEPTED
        if self.is_full_mailbox or 400 <= self.code < 500:
            return Meaning.DEFERRED
        return Meaning.REFUSED
