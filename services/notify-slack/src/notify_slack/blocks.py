"""Block Kit: Slack's limits, and texts that alert nobody. No I/O.

Source: Slack's block reference. The sum of all texts is refused by Slack near 13 200 characters
(slackapi/bolt-js#2509); 12 000 stays below it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import mentions
from .errors import MessageRefusedError

Block = dict[str, Any]
MAX_SUM = 12_000
KNOWN = ("actions", "context", "divider", "header", "image", "markdown", "rich_text", "section")
_LENGTHS: Mapping[str, Mapping[str, int]] = {
    "header": {"text.text": 150},
    "section": {"text.text": 3000},
    "image": {"alt_text": 2000, "image_url": 3000, "title.text": 2000},
    "markdown": {"text": 12_000},
    "button": {"text.text": 75, "value": 2000, "url": 3000},
}
_COUNTS: Mapping[str, Mapping[str, int]] = {
    "section": {"fields": 10},
    "context": {"elements": 10},
    "actions": {"elements": 25},
}
_FIELD_LENGTH = 2000
_BLOCK_ID = 255
# What machines read; everything else that is text may be shown to people.
_NOT_SHOWN = frozenset(
    {"type", "block_id", "action_id", "url", "image_url", "value", "style", "timezone", "name"}
)
# Elements of rich text that alert people, and what tells whom.
_ALERTS = {"user": "user_id", "usergroup": "usergroup_id", "broadcast": "range"}


def check(blocks: list[Block]) -> None:
    """Refuse what Slack would refuse, naming the place.

    Raises:
        MessageRefusedError: over a limit, of an unknown type, or a name used twice.
    """
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        place, kind = f"blocks.{number}", str(block.get("type", ""))
        if kind not in KNOWN:
            known = ", ".join(KNOWN)
            raise MessageRefusedError(f"type {kind!r} is none of {known}", field=f"{place}.type")
        name = str(block.get("block_id", ""))
        if name in seen - {""}:
            raise MessageRefusedError("is used twice", field=f"{place}.block_id")
        seen.add(name)
        _limit(f"{place}.block_id", len(name), _BLOCK_ID, "characters")
        _check_one(block, kind, place)
    _limit("blocks", sum(map(_length, blocks)), MAX_SUM, "characters of text in all")


def _check_one(block: Block, kind: str, place: str) -> None:
    if kind == "header" and _at(block, "text.type") != "plain_text":
        raise MessageRefusedError("a header takes plain_text only", field=f"{place}.text.type")
    for path, longest in _LENGTHS.get(kind, {}).items():
        _limit(f"{place}.{path}", len(str(_at(block, path) or "")), longest, "characters")
    for path, most in _COUNTS.get(kind, {}).items():
        _limit(f"{place}.{path}", len(_list(block, path)), most, "entries")
    for number, one in enumerate(_list(block, "fields")):
        _limit(f"{place}.fields.{number}", _length(one), _FIELD_LENGTH, "characters")
    elements = [(f"{place}.elements.{n}", one) for n, one in enumerate(_list(block, "elements"))]
    if "accessory" in block:
        elements.append((f"{place}.accessory", block["accessory"]))
    for inner, element in elements:
        if isinstance(element, dict) and element.get("type") in ("button", "image"):
            _check_one(element, str(element["type"]), inner)


def _limit(place: str, size: int, most: int, unit: str) -> None:
    if size > most:
        raise MessageRefusedError(f"{size} {unit}, Slack takes {most}", field=place)


def _at(value: object, path: str) -> object:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _list(block: Block, name: str) -> list[Any]:
    value = block.get(name)
    return value if isinstance(value, list) else []


def _length(value: object) -> int:
    return sum(len(text) for text in _shown(value))


def _shown(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in _NOT_SHOWN:
                yield from _shown(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _shown(inner)
    elif isinstance(value, str):
        yield value


def inert(blocks: list[Block]) -> list[Block]:
    """Return blocks whose texts alert nobody."""
    return [_inert(block, mentions.label) for block in blocks]


def _inert(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_inert(one, mentions.label) for one in value]
    if not isinstance(value, dict):
        return value
    # Whatever else a type is, Slack refuses it.
    kind = str(value.get("type"))
    if kind in _ALERTS:
        return {"type": "text", "text": mentions.label(f"@{value.get(_ALERTS[kind], '')}")}
    inner = mentions.markdown if kind in ("mrkdwn", "markdown") else mentions.label
    made = {k: v if k in _NOT_SHOWN else _inert(v, inner) for k, v in value.items()}
    # Without it Slack looks for names by itself.
    return {**made, "verbatim": True} if kind == "mrkdwn" else made
