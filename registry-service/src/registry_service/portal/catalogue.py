"""What the contracts say of each service, as AsyncAPI 3.0 documents."""

from functools import cache
from typing import Any

from workers_contracts.base import Command, Message
from workers_contracts.catalog import commands, messages
from workers_contracts.examples import examples
from workers_contracts.schemas import document, exchange_of
from workers_contracts.topology import HEARTBEATS

REGISTRY = "registry"
"""Reads the heartbeats, answers for unknown commands; it is no worker and has no tag."""

_TEXT = {"type": "string"}
ENVELOPE: dict[str, tuple[dict[str, Any], bool, str]] = {
    "specversion": ({"const": "1.0"}, True, "Version of CloudEvents."),
    "id": (_TEXT, True, "Of this event; a repeated event repeats it. Also the AMQP message_id."),
    "source": (_TEXT, True, "Who published it, for example /workers/anaf.efactura."),
    "type": (_TEXT, True, "The event's key; also the routing key."),
    "time": ({"type": "string", "format": "date-time"}, True, "When it was made, UTC."),
    "subject": (_TEXT, False, "What it is about, for example the invoice's number."),
    "datacontenttype": ({"const": "application/json"}, True, "Media type of data."),
    "correlationid": (_TEXT, False, "The command's correlation id."),
    "causationid": (_TEXT, False, "Message id of the command that caused it."),
    "tid": (_TEXT, False, "Tenant, from the command's header tid."),
    "traceparent": (_TEXT, False, "W3C trace context."),
    "data": ({"type": "object"}, True, "The message itself; see each event."),
}
"""Attributes of the CloudEvent around every event: schema, always present, meaning."""


@cache
def service_of(message: type[Message]) -> str:
    """Name the service of a message: the tag of the commands in the same contracts module."""
    tags = {c.tag for c in commands().values() if c.__module__ == message.__module__}
    return min(tags) if tags else REGISTRY


@cache
def catalogue_services() -> dict[str, list[type[Message]]]:
    """Return the messages by service, in order of their keys."""
    found: dict[str, list[type[Message]]] = {}
    for message in messages().values():
        found.setdefault(service_of(message), []).append(message)
    return dict(sorted(found.items()))


def catalogue_documents() -> dict[str, dict[str, Any]]:
    """Return one AsyncAPI document a service."""
    return {tag: _service_document(tag, group) for tag, group in catalogue_services().items()}


def _service_document(tag: str, group: list[type[Message]]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {"title": tag, "version": "0.1.0", "description": "From the contracts."},
        "defaultContentType": "application/json",
        "channels": {},
        "operations": {},
        "components": {"messages": {}, "schemas": {}},
    }
    for message in group:
        _add(result, message)
    return result


def _add(result: dict[str, Any], message: type[Message]) -> None:
    key, name = message.key, message.__name__
    schemas = hoisted(name, document(message))
    result["components"]["schemas"] |= schemas
    result["components"]["messages"][name] = _message(message)
    result["channels"][key] = {
        "address": key,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {"amqp": _binding(message)},
    }
    # The application receives commands (and the registry heartbeats); it sends events.
    receives = issubclass(message, Command) or exchange_of(message) == HEARTBEATS
    result["operations"][f"{'receive' if receives else 'send'}.{key}"] = {
        "action": "receive" if receives else "send",
        "channel": {"$ref": f"#/channels/{key}"},
        "messages": [{"$ref": f"#/channels/{key}/messages/{name}"}],
    }


def _binding(message: type[Message]) -> dict[str, Any]:
    exchange = {"name": exchange_of(message), "type": "topic", "durable": True, "vhost": "/"}
    return {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}


def _message(message: type[Message]) -> dict[str, Any]:
    name = message.__name__
    content: dict[str, Any] = {"$ref": f"#/components/schemas/{name}"}
    bodies = examples().get(message.key, {})
    result: dict[str, Any] = {
        "name": message.key,
        "title": name,
        "summary": (message.__doc__ or "").strip(),
        "contentType": "application/json",
        "payload": content,
    }
    if issubclass(message, Command):
        result["examples"] = [{"name": case, "payload": body} for case, body in bodies.items()]
    else:
        result["contentType"] = "application/cloudevents+json"
        result["payload"] = _envelope(content)
    return result


def _envelope(data: dict[str, Any]) -> dict[str, Any]:
    properties = {
        name: schema | {"description": text} for name, (schema, _, text) in ENVELOPE.items()
    }
    required = [name for name, (_, always, _) in ENVELOPE.items() if always]
    return {"type": "object", "required": required, "properties": properties | {"data": data}}


def hoisted(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema and its ``$defs`` as components, with references that fit."""
    definitions = schema.get("$defs", {})
    body = {
        word: value for word, value in schema.items() if word not in {"$defs", "$schema", "$id"}
    }
    parts = {name: body} | {f"{name}.{inner}": part for inner, part in definitions.items()}
    return {title: _pointed(part, name) for title, part in parts.items()}


def _pointed(part: Any, owner: str) -> Any:
    if isinstance(part, list):
        return [_pointed(item, owner) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        word: f"#/components/schemas/{owner}.{value.rsplit('/', 1)[-1]}"
        if word == "$ref"
        else _pointed(value, owner)
        for word, value in part.items()
    }
