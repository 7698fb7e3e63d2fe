"""The portal: one page and one AsyncAPI document, without any network."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_service.aggregate import worker_view
from registry_service.fleet import Instance
from registry_service.portal import Collector, catalogue_documents, merged, render
from registry_service.portal.fields import rows
from registry_service.portal.page import services
from workers_contracts.catalog import commands, events, messages
from workers_contracts.topology import topology

EVIL = "<script>alert(1)</script>\"'&"


def document(**changes):
    """A small AsyncAPI document with names as FastStream makes them."""
    name = "workers.commands:_:Handle"
    base = {
        "asyncapi": "3.0.0",
        "info": {"title": "bank", "version": "1"},
        "servers": {"development": {"host": "broker:5672", "protocol": "amqp"}},
        "channels": {
            name: {
                "address": "bank.import",
                "servers": [{"$ref": "#/servers/development"}],
                "messages": {"Sub:Message": {"$ref": "#/components/messages/bank~1import:Message"}},
                "bindings": {
                    "amqp": {
                        "exchange": {"name": "workers.commands"},
                        "queue": {"name": "bank"},
                    }
                },
            }
        },
        "operations": {
            "handleSubscribe": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [{"$ref": f"#/channels/{name}/messages/Sub:Message"}],
            }
        },
        "components": {
            "messages": {
                "bank/import:Message": {
                    "title": "ImportStatement",
                    "summary": "Import a statement.",
                    "payload": {"$ref": "#/components/schemas/ImportStatement"},
                }
            },
            "schemas": {
                "ImportStatement": {
                    "type": "object",
                    "required": ["iban"],
                    "properties": {"iban": {"type": "string", "description": "The account."}},
                }
            },
        },
    }
    return base | changes


def references(value):
    if isinstance(value, dict):
        for word, inner in value.items():
            if word == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def follow(root, reference):
    assert reference.startswith("#/"), reference
    for step in reference[2:].split("/"):
        root = root[step.replace("~1", "/").replace("~0", "~")]
    return root


class Page(HTMLParser):
    """Collects what a browser would fetch or run, the anchors and the links."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.addresses = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if tag == "a" else []
        self.addresses += [v for n, v in attrs if n in {"src", "href", "action", "srcset"}]
        assert not [name for name in values if name.startswith("on")]


def test_merged_names_are_component_keys_and_references_fit():
    result = merged({"bank": document(), "other": document()}, "all", "1")
    for section in ("servers", "channels", "operations"):
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in result[section])
    for parts in result["components"].values():
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in parts)
    found = list(references(result))
    assert len(found) == 10
    assert all(isinstance(follow(result, reference), dict) for reference in found)


def test_equal_servers_are_folded_and_operations_are_tagged():
    other = document(servers={"development": {"host": "elsewhere:5672", "protocol": "amqp"}})
    result = merged({"a": document(), "b": document(), "c": other}, "all", "1")
    assert sorted(result["servers"]) == ["a.development", "c.development"]
    assert result["channels"]["b.workers.commands___Handle"]["servers"] == [
        {"$ref": "#/servers/a.development"}
    ]
    tags = {name: op["tags"] for name, op in result["operations"].items()}
    assert tags["b.handleSubscribe"] == [{"name": "b"}]


def test_password_in_a_server_address_is_not_shown():
    servers = {"main": {"host": "amqp://guest:hunter2hunter2@broker", "protocol": "amqp"}}
    assert "hunter2" not in json.dumps(merged({"a": document(servers=servers)}, "all", "1"))


@settings(max_examples=30, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["$ref", "messages", "payload", "properties", "channel", "type", "anyOf", "x"]
                ),
                inner,
            )
        ),
    )
)
def test_no_document_breaks_the_merge_or_the_page(value):
    strange = document(channels=value, operations={"x": value}, components={"schemas": value})
    merged({"a": strange}, "all", "1")
    render([], {"a": strange})
    rows(value if isinstance(value, dict) else {}, strange)


def test_references_in_a_circle_end():
    circle = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}, "properties": {"x": {"$ref": "#/a"}}}
    assert [row.path for row in rows(circle, circle)] == ["x"]
    nested = {"properties": {"x": {"$ref": "#"}, "y": {"$ref": "#/properties/z"}, "z": {}}}
    nested["properties"]["z"] = {"properties": {"deeper": {"$ref": "#/properties/z"}}}
    assert len(rows(nested, nested)) < 30


def test_catalogue_makes_a_complete_document_without_any_worker():
    result = merged(catalogue_documents(), "all", "1")
    addresses = {channel["address"] for channel in result["channels"].values()}
    assert addresses == set(messages())
    assert all(isinstance(follow(result, r), dict) for r in references(result))
    received = {
        follow(result, op["channel"]["$ref"])["address"]
        for op in result["operations"].values()
        if op["action"] == "receive"
    }
    assert received == {*commands(), "worker.heartbeat"}


