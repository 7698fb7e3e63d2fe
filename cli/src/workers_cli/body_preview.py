"""A message's body as a person may see it: without secrets and personal data."""

import json
import re
from typing import Any

from workers_runtime.redaction import MASK, redact, redact_text

MAX_TEXT = 4_000

# A name and its value in text that only resembles JSON; the value may lack its end.
_PAIR = re.compile(
    r"""(["']?)(?<![\w-])([A-Za-z_][\w-]*)\1\s*[:=]\s*("(?:[^"\\]|\\.)*"?|'[^']*'?|[^,}\s]+)"""
)


def preview(body: bytes) -> Any:
    """Return the body's JSON with secrets masked; for other texts their start; else a remark."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return f"[{len(body)} bytes that are not UTF-8 text]"
    try:
        return redact(json.loads(text))
    except ValueError:
        return _broken(text)


def _broken(text: str) -> str:
    # More is looked at than is shown, so that no secret is cut in two before it is seen.
    shown = _PAIR.sub(_mask, redact_text(text[: 4 * MAX_TEXT]))
    return shown if len(shown) <= MAX_TEXT else f"{shown[:MAX_TEXT]}... [{len(text)} characters]"


def _mask(pair: re.Match[str]) -> str:
    hidden = redact("value", pair.group(2)) == MASK
    return f"{pair.group(2)}: {MASK}" if hidden else pair.group()
