"""The gate of headers: nothing that ends a line gets into one. No I/O."""

import re
import unicodedata
from collections.abc import Mapping

from .errors import MailInvalidError

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_OWN = re.compile(
    r"(?i)(from|sender|to|cc|bcc|reply-to|subject|date|message-id|in-reply-to|references|"
    r"return-path|received|delivered-to|mime-version|content-.*|dkim-.*|arc-.*|"
    r"authentication-results|list-unsubscribe.*|auto-submitted|importance|x-priority|resent-.*)"
)
"""Headers that this worker writes, or that tell a server where a mail comes from."""

_LONGEST = 900
"""Bytes of a header's value: a line may have 998 (RFC 5322, 2.1.1)."""


_ENCODED_WORD = re.compile(r"=\?.*\?=")
"""Python's library decodes it when a header is set, line ends included (RFC 2047)."""


def one_line(text: str, field: str) -> str:
    """Return the text; MailInvalidError when a reader could see a line end or control in it."""
    if _ENCODED_WORD.search(text):
        raise MailInvalidError(
            "has an encoded word (=?…?=): write the letters themselves, in UTF-8", field=field
        )
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") for char in text):
        raise MailInvalidError("has a line end or another control character", field=field)
    if len(text.encode()) > _LONGEST:
        raise MailInvalidError(f"is over {_LONGEST} bytes of UTF-8", field=field)
    return text


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse headers that would change who gets the mail or what it is.

    Raises:
        MailInvalidError: a name that is none or is the worker's own, or a value with a line end.
    """
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise MailInvalidError(
                f"{name!r} is no header's name: 1 to 64 letters, digits or hyphens", field="headers"
            )
        if _OWN.fullmatch(name):
            raise MailInvalidError(
                f"{name} is written by this worker or by servers; leave it out", field="headers"
            )
        one_line(value, f"headers.{name}")
    if len({name.lower() for name in headers}) < len(headers):
        raise MailInvalidError("a name is there twice", field="headers")