def test_page_shows_every_message_queue_and_field_without_a_worker():
    text = render([], {})
    page = Page(text)
    assert "script" not in page.tags
    assert set(messages()) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    for queue in topology().queues:
        assert f"<code>{queue.name}</code>" in text
    assert "artifact.sha256" in text
    assert "errors[].rule" in text
    assert text.count("not running") == len({c.tag for c in commands().values()})
    fragments = [link[1:] for link in page.links if link.startswith("#")]
    assert fragments
    assert set(fragments) <= set(page.ids)


def test_page_fetches_nothing_from_anywhere():
    addresses = Page(render([], {})).addresses
    assert {a for a in addresses if not a.startswith(("#", "/"))} == {"data:,"}
    assert "@import" not in render([], {})
    assert "url(" not in render([], {})


def test_live_missing_and_unknown_services_are_told_apart(beat, clock):
    live = worker_view("anaf.efactura", [Instance(beat(), clock())])
    lost = worker_view("reges", [Instance(beat(tag="reges"), clock(), missing="silent")])
    cards = {card.tag: card for card in services([live, lost], {"bank": document()})}
    assert (cards["anaf.efactura"].living, cards["reges"].living) == (1, 0)
    (card,) = cards["bank"].cards
    assert (card.key, card.exchange, card.queue) == ("bank.import", "workers.commands", "bank")
    assert [(r.path, r.required) for r in card.rows] == [("iban", True)]
    text = render([live, lost], {"bank": document()})
    assert "live: 1" in text
    assert ">missing<" in text
    assert "Import a statement." in text


def test_http_pages_of_a_worker_are_not_shown_as_messages():
    page = {"action": "receive", "channel": {"$ref": "#/channels/health"}}
    channels = {"health": {"address": "/health/live", "messages": {"x": {"title": "x"}}}}
    (bank,) = [
        card
        for card in services([], {"bank": document(channels=channels, operations={"h": page})})
        if card.tag == "bank"
    ]
    assert bank.cards == []


def test_what_workers_say_is_escaped(beat, clock):
    worker = worker_view("evil", [Instance(beat(tag="evil", version=EVIL), clock(), missing=EVIL)])
    hostile = json.loads(json.dumps(document()).replace("Import a statement.", "EVIL"))
    hostile["components"]["messages"]["bank/import:Message"]["summary"] = EVIL
    hostile["channels"]["workers.commands:_:Handle"]["address"] = EVIL
    text = render([worker], {"evil": hostile})
    assert "<script>" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4


async def test_documents_are_fetched_once_a_process(lone_service, fetcher, serve, beat, clock):
    web = await serve()
    web.answer("/asyncapi", json.dumps(document()).encode())
    collector = Collector(lone_service.registry, fetcher)
    lone_service.registry.heartbeat(beat(tag="bank", health_endpoint=web.url))
    for _ in range(3):
        await collector.collect()
    assert web.asked == ["/asyncapi"]
    assert collector.documents["bank"]["info"]["title"] == "bank"
    clock.forward(30)
    again = beat(tag="bank", health_endpoint=web.url, started_at=clock())
    lone_service.registry.heartbeat(again)
    await collector.collect()
    assert web.asked == ["/asyncapi"] * 2


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"asyncapi": "2.6.0"}',
        b'{"asyncapi":"3.0.0","x":' + b"[" * 60 + b"]" * 60 + b"}",
    ],
)
async def test_unusable_document_is_left_out_and_asked_for_later(
    lone_service, fetcher, serve, beat, body
):
    web = await serve()
    web.answer("/asyncapi", body)
    collector = Collector(lone_service.registry, fetcher)
    lone_service.registry.heartbeat(beat(tag="bank", health_endpoint=web.url))
    for _ in range(12):
        await collector.collect()
    assert collector.documents == {}
    assert web.asked == ["/asyncapi"] * 2


async def test_portal_over_http(client, service):
    service.collector.documents["bank"] = document()
    page = await client.get("/portal")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    asyncapi = (await client.get("/portal/asyncapi.json")).json()
    assert asyncapi["asyncapi"] == "3.0.0"
    assert "bank.handleSubscribe" in asyncapi["operations"]
    for link in Page(page.text).links:
        if not link.startswith("#"):
            assert (await client.get(link)).status_code == 200, link
    assert (await client.get("/portal/schemas/no.such.json")).status_code == 404


def test_every_event_says_where_it_arrives_from():
    text = render([], {})
    assert text.count("<dt>arrives from</dt>") == len(events()) - 1
