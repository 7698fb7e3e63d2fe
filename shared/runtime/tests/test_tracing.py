"""Traces: what is published during a delivery continues the publisher's trace."""

import re

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from workers_runtime.identity import Identity
from workers_runtime.tracing import Tracing

TRACE = "0123456789abcdef0123456789abcdef"
PARENT = f"00-{TRACE}-0123456789abcdef-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter):
    tracing = Tracing("anaf-taxpayer", exporter=exporter)
    yield tracing
    tracing.close()


def identity(traceparent: str | None) -> Identity:
    return Identity(message_id="m", correlation_id="c", traceparent=traceparent)


def test_two_workers_in_a_row_make_one_chain(tracing, exporter):
    with tracing.process("first.do", identity(PARENT)) as first:
        pass
    with tracing.process("second.do", identity(first.traceparent)):
        pass
    tracing.provider.force_flush()
    one, two = exporter.get_finished_spans()
    assert f"{one.context.trace_id:032x}" == f"{two.context.trace_id:032x}" == TRACE
    assert f"{one.parent.span_id:016x}" == "0123456789abcdef"
    assert two.parent.span_id == one.context.span_id
    assert [one.name, two.name] == ["process first.do", "process second.do"]
    assert one.attributes["messaging.message.id"] == "m"
    assert one.attributes["messaging.message.conversation_id"] == "c"
    assert one.resource.attributes["service.name"] == "anaf-taxpayer"


def test_delivery_without_a_trace_begins_one(tracing):
    with tracing.process("a.do", identity(None)) as first:
        assert first.traceparent
        with tracing.process("a.do", identity(None)) as second:
            assert second.traceparent
    assert first.traceparent.split("-")[1] != second.traceparent.split("-")[1]


@pytest.mark.parametrize("bad", ["x", "00-0-0-00", "a" * 5000, "00-" + "0" * 32 + "-1-01", "\r\n"])
def test_hostile_trace_begins_a_new_one(tracing, bad):
    with tracing.process("a.do", identity(bad)) as traced:
        assert traced.traceparent != bad
        assert len(traced.traceparent) == 55


def test_failure_shows_its_type_and_not_its_text(tracing, exporter):
    with pytest.raises(ValueError), tracing.process("a.do", identity(PARENT)):
        raise ValueError("s3cret")
    tracing.provider.force_flush()
    (span,) = exporter.get_finished_spans()
    assert span.status.description == "ValueError"
    assert "s3cret" not in span.to_json()


@pytest.mark.parametrize("bad", [None, "x", "\r\n", f"00-{'0' * 32}-0123456789abcdef-01"])
def test_without_an_exporter_the_context_still_travels(bad):
    tracing = Tracing("x")
    with tracing.process("a.do", identity(PARENT)) as traced:
        assert traced.traceparent == PARENT
    with tracing.process("a.do", identity(bad)) as traced:
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", traced.traceparent)
    tracing.close()
