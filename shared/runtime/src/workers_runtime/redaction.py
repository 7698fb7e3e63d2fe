"""Takes secrets and personal data out of anything that leaves the process as text."""

import re
from collections.abc import Mapping, MutableMapping
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

MASK = "[redacted]"

_SECRET_KEYS = re.compile(
    r"(?i)(^|[_-])(token|secret|password|passwd|authorization|api[_-]?key|cookie|cnp|iban|xml|body)$"
)
_DEEPEST = 20
"""Nesting of a value in a log line; below it is only said that there is more."""

_PATTERNS = (
    # pydantic quotes what it refused; that may be anything.
    re.compile(r"(?s)input_value=.*?(?=, input_type=|\Z)"),
    # JSON web tokens: three base64url parts.
    re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    # user:password@ in an address; Redis addresses have no user.
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s]+(?=@)"),
    re.compile(
        r"(?i)\b(?:access_token|refresh_token|client_secret|password)\"?\s?[=:]\s?\"?[^&\s\",}]+"
    ),
    re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b"),
)
# An IBAN as people write it, in groups of four.
_SPACED_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?: [A-Za-z0-9]{4}){2,7}(?: [A-Za-z0-9]{1,4})?\b")
# Not a Message-ID of ours, which is a digest before the @.
_ADDRESS = re.compile(r"(?<![\w.+-])(?![0-9a-f]{32}@)[\w.+-]{1,64}(?=@[\w-]+\.\w)")
_CNP = re.compile(r"(?<!\d)[1-9]\d{12}(?!\d)")
_CNP_WEIGHTS = (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)


def _mask_cnp(match: re.Match[str]) -> str:
    digits = match.group()
    total = sum(int(d) * w for d, w in zip(digits, _CNP_WEIGHTS, strict=False)) % 11
    # Thirteen digits with a right control digit are a person; others may be an order number.
    return MASK if int(digits[-1]) == (1 if total == 10 else total) else digits


def _mask_iban(match: re.Match[str]) -> str:
    compact = match.group().replace(" ", "").upper()
    number = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
    return MASK if int(number) % 97 == 1 else match.group()


def redact_text(text: str) -> str:
    """Mask tokens, passwords in addresses, IBANs and personal numbers (CNP) in a text."""
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return _CNP.sub(_mask_cnp, _SPACED_IBAN.sub(_mask_iban, text))


def redact(value: Any, key: str = "", depth: int = 0) -> Any:
    """Return ``value`` as plain data with secrets masked, by key names and by how texts look."""
    if key and _SECRET_KEYS.search(key) and value not in (None, ""):
        return MASK
    if value is None or isinstance(value, bool | float | date | time | timedelta | UUID):
        return value
    if isinstance(value, int):
        text = redact_text(str(value))
        return text if text == MASK else value
    if isinstance(value, bytes | bytearray):
        return f"[{len(value)} bytes]"
    if depth > _DEEPEST:
        return "[deeper]"
    if isinstance(value, Mapping):
        return {k: redact(v, str(k), depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, "", depth + 1) for item in value]
    # Anything else would be rendered later, by its repr, unmasked.
    return redact_text(value if isinstance(value, str) else repr(value))


def redact_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Mask a log line; a structlog processor.

    Mail addresses too: who asked needs them in an event, nobody needs them in a log.
    """
    return {key: _without_people(redact(value, key)) for key, value in event.items()}


def _without_people(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_people(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_people(one) for one in value]
    return _ADDRESS.sub(MASK, value) if isinstance(value, str) and "@" in value else value
