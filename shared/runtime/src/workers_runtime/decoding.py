"""The gate: bytes become a command, or an error that says which field and what to do."""

from difflib import get_close_matches
from typing import Any, TypeVar

from aio_pika.abc import AbstractIncomingMessage
from pydantic import ValidationError

from workers_contracts.base import Command
from workers_contracts.topology import MAX_MESSAGE_BYTES

from .errors import InvalidMessageError, MessageTooLargeError
from .unreadable import UNREADABLE

MAX_PLACE = 200
"""Characters of a field's place: the publisher chose its name, and it becomes an AMQP header."""

CommandType = TypeVar("CommandType", bound=Command)


def decode(command: type[CommandType], raw: AbstractIncomingMessage) -> CommandType:
    """Return the command that the body holds.

    Raises:
        InvalidMessageError: not JSON, or a field is wrong; ``field`` names it.
        MessageTooLargeError: over 256 KiB.
    """
    if problem := (raw.headers or {}).get(UNREADABLE):
        raise InvalidMessageError(
            f"the AMQP properties cannot be read ({problem!s}); send ids, types and "
            "header names as UTF-8 text, and the timestamp in seconds since 1970"
        )
    if len(raw.body) > MAX_MESSAGE_BYTES:
        raise MessageTooLargeError(
            f"the message has {len(raw.body)} bytes, the limit is {MAX_MESSAGE_BYTES}; "
            "store the content and send an artifact reference"
        )
    if raw.content_encoding not in (None, "", "identity", "utf-8", "UTF-8"):
        raise InvalidMessageError(
            f"content_encoding is {raw.content_encoding!r}; send plain UTF-8 JSON, not compressed"
        )
    try:
        return command.model_validate_json(raw.body)
    except ValidationError as error:
        raise explain(command, error) from None


def explain(command: type[Command], error: ValidationError) -> InvalidMessageError:
    """Return the first problem as help; never with the value, which may be a secret."""
    problems = error.errors(include_input=False, include_url=False)
    field = place(problems[0]["loc"])
    texts = [_sentence(command, dict(problem)) for problem in problems[:5]]
    if len(problems) > len(texts):
        texts.append(f"and {len(problems) - len(texts)} more")
    return InvalidMessageError("; ".join(texts), field=field or None)


def place(location: tuple[int | str, ...]) -> str:
    """Return a field's place, for example ``lines[2].amount``, cut when it is very long."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text if len(text) <= MAX_PLACE else f"{text[:MAX_PLACE]}…"


def _sentence(command: type[Command], problem: dict[str, Any]) -> str:
    field = place(problem["loc"])
    if problem["type"] == "json_invalid":
        return (
            f"the body is not JSON ({problem['msg'].removeprefix('Invalid JSON: ')}); "
            f"send the fields of {command.key} as one JSON object in UTF-8"
        )
    if problem["type"] == "missing":
        return f"{field}: this field is required"
    if problem["type"] == "extra_forbidden":
        known = list(command.model_fields)
        near = get_close_matches(field, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known fields: {', '.join(known)}"
        return f"{field}: unknown field; {hint}"
    if problem["type"] == "union_tag_invalid":
        # pydantic's own words quote the value.
        context = problem["ctx"]
        return (
            f"{field}: {context['discriminator']} must be one of {context['expected_tags']}"
        ).removeprefix(": ")
    message = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"{field}: {message}" if field else message
