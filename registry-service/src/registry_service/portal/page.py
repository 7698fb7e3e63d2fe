"""The portal's page: plain HTML made here, nothing fetched by the browser."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from registry_service.views import WorkerView
from workers_contracts.base import Command, Message
from workers_contracts.examples import examples
from workers_contracts.schemas import document, exchange_of
from workers_contracts.topology import Topology, topology

from .catalogue import ENVELOPE, REGISTRY, catalogue_services
from .fields import FieldRow, resolved, rows
from .merge import sanitised

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class MessageCard:
    """One message on the page."""

    key: str
    title: str
    description: str
    receives: bool
    exchange: str
    queue: str
    public: bool
    rows: list[FieldRow]
    examples: list[tuple[str, str]] = field(default_factory=list)
    schema_link: str = ""

    @property
    def anchor(self) -> str:
        """Return the fragment that leads to the message."""
        return sanitised(self.key)


@dataclass(frozen=True)
class ServiceCard:
    """One service on the page."""

    tag: str
    worker: WorkerView | None
    cards: list[MessageCard]

    @property
    def living(self) -> int:
        """Count its living instances."""
        return sum(not i.missing for i in self.worker.instances) if self.worker else 0


def render(workers: list[WorkerView], documents: dict[str, dict[str, Any]]) -> str:
    """Render the page from the contracts and from what living workers say of themselves."""
    bus: Topology = topology()
    return _template().render(
        services=services(workers, documents),
        envelope=[(name, *rest) for name, rest in ENVELOPE.items()],
        topology=bus,
        bindings={b.queue: b for b in bus.bindings},
        registry=REGISTRY,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("registry_service", "portal"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def services(workers: list[WorkerView], documents: dict[str, dict[str, Any]]) -> list[ServiceCard]:
    """Return the services of the contracts and those that only live workers know."""
    by_tag = {worker.tag: worker for worker in workers}
    known = catalogue_services()
    cards = []
    for tag in sorted(known.keys() | by_tag.keys() | documents.keys()):
        own = [contract_card(message) for message in known.get(tag, [])]
        keys = {card.key for card in own}
        more = [c for c in asyncapi_cards(documents.get(tag, {})) if c.key not in keys]
        cards.append(ServiceCard(tag, by_tag.get(tag), own + more))
    return cards


def contract_card(message: type[Message]) -> MessageCard:
    """Describe a message of the contracts."""
    schema = document(message)
    is_command = issubclass(message, Command)
    bodies = examples().get(message.key, {})
    return MessageCard(
        key=message.key,
        title=message.__name__,
        description=schema["description"],
        receives=is_command or exchange_of(message) == "workers.heartbeats",
        exchange=exchange_of(message),
        queue=message.queue() if issubclass(message, Command) else "",
        public=message.is_public() if issubclass(message, Command) else True,
        rows=rows(schema, schema),
        examples=[(case, _json(body)) for case, body in bodies.items()],
        schema_link=f"/portal/schemas/{message.key}.json",
    )


def asyncapi_cards(document_: dict[str, Any]) -> list[MessageCard]:
    """Describe the messages of a worker's own document; what is unreadable is left out."""
    operations = document_.get("operations")
    if not isinstance(operations, dict):
        return []
    return [
        card
        for operation in operations.values()
        for card in _operation_cards(resolved(operation, document_), document_)
    ]


def _operation_cards(operation: dict[str, Any], root: dict[str, Any]) -> list[MessageCard]:
    channel = resolved(operation.get("channel"), root)
    if str(channel.get("address", "")).startswith("/"):
        return []  # A worker's HTTP pages: health, metrics.
    bound = resolved(resolved(channel.get("bindings"), root).get("amqp"), root)
    listed = operation.get("messages")
    if not isinstance(listed, list):
        offered = channel.get("messages")
        listed = list(offered.values()) if isinstance(offered, dict) else []
    cards = []
    for item in listed:
        message = resolved(item, root)
        payload = message.get("payload")
        cards.append(
            MessageCard(
                key=str(channel.get("address") or message.get("name") or "?"),
                title=str(message.get("title") or message.get("name") or ""),
                description=str(message.get("summary") or message.get("description") or ""),
                receives=operation.get("action") == "receive",
                exchange=str(resolved(bound.get("exchange"), root).get("name") or ""),
                queue=str(resolved(bound.get("queue"), root).get("name") or ""),
                public=True,
                rows=rows(payload if isinstance(payload, dict) else {}, root),
                examples=_examples(message),
            )
        )
    return cards


def _examples(message: dict[str, Any]) -> list[tuple[str, str]]:
    listed = message.get("examples")
    return [
        (str(item.get("name", "example")), _json(item.get("payload")))
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict)
    ]


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
