"""What is wrong with a message, as help: the field, what it must be, and what it means."""

import codecs
import json
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from workers_contracts.base import Command

from .errors import InvalidMessageError

MAX_PLACE = 200
"""Characters of a field's place: the publisher chose its name, and it becomes an AMQP header."""

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PLAINLY = {
    "EOF while parsing": "it ends inside",
    "trailing characters": "something follows the first value",
    "expected ident": "this is no value of JSON",
    "invalid unicode code point": "this is not UTF-8",
    "recursion limit exceeded": "it is nested too deeply",
    "unexpected end of hex escape": "half of a surrogate pair",
    "lone leading surrogate in hex escape": "half of a surrogate pair",
    "control character (\\u0000-\\u001F) found while parsing a string": "a control character in a "
    "string, write it as an escape",
}
"""The JSON reader's words, and ours."""

_DAY = "must be a day as text, YYYY-MM-DD, for example 2026-10-05"
_MUST = {
    "string_type": "must be text, in quotes",
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "date_type": _DAY,
    "date_parsing": _DAY,
    "list_type": "must be a list, in square brackets",
    "tuple_type": "must be a list, in square brackets",
    "model_type": "must be an object, in curly brackets",
}
_COUNTS = {
    "too_short": "must have {min_length} or more entries, it has {actual_length}",
    "too_long": "must have {max_length} entries at most, it has {actual_length}",
}
_PATTERNS = {
    "^[A-Z]{3}$": "three capital letters, for example EUR",
    "^[A-Z]{2}$": "two capital letters, for example RO",
    "^[A-Z0-9]{2}$": "two capital letters or digits, for example RO",
    "^[0-9]{1,20}$": "1 to 20 digits, as text",
    "^[0-9a-f]{64}$": "a SHA-256: 64 digits 0 to 9 and a to f",
}
"""The contracts' patterns that people meet, in words."""


def explain(
    command: type[Command], error: ValidationError, body: bytes = b""
) -> InvalidMessageError:
    """Return the first problems as help; never with the value, which may be a secret."""
    problems = error.errors(include_input=False, include_url=False)
    # A check of the whole message names the field that it is about.
    field = place(problems[0]["loc"]) or problems[0].get("ctx", {}).get("field")
    texts = [_sentence(command, dict(problem), body) for problem in problems[:5]]
    if len(problems) > len(texts):
        texts.append(f"and {len(problems) - len(texts)} more")
    return InvalidMessageError("; ".join(texts), field=field or None)


def place(location: tuple[int | str, ...]) -> str:
    """Return a field's place, for example ``lines[2].amount``, cut when it is very long."""
    text = ""
    for part in location:
        name = str(part)
        if not name.isprintable() or name != name.strip() or not name:
            name = json.dumps(name)  # a blank or a line end that nobody would see
        text += f"[{part}]" if isinstance(part, int) else f".{name}" if text else name
    return text if len(text) <= MAX_PLACE else f"{text[:MAX_PLACE]}…"


def _sentence(command: type[Command], problem: dict[str, Any], body: bytes) -> str:
    location, kind = problem["loc"], problem["type"]
    if kind == "json_invalid":
        return (
            f"the body is not JSON ({_no_json(problem, body)}); "
            f"send the fields of {command.key} as one JSON object in UTF-8"
        )
    if not location and kind == "model_type":
        names = ", ".join(command.model_fields)
        return f"the body must be one JSON object with the fields of {command.key}: {names}"
    field = place(location)
    if kind == "extra_forbidden":
        return f"{field}: {_unknown(command, location)}"
    if kind == "union_tag_invalid":
        # pydantic's own words quote the value.
        context = problem["ctx"]
        return (
            f"{field}: {context['discriminator']} must be one of {context['expected_tags']}"
        ).removeprefix(": ")
    message = _must(problem)
    meaning = _meaning(command, location)
    if meaning and kind != "value_error":
        message = f"{message} ({meaning})"
    return f"{field}: {message}" if field else message


def _no_json(problem: dict[str, Any], body: bytes) -> str:
    if not body.strip():
        return "it is empty"
    if body.startswith(_MARKS):
        return "it begins with a byte order mark; leave that out"
    text = str(problem["msg"]).removeprefix("Invalid JSON: ")
    for theirs, ours in _PLAINLY.items():
        text = text.replace(theirs, ours)
    return text


def _must(problem: dict[str, Any]) -> str:
    kind = problem["type"]
    if kind == "missing":
        return "this field is required"
    if kind in _MUST:
        return _MUST[kind]
    context = problem.get("ctx", {})
    if kind in _COUNTS and context.get("actual_length") is not None:
        return _COUNTS[kind].format_map(context)
    if kind == "string_pattern_mismatch" and context.get("pattern") in _PATTERNS:
        return f"must be {_PATTERNS[context['pattern']]}"
    text = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    for subject in ("Input should", "String should", "List should", "Value should"):
        text = text.replace(subject, "must")
    return text


def _unknown(command: type[Command], location: tuple[int | str, ...]) -> str:
    model = _model(command, location[:-1]) or command
    known, name = list(model.model_fields), str(location[-1])
    near = get_close_matches(name.strip().lower().replace("-", "_"), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known fields: {', '.join(known)}"
    return f"unknown field; {hint}"


def _meaning(command: type[Command], location: tuple[int | str, ...]) -> str:
    """Return what the contract says of a field."""
    model = _model(command, location[:-1]) if location else None
    field = model.model_fields.get(str(location[-1])) if model else None
    return (field.description or "").rstrip(".") if field else ""


def _model(command: type[Command], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the model at a place; None where there is another thing."""
    model: type[BaseModel] | None = command
    for part in location:
        if isinstance(part, str):
            field = model.model_fields.get(part) if model else None
            model = _inside(field.annotation) if field else None
    return model


def _inside(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inside, get_args(annotation))), None)
