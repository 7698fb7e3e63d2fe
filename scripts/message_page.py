"""docs/reference/messages.md, from the catalogue of commands and events."""

from inspect import cleandoc
from typing import Any

from workers_contracts.base import Message, schema_of
from workers_contracts.catalog import commands, events, failed_event
from workers_contracts.topology import COMMANDS, EVENTS, HEARTBEATS, MAX_MESSAGE_BYTES, dead_queue


def message_page() -> str:
    """Return the page's text."""
    parts = [_head(), _overview(), "## Commands\n"]
    parts += [_message(one) for one in commands().values()]
    parts.append("## Events\n")
    parts += [_message(one) for one in events().values()]
    return "\n".join(parts)


def _head() -> str:
    return f"""\
# Messages

Written by `./justw docs` from the catalogue; do not edit.

A command is flat JSON, published to the exchange `{COMMANDS}` with its key as routing key.
Its identity travels in AMQP properties: `message_id` (the same id is done once), `correlation_id`,
header `tid` (tenant), header `traceparent`. Unknown fields are refused.

An event is a CloudEvents 1.0 envelope on the exchange `{EVENTS}` (heartbeats: `{HEARTBEATS}`);
the fields below are its `data`. Ignore fields that you do not know.

A message is at most {MAX_MESSAGE_BYTES // 1024} KiB; larger contents are given as an artifact.
JSON Schemas are in `contracts/schemas/`, bodies to copy in `contracts/examples/`.
"""


def _overview() -> str:
    lines = ["| command | queue | dead letters | fails as |", "|---|---|---|---|"]
    for key, command in commands().items():
        queue = command.queue()
        mark = "" if command.is_public() else " (the worker's own follow-up)"
        failed = failed_event(command).key
        lines.append(f"| `{key}`{mark} | `{queue}` | `{dead_queue(queue)}` | `{failed}` |")
    return "\n".join([*lines, ""])


def _message(message: type[Message]) -> str:
    schema = schema_of(message)
    text = " ".join(cleandoc(message.__doc__ or "").split())
    lines = [f"### `{message.key}`", "", text, "", *_table(schema)]
    nested = schema.get("$defs", {})
    for name, definition in nested.items():
        lines += [
            "",
            f"`{name}`: {' '.join(definition.get('description', '').split())}".rstrip(": "),
        ]
        lines += ["", *_table(definition)]
    return "\n".join([*lines, ""])


def _table(schema: dict[str, Any]) -> list[str]:
    required = set(schema.get("required", []))
    lines = ["| field | type | required | meaning |", "|---|---|---|---|"]
    for name, value in schema.get("properties", {}).items():
        there = "yes" if name in required else "no"
        text = " ".join(value.get("description", "").replace("|", "/").split())
        lines.append(f"| `{name}` | {type_of(value)} | {there} | {text} |")
    return lines


def type_of(value: dict[str, Any]) -> str:
    """Say a JSON Schema's type in a few words."""
    if "$ref" in value:
        return f"`{value['$ref'].rsplit('/', 1)[-1]}`"
    if "anyOf" in value:
        return " or ".join(type_of(one) for one in value["anyOf"])
    if "enum" in value:
        return "one of " + ", ".join(f"`{one}`" for one in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    if value.get("type") == "array":
        return f"list of {type_of(value.get('items', {}))}"
    return str(value.get("format") or value.get("type") or "anything")
