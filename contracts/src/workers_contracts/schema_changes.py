"""Differences between two JSON Schemas, each with its effect on the set of valid values."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

Schema = dict[str, Any]


class Effect(Enum):
    """What a change does to the set of values that are valid."""

    NARROWS = "narrows"
    WIDENS = "widens"
    REPLACES = "replaces"
    """Some old values are gone and some new ones came, or it cannot be told."""
    REMOVED = "removed"
    ADDED = "added"
    ADDED_REQUIRED = "added required"
    NOTE = "note"
    """No effect on validity, worth reading."""


@dataclass(frozen=True)
class Change:
    """One difference, at one field."""

    field: str
    what: str
    effect: Effect
    remedy: str = "take it back"
    publishers: str = "that send other values"
    subscribers: str = "that do not expect it"


_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_OPAQUE = ("pattern", "format", "multipleOf", "uniqueItems", "prefixItems", "not", "allOf",
           "contentEncoding", "propertyNames")  # fmt: skip


def changes(old: Schema, new: Schema) -> list[Change]:
    """List the differences between two schema documents, nested ``$defs`` included."""
    return list(_Walk(old, new).schema("", old, new))


class _Walk:
    """Compares two documents; knows which models it is inside, so that recursive ones end."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old_root, self._new_root = old, new
        self._open: set[tuple[str, str]] = set()

    def schema(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        before = _alternatives(old, self._old_root)
        after = _alternatives(new, self._new_root)
        yield from _default(path, old, new)
        if ("null" in before) != ("null" in after):
            yield _nullable(path, now="null" in after)
        before.pop("null", None)
        after.pop("null", None)
        if len(before) == len(after) == 1:
            (label, one), (new_label, other) = *before.items(), *after.items()
            if _json_type(one) == _json_type(other):
                yield from self._same_type(path, (label, new_label), one, other)
            else:
                yield _retyped(path, label, new_label)
            return
        yield from self._union(path, before, after)

    def _union(
        self, path: str, before: dict[str, Schema], after: dict[str, Schema]
    ) -> Iterator[Change]:
        for label in sorted(before.keys() - after.keys()):
            yield Change(path, f"no longer allows {label}", Effect.NARROWS, f"allow {label}",
                         f"that send {label}")  # fmt: skip
        for label in sorted(after.keys() - before.keys()):
            yield Change(path, f"now also allows {label}", Effect.WIDENS, f"leave {label} out")
        for label in sorted(before.keys() & after.keys()):
            yield from self._same_type(path, (label, label), before[label], after[label])

    def _same_type(
        self, path: str, labels: tuple[str, str], old: Schema, new: Schema
    ) -> Iterator[Change]:
        if labels in self._open:
            return
        if labels[0] in self._old_root.get("$defs", {}):
            self._open.add(labels)
        yield from self._content(path, old, new)
        self._open.discard(labels)

    def _content(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        yield from _values(path, old, new)
        yield from _bounds(path, old, new)
        yield from _opaque(path, old, new)
        if "properties" in old or "properties" in new:
            yield from self._properties(path, old, new)
        yield from self._inner(f"{path}[]", "items", old, new)
        yield from self._additional(path, old, new)

    def _inner(self, path: str, word: str, old: Schema, new: Schema) -> Iterator[Change]:
        before, after = old.get(word, {}), new.get(word, {})
        if isinstance(before, dict) and isinstance(after, dict) and (before or after):
            yield from self.schema(path, before, after)

    def _additional(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        yield from self._inner(f"{path}{{}}", "additionalProperties", old, new)
        closed = [part.get("additionalProperties") is False for part in (old, new)]
        if closed == [False, True]:
            yield Change(path, "now refuses unknown fields", Effect.NARROWS, "allow them",
                         "that send more fields")  # fmt: skip
        if closed == [True, False]:
            yield Change(path, "now takes unknown fields", Effect.WIDENS, "refuse them")

    def _properties(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required = set(old.get("required", ())), set(new.get("required", ()))
        for name in [*before, *(name for name in after if name not in before)]:
            field = f"{path}.{name}".removeprefix(".")
            if name not in after:
                yield Change(field, "was removed", Effect.REMOVED, "keep it", "that send it",
                             "that read it")  # fmt: skip
            elif name not in before:
                yield _added(field, required=name in required[1])
            else:
                yield from _requirement(field, name in required[0], name in required[1])
                yield from self.schema(field, before[name], after[name])


def _alternatives(schema: Schema, root: Schema) -> dict[str, Schema]:
    """Return the schemas a value may follow, by a label that survives a re-generation."""
    schema, name = _resolved(schema, root)
    parts = schema.get("anyOf") or schema.get("oneOf")
    if parts:
        merged: dict[str, Schema] = {}
        for part in parts:
            merged |= _alternatives(part, root)
        return merged
    types = schema.get("type")
    if isinstance(types, list):
        return {kind: schema | {"type": kind} for kind in types}
    return {name or _label(schema): schema}


def _label(schema: Schema) -> str:
    kind = _json_type(schema)
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _resolved(schema: Schema, root: Schema) -> tuple[Schema, str]:
    name = ""
    while "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        schema = root["$defs"][name] | {k: v for k, v in schema.items() if k != "$ref"}
    return schema, name


def _json_type(schema: Schema) -> str:
    if "type" in schema:
        return str(schema["type"])
    if "enum" in schema or "const" in schema:
        return "value"
    return "object" if "properties" in schema else "anything"


def _retyped(path: str, old: str, new: str) -> Change:
    widened = new == "anything" or (old == "integer" and new == "number")
    narrowed = old == "anything" or (old == "number" and new == "integer")
    effect = Effect.WIDENS if widened else Effect.NARROWS if narrowed else Effect.REPLACES
    return Change(path, f"changed its type from {old} to {new}", effect, f"keep {old}",
                  f"that send {old}", f"that read {old}")  # fmt: skip


def _nullable(path: str, *, now: bool) -> Change:
    if now:
        return Change(path, "may now be null", Effect.WIDENS, "leave null out",
                      subscribers="that do not expect null")  # fmt: skip
    return Change(path, "may no longer be null", Effect.NARROWS, "allow null", "that send null")


def _added(field: str, *, required: bool) -> Change:
    if required:
        return Change(field, "was added as required", Effect.ADDED_REQUIRED, "make it optional",
                      "that do not know it")  # fmt: skip
    return Change(field, "was added", Effect.ADDED)


def _requirement(field: str, before: bool, after: bool) -> Iterator[Change]:
    if after and not before:
        yield Change(field, "became required", Effect.NARROWS, "make it optional",
                     "that leave it out")  # fmt: skip
    if before and not after:
        yield Change(field, "is no longer always present", Effect.WIDENS, "keep it required",
                     subscribers="that count on it")  # fmt: skip


def _values(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = _allowed(old), _allowed(new)
    if before is None or after is None:
        if before is not None:
            yield Change(path, "now takes any value", Effect.WIDENS, "keep its values")
        elif after is not None:
            yield Change(path, f"now takes only {', '.join(after)}", Effect.NARROWS,
                         "take any value")  # fmt: skip
        return
    for value in [value for value in before if value not in after]:
        yield Change(path, f"lost the value {value}", Effect.NARROWS, "keep it", "that send it")
    for value in [value for value in after if value not in before]:
        yield Change(path, f"got the value {value}", Effect.WIDENS, "leave it out",
                     subscribers="that know only the old values")  # fmt: skip


def _allowed(schema: Schema) -> list[str] | None:
    if "const" in schema:
        return [json.dumps(schema["const"], ensure_ascii=False)]
    if "enum" in schema:
        return [json.dumps(value, ensure_ascii=False) for value in schema["enum"]]
    return None


def _bounds(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    for word, sign in [*((w, 1) for w in _LOWER), *((w, -1) for w in _UPPER)]:
        before, after = old.get(word), new.get(word)
        if before == after:
            continue
        narrower = before is None or (after is not None and (after - before) * sign > 0)
        effect = Effect.NARROWS if narrower else Effect.WIDENS
        what = f"changed {word} from {_shown(before)} to {_shown(after)}"
        yield Change(path, what, effect, f"keep {word} {_shown(before)}")


def _opaque(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    """Compare words whose inclusion cannot be computed: only presence tells the direction."""
    for word in _OPAQUE:
        before, after = old.get(word), new.get(word)
        if before == after:
            continue
        effect = Effect.REPLACES
        if before is None:
            effect = Effect.NARROWS
        elif after is None:
            effect = Effect.WIDENS
        what = f"changed {word} from {_shown(before)} to {_shown(after)}"
        yield Change(path, what, effect, f"keep {word} {_shown(before)}")


def _default(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    if "default" in old and "default" in new and old["default"] != new["default"]:
        before, after = (json.dumps(part["default"]) for part in (old, new))
        yield Change(path, f"changed its default from {before} to {after}", Effect.NOTE)


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
