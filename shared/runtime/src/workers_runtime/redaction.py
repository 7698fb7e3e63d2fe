"""Takes secrets and personal data out of anything that leaves the process as text."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "[redacted]"

_SECRET_KEYS = re.compile(
    r"(?i)(^|_)(token|secret|password|passwd|authorization|api_?key|cookie|cnp|iban|xml|body)$"
)
_PATTERNS = (
    # pydantic quotes what it refused; that may be anything.
    re.compile(r"(?s)input_value=.*?(?=, input_type=)"),
    # JSON web tokens: three base64url parts.
    re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    # user:password@ in an address.
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(r"(?i)\b(?:access_token|refresh_token|client_secret|password)=[^&\s]+"),
    re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b"),
)
_CNP = re.compile(r"(?<!\d)[1-9]\d{12}(?!\d)")
_CNP_WEIGHTS = (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)


def _mask_cnp(match: re.Match[str]) -> str:
    digits = match.group()
    total = sum(int(d) * w for d, w in zip(digits, _CNP_WEIGHTS, strict=False)) % 11
    # Thirteen digits with a right control digit are a person; others may be an order number.
    return MASK if int(digits[-1]) == (1 if total == 10 else total) else digits


def redact_text(text: str) -> str:
    """Mask tokens, passwords in addresses, IBANs and personal numbers (CNP) in a text."""
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return _CNP.sub(_mask_cnp, text)


def redact(value: Any, key: str = "") -> Any:
    """Return ``value`` with secrets masked, by key names and by what texts look like."""
    if key and _SECRET_KEYS.search(key) and value not in (None, ""):
        return MASK
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {k: redact(v, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    if isinstance(value, bytes):
        return f"[{len(value)} bytes]"
    return value


def redact_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Mask a log line; a structlog processor."""
    return {key: redact(value, key) for key, value in event.items()}
