"""Addresses, checked and made ready for the wire. No I/O, no question to DNS.

A parser that takes the part it understands would send to another address than the one that was
given: what is not exactly one address is refused.
"""

import base64
import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from workers_contracts.email import Mailbox

from .errors import MailInvalidError
from .lines import one_line

_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
"""A name that needs no quotes."""

_WORD_BYTES = 45


@dataclass(frozen=True)
class Checked:
    """One address."""

    given: str
    """As the command has it."""

    local: str
    domain: str
    """A-labels, so that only a local part can need SMTPUTF8."""

    name: str = ""

    @property
    def wire(self) -> str:
        """As it stands in MAIL FROM and RCPT TO."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Whether the server must know SMTPUTF8."""
        return not self.local.isascii()

    @property
    def header(self) -> str:
        """As it stands in a header, with its name (RFC 5322, 3.4, and RFC 2047, 5)."""
        if not self.name:
            return self.wire
        if not self.name.isascii():
            return f"{_encoded(self.name)} <{self.wire}>"
        quoted = self.name.replace("\\", "\\\\").replace('"', '\\"')
        shown = self.name if _PLAIN.fullmatch(self.name) else f'"{quoted}"'
        return f"{shown} <{self.wire}>"


def _encoded(name: str) -> str:
    """Return encoded words of whole characters, each below 75 bytes."""
    parts = [""]
    for char in name:
        if len((parts[-1] + char).encode()) > _WORD_BYTES:
            parts.append("")
        parts[-1] += char
    words = (base64.b64encode(part.encode()).decode() for part in parts)
    return "\r\n ".join(f"=?utf-8?b?{word}?=" for word in words)


def check(mailbox: Mailbox, field: str) -> Checked:
    """Return an address ready for the wire.

    Raises:
        MailInvalidError: it is none, or its name would break a header.
    """
    try:
        found = validate_email(mailbox.address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise MailInvalidError(f"{mailbox.address!r}: {error}", field=field) from None
    one_line(mailbox.address, field)
    return Checked(
        given=mailbox.address,
        local=found.ascii_local_part or found.local_part,
        domain=found.ascii_domain or "",
        name=one_line(mailbox.name, f"{field}.name"),
    )


def check_all(mailboxes: list[Mailbox], field: str) -> list[Checked]:
    """Return addresses ready for the wire; the first wrong one is named."""
    return [check(one, f"{field}.{number}") for number, one in enumerate(mailboxes)]


def unique(addresses: list[Checked]) -> list[Checked]:
    """Return each address once: two RCPT for one address are two mails at some servers."""
    found: dict[str, Checked] = {}
    for one in addresses:
        found.setdefault(one.wire, one)
    return list(found.values())
