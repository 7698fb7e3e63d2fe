"""The body of a command: read from a file, standard input and fields, checked by its contract."""

import json
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workers_contracts.base import Command, schema_of
from workers_contracts.catalog import commands, events
from workers_contracts.topology import MAX_MESSAGE_BYTES
from workers_runtime.explaining import explain

from .errors import BodyTooLargeError, ContractError, InputError, UnknownKeyError, UsageError

STDIN = "-"


def command_for(key: str) -> type[Command]:
    """Return the command with this routing key.

    Raises:
        UnknownKeyError: there is none, or it is a worker's own follow-up.
    """
    public = {name: command for name, command in commands().items() if command.is_public()}
    if key in public:
        return public[key]
    if key in commands():
        raise UnknownKeyError(
            f"{key} is the worker's own follow-up command; other programs do not send it",
            f"`workers send {key} --no-check ...` if you are sure",
        )
    near = get_close_matches(key, public, n=1)
    if key in events():
        domain = key.split(".", 1)[0]
        own = [name for name in public if name.startswith(f"{domain}.")]
        # A worker's main command first: it has no verb.
        near = sorted(own, key=lambda name: public[name].verb is not None) or near
        what = f"{key} is an event, which only workers publish"
    else:
        what = f"no command has the key {key}"
    hint = f"did you mean {near[0]}?" if near else f"commands: {', '.join(public)}"
    raise UnknownKeyError(f"{what}; {hint}", f"workers send {near[0] if near else 'KEY'} --help")


def read_body(command: type[Command] | None, source: str | None, fields: Sequence[str]) -> bytes:
    """Return the body as it goes on the wire: the file's bytes, with the fields over them.

    Raises:
        UsageError: there is neither a file nor a field.
        InputError: the file cannot be read as text, or is empty.
        BodyTooLargeError: over the limit of a message.
    """
    if source is None and not fields:
        raise UsageError(
            "there is no body: give a file, - for standard input, or --field name=value",
            "workers send --help",
        )
    body = _text_of(source).encode() if source is not None else b""
    if fields:
        body = _with_fields(command, body, source, fields)
    if len(body) > MAX_MESSAGE_BYTES:
        raise BodyTooLargeError(
            f"the body has {len(body)} bytes, the limit of a message is {MAX_MESSAGE_BYTES}",
            "store the document where the workers can read it and send an artifact reference: "
            '--field \'artifact={"uri": ..., "sha256": ..., "size": ..., "media_type": ...}\'',
        )
    return body


def check(command: type[Command], body: bytes) -> None:
    """Check a body by its contract, as the worker will.

    Raises:
        ContractError: it does not fit; ``field`` names the first field that is wrong.
    """
    try:
        command.model_validate_json(body)
    except ValidationError as error:
        problem = explain(command, error)
        raise ContractError(
            str(problem), f"correct it; the fields of {command.key}: {_signature(command)}",
            field=problem.field,
        ) from None  # fmt: skip


def _signature(command: type[Command]) -> str:
    fields = command.model_fields.items()
    return ", ".join(name if field.is_required() else f"[{name}]" for name, field in fields)


def _text_of(source: str) -> str:
    name = "standard input" if source == STDIN else source
    text = _decoded(_bytes_of(source), name)
    if not text.strip():
        raise InputError(f"{name} is empty", "give the command's fields as one JSON object")
    return text


def _bytes_of(source: str) -> bytes:
    if source == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file {source}", f"ls {Path(source).parent}") from None
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}", f"ls -l {source}") from None


def _decoded(content: bytes, name: str) -> str:
    try:
        # An editor's byte order mark is no part of the text.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 text (byte {error.start})",
            "give JSON or XML in UTF-8; a binary document is stored as an artifact",
        ) from None


def _with_fields(
    command: type[Command] | None, body: bytes, source: str | None, fields: Sequence[str]
) -> bytes:
    try:
        base = json.loads(body) if body else {}
    except ValueError as error:
        raise InputError(f"{source} is not JSON: {error}", "correct it") from None
    if not isinstance(base, dict):
        raise InputError(f"{source} is not one JSON object", "--field needs an object to add to")
    schema: dict[str, Any] = schema_of(command).get("properties", {}) if command else {}
    for text in fields:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(
                f"--field {name or text!r} has no value",
                "--field name=value, or name=@file for a file's text",
            )
        base[name] = _value(value, schema.get(name))
    return json.dumps(base, ensure_ascii=False).encode()


def _value(text: str, schema: dict[str, Any] | None) -> Any:
    if text.startswith("@@"):
        return text[1:]
    if text.startswith("@"):
        text = _text_of(text[1:])
    if schema is None or _takes_text(schema):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _takes_text(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "string" or any(
        option.get("type") == "string" for option in schema.get("anyOf", [])
    )
