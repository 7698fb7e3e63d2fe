"""The messages as JSON Schema files, for teams that do not write Python."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .base import Command, Message, schema_of
from .catalog import messages
from .heartbeat import WorkerStatus
from .topology import COMMANDS, EVENTS, HEARTBEATS, topology

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def exchange_of(message: type[Message]) -> str:
    """Name the exchange that a message is published to."""
    if issubclass(message, Command):
        return COMMANDS
    return HEARTBEATS if issubclass(message, WorkerStatus) else EVENTS


def document(message: type[Message]) -> dict[str, Any]:
    """Return one message's JSON Schema (2020-12) with its address on the bus.

    An event's schema describes the ``data`` of the CloudEvent. It is open everywhere: readers
    ignore fields they do not know, so that an event may grow.
    """
    schema = schema_of(message)
    head: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": f"urn:workers:schema:{message.key}",
        "title": schema.pop("title"),
        "description": schema.pop("description", ""),
        "x-kind": "command" if issubclass(message, Command) else "event",
        "x-exchange": exchange_of(message),
        "x-routing-key": message.key,
    }
    if issubclass(message, Command):
        head["x-queue"] = message.queue()
        head["x-public"] = message.is_public()
    else:
        schema = _opened(schema)
    return head | schema


def _opened(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_opened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = schema.get("additionalProperties") is False
    return {
        key: _opened(value)
        for key, value in schema.items()
        if not (closed and key == "additionalProperties")
    }


def documents() -> dict[str, dict[str, Any]]:
    """Return every message's schema by routing key."""
    return {key: document(message) for key, message in messages().items()}


def files() -> dict[str, str]:
    """Return the text of each schema file by file name, with the index and the topology."""
    schemas = documents()
    index = {
        key: {
            name.removeprefix("x-"): value
            for name, value in schema.items()
            if name in {"title", "description"} or name.startswith("x-")
        }
        | {"file": f"{key}.json"}
        for key, schema in schemas.items()
    }
    named = {f"{key}.json": schema for key, schema in schemas.items()}
    named["index.json"] = {"messages": index}
    named["topology.json"] = asdict(topology())
    return {name: _text(content) for name, content in named.items()}


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def stale(folder: Path) -> list[str]:
    """Name the files in ``folder`` that are missing, differ from the classes or are left over."""
    wanted = files()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(
        name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
    )


def write(folder: Path) -> list[str]:
    """Bring ``folder`` up to date and return the names of the files that changed."""
    changed = stale(folder)
    wanted = files()
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return changed


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the schemas kept in ``folder`` by routing key.

    Raises:
        FileNotFoundError: the folder holds no message schema.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        if "x-routing-key" in schema:
            found[schema["x-routing-key"]] = schema
    if not found:
        raise FileNotFoundError(f"no message schema in {folder}: give a folder of <key>.json files")
    return found
