"""Some hundreds of kinds of bad message for a command, made from its JSON Schema and an example.

The schema is the contract: what it allows is not in here. Each kind has a stable name.
"""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from workers_contracts.base import Command, schema_of
from workers_contracts.topology import MAX_MESSAGE_BYTES
from workers_runtime.explaining import place as shown_place

from .bad_json import bad_json

_VALUES: dict[str, list[Any]] = {
    "string": ["", " ", "x", "true", "null", "7", "șțăâî", "x" * 5000],
    "integer": [0, 1, -1, 10**30],
    "number": [0.5, -1.5, 1e300, float("nan"), float("inf")],
    "boolean": [True, False],
    "null": [None],
    "array": [[], [None], ["x"], [[]], [{}]],
    "object": [{}, {"value": 1}, {"$ref": "#"}],
}
_BY_FORMAT = {
    "date": [
        "2026-13-01", "2026-02-30", "2026-00-10", "2026-10-00", "0000-01-01", "10000-01-01",
        "2026-10-5", "26-10-05", "20261005", "2026/10/05", "05.10.2026", "10/05/2026", "today",
        " 2026-10-05", "2026-10-05 ", "2026-10-05\n", "2026-10-05T00:00:00", "2026-10-05T00:00:00Z",
        "2026-10", "2026", "-2026-10-05", "+2026-10-05", "1700000000",
        "２０２６-10-05", "2026-W41-1",
    ],
}  # fmt: skip
_BY_PATTERN = [
    "ro", "Ro", "R", "ROU", "RO ", " RO", "RO\n", "R0", "40", "R-", "ＲＯ", "РО", "RÖ", "R\u200bO",
    "*", "%", "${RO}", "../RO", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0x" + "0" * 62,
]  # fmt: skip
_FISCAL_CODES = [
    "12345675", "1", "0", "00", "12345678901", "1234567890123", "RO", "RO RO 12345674", "ROX",
    "DE123456788", "1234-5674", "12345674.", "+12345674", "-12345674", "1e7", "0x12",
    "１２３４５６７４",
    "12345674,87654329", "12345674;", "'12345674'", "O12345674", "RO1234567４",
]  # fmt: skip
_TENANTS = {
    "of one blank": " ", "with a blank": "a b", "with a letter of Romanian": "țară",
    "of 129 characters": "x" * 129, "with a line end": "a\nb", "with NUL": "a\x00b",
    "with a quote": "a' OR '1'='1", "with markup": "<b>a</b>", "with a semicolon": "a;b",
    "with a comma": "a,b", "with braces": "{a}", "with a percent sign": "a%20b",
    "with a backslash": "a\\b", "with a star": "*", "with a hash": "#", "that is a list": ["a"],
    "that is a table": {"a": 1}, "with a zero-width blank": "a\u200bb",
}  # fmt: skip
_ENCODINGS = (
    "gzip",
    "deflate",
    "br",
    "zstd",
    "compress",
    "base64",
    "utf-16",
    "latin-1",
    "ascii,gzip",
)


@dataclasses.dataclass(frozen=True)
class Bad:
    """A message that must be refused, and what the refusal must name."""

    body: bytes
    field: str | None = None
    """Place of the field that is wrong; None when none is."""
    properties: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def bad_input(command: type[Command], valid: Mapping[str, Any]) -> dict[str, Bad]:
    """Return every kind by its name.

    Args:
        command: whose schema decides.
        valid: an example that is accepted; its fields are the ones that get bent.
    """
    schema = schema_of(command)
    text = json.dumps(valid, ensure_ascii=False)
    made = {name: Bad(body) for name, body in bad_json(text).items()}
    for name, bent, place in _bent(schema, schema, dict(valid), ""):
        made[name] = Bad(_dump(bent), place)
    for name in schema["properties"]:
        made[f"{name} twice"] = Bad(_twice(name, valid), name)
        long = {**valid, name: "x" * MAX_MESSAGE_BYTES}
        made[f"{name} over the limit"] = Bad(_dump(long))
    for name, tenant in _TENANTS.items():
        made[f"tid {name}"] = Bad(_dump(valid), "tid", {"headers": {"tid": tenant}})
    for encoding in _ENCODINGS:
        made[f"encoding {encoding}"] = Bad(_dump(valid), None, {"content_encoding": encoding})
    return made


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _twice(name: str, valid: Mapping[str, Any]) -> bytes:
    value = json.dumps(valid.get(name))
    rest = json.dumps({key: other for key, other in valid.items() if key != name})[1:-1]
    return f'{{"{name}": {value}, {rest}{", " if rest else ""}"{name}": {value}}}'.encode()


