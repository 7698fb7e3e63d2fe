"""What Slack checks in blocks, with a JSON pointer for each fault. A part of its rules."""

from typing import Any

_TYPES = frozenset(
    {"actions", "context", "divider", "file", "header", "image", "input", "markdown", "rich_text",
     "section", "table", "video"}
)  # fmt: skip


def faults(blocks: object) -> list[str]:
    """Texts like `[ERROR] … [json-pointer:/blocks/0/text]`; none when the blocks are right."""
    if not isinstance(blocks, list):
        return ["[ERROR] blocks must be an array [json-pointer:/blocks]"]
    found = []
    if len(blocks) > 50:
        found.append("[ERROR] no more than 50 items allowed [json-pointer:/blocks]")
    for number, block in enumerate(blocks):
        found += [f"[ERROR] {text} [json-pointer:/blocks/{number}{path}]" for text, path in
                  _faults(block)]  # fmt: skip
    return found


def _faults(block: Any) -> list[tuple[str, str]]:
    if not isinstance(block, dict) or block.get("type") not in _TYPES:
        return [("unsupported type", "/type")]
    text = block.get("text")
    if block["type"] == "header" and (not isinstance(text, dict) or len(_text(text)) > 150):
        return [("must be less than 151 characters", "/text/text")]
    if block["type"] == "section" and len(_text(text)) > 3000:
        return [("must be less than 3001 characters", "/text/text")]
    if block["type"] == "section" and text is None and not block.get("fields"):
        return [("missing required field: text", "")]
    return []


def _text(value: object) -> str:
    return str(value.get("text", "")) if isinstance(value, dict) else ""


def length(value: object) -> int:
    """Characters of all texts: over 13 200 Slack refuses the message."""
    if isinstance(value, dict):
        return sum(len(v) if k == "text" and isinstance(v, str) else length(v)
                   for k, v in value.items())  # fmt: skip
    return sum(map(length, value)) if isinstance(value, list) else 0
