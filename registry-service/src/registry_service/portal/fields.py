"""A JSON Schema as rows of a table, for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
MAX_DEPTH = 6
MAX_ROWS = 300


@dataclass(frozen=True)
class FieldRow:
    """One field; ``errors[].rule`` is a field of each element of a list."""

    path: str
    type: str
    required: bool
    description: str


def rows(schema: Schema, root: Schema) -> list[FieldRow]:
    """Return the fields of a schema; references point into ``root``."""
    found: list[FieldRow] = []
    for row in _rows(schema, root, "", 0):
        found.append(row)
        if len(found) >= MAX_ROWS:
            break
    return found


def resolved(value: Any, root: Schema) -> Schema:
    """Follow local references; a reference that leads nowhere is an empty schema."""
    for _ in range(10):
        if not isinstance(value, dict):
            return {}
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return value
        value = _pointed(reference, root) | {k: v for k, v in value.items() if k != "$ref"}
    return {}


def _pointed(reference: str, root: Any) -> Schema:
    if not reference.startswith("#/"):
        return {}
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        root = root.get(name) if isinstance(root, dict) else None
    return root if isinstance(root, dict) else {}


def _rows(schema: Schema, root: Schema, path: str, depth: int) -> Iterator[FieldRow]:
    schema = resolved(schema, root)
    properties = schema.get("properties")
    if not isinstance(properties, dict) or depth >= MAX_DEPTH:
        return
    required = schema.get("required")
    names = set(map(str, required)) if isinstance(required, list) else set()
    for name, part in properties.items():
        field = f"{path}.{name}".removeprefix(".")
        whole = resolved(part, root)
        yield FieldRow(
            field, type_text(part, root), name in names, str(whole.get("description", ""))
        )
        for inner, suffix in _inner(whole, root):
            yield from _rows(inner, root, field + suffix, depth + 1)


def _inner(schema: Schema, root: Schema) -> Iterator[tuple[Schema, str]]:
    for option in _options(schema, root):
        if isinstance(option.get("items"), dict):
            yield option["items"], "[]"
        elif "properties" in option:
            yield option, ""


def _options(schema: Schema, root: Schema) -> list[Schema]:
    schema = resolved(schema, root)
    parts = schema.get("anyOf") or schema.get("oneOf")
    if not isinstance(parts, list):
        return [schema]
    return [option for part in parts for option in _options_of(part, root)]


def _options_of(part: Any, root: Schema) -> list[Schema]:
    # Unions of unions are not written by hand; one level keeps hostile documents from recursing.
    return [resolved(part, root)]


def type_text(part: Any, root: Schema) -> str:
    """Return a type in words, for example ``text (date-time) or null``."""
    return " or ".join(dict.fromkeys(_one_type(option, root) for option in _options(part, root)))


def _one_type(schema: Schema, root: Schema) -> str:
    if "const" in schema:
        return repr(schema["const"])
    if isinstance(schema.get("enum"), list):
        return " | ".join(str(value) for value in schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        items = resolved(schema.get("items", {}), root)
        return f"list of {items.get('title') or items.get('type', 'any')}"
    if kind == "object":
        return str(schema.get("title") or "object")
    limits = [str(schema["format"])] if "format" in schema else []
    limits += [f"{sign} {schema[word]}" for word, sign in _LIMITS.items() if word in schema]
    return f"{kind} ({', '.join(limits)})" if limits else str(kind)


_LIMITS = {
    "minimum": "≥",
    "maximum": "≤",
    "minLength": "length ≥",
    "maxLength": "length ≤",
    "pattern": "pattern",
}
