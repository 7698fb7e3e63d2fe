"""The gate: bytes become a command, or an error that says which field and what to do.

What the published JSON Schema refuses is refused here: no number is read as a day, no text as a
number, and a field that is there twice is not a choice that the worker makes.
"""

import json
from typing import Any, TypeVar

from aio_pika.abc import AbstractIncomingMessage
from pydantic import ValidationError

from workers_contracts.base import Command
from workers_contracts.topology import MAX_MESSAGE_BYTES

from .errors import InvalidMessageError, MessageTooLargeError
from .explaining import explain, place
from .unreadable import UNREADABLE

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
        decoded = command.model_validate_json(raw.body, strict=True)
    except ValidationError as error:
        raise explain(command, error, raw.body) from None
    if doubled := _doubled(raw.body):
        field = place(doubled)
        raise InvalidMessageError(f"{field}: this field is there twice; send it once", field=field)
    return decoded


class _Doubled(tuple[str, ...]):
    """Where a name stands twice in one object."""

    __slots__ = ()


def _doubled(body: bytes) -> tuple[str, ...] | None:
    # Readers disagree on which of the two counts, so neither does.
    found = _READER.decode(body.decode())
    return found if isinstance(found, _Doubled) else None


def _named_once(pairs: list[tuple[str, Any]]) -> Any:
    seen: dict[str, Any] = {}
    for name, value in pairs:
        if isinstance(value, _Doubled):
            return _Doubled((name, *value))
        if name in seen:
            return _Doubled((name,))
        seen[name] = value
    return seen


_READER = json.JSONDecoder(object_pairs_hook=_named_once)