def _bent(
    root: Mapping[str, Any], schema: Mapping[str, Any], valid: dict[str, Any], place: str
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Bend each field of an object, and those of the objects in it; yields the place too."""
    for name, description in schema["properties"].items():
        where = f"{place}.{name}" if place else name
        kinds, inner = _kinds(root, description)
        if name in schema.get("required", []):
            yield f"{where} missing", {k: v for k, v in valid.items() if k != name}, where
        for number, value in enumerate(_wrong(where, description, kinds)):
            shown = json.dumps(value, ensure_ascii=True)[:40]
            yield f"{where} wrong {number}: {shown}", {**valid, name: value}, where
        for typo in _typos(name, schema["properties"]):
            wrong = shown_place((place, typo) if place else (typo,))
            yield f"{wrong} unknown, near {where}", {**valid, typo: valid.get(name)}, wrong
        if inner and isinstance(valid.get(name), dict):
            for kind, bent, deeper in _bent(root, inner, deepcopy(valid[name]), where):
                yield kind, {**valid, name: bent}, deeper


def _kinds(
    root: Mapping[str, Any], description: Mapping[str, Any]
) -> tuple[set[str], Mapping[str, Any] | None]:
    """Return the JSON types that a field may have, and the schema of an object among them."""
    options = description.get("anyOf", [description])
    kinds = {option.get("type", "object") for option in options}
    references = [option["$ref"] for option in options if "$ref" in option]
    inner = root["$defs"][references[0].rsplit("/", 1)[-1]] if references else None
    return kinds | ({"integer"} if "number" in kinds else set()), inner


def _wrong(place: str, description: Mapping[str, Any], kinds: set[str]) -> Iterator[Any]:
    for kind, values in _VALUES.items():
        if kind not in kinds:
            yield from values
    for option in description.get("anyOf", [description]):
        yield from _BY_FORMAT.get(option.get("format", ""), [])
        if "pattern" in option:
            # "$" alone would also match before a line end.
            whole = option["pattern"].replace("$", r"\Z")
            yield from (one for one in _BY_PATTERN if not re.search(whole, one))
        if "minLength" in option:
            yield from ("x" * n for n in range(option["minLength"]))
        if "maxLength" in option:
            yield from ("x" * (option["maxLength"] + more) for more in (1, 2, 100, 10_000))
        if "minimum" in option:
            yield from (option["minimum"] - less for less in (1, 2, 1000))
    if place in {"cif", "cui"}:
        yield from _FISCAL_CODES


def _typos(name: str, known: Mapping[str, Any]) -> list[str]:
    swapped = name[1] + name[0] + name[2:]
    camel = name.replace("_", " ").title().replace(" ", "")
    found = [
        name.upper(), name.title(), camel, swapped, name[:-1], name + name[-1], f"{name}s",
        f" {name}", f"{name} ", f"{name}\n", f"{name}_", f"_{name}", f"x-{name}", f"{name}.{name}",
        f"{name}[0]", f"{name}\u200b", name.replace("i", "ı").replace("a", "а") + "?", name * 3,
    ]  # fmt: skip
    return [typo for typo in dict.fromkeys(found) if typo not in known]
