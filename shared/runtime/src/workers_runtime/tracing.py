"""Traces across the bus: W3C trace context in, a span a delivery, trace context out."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from opentelemetry import metrics, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry

from .identity import TRACEPARENT, Identity

_PROPAGATOR = TraceContextTextMapPropagator()
_VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def _passed_on(traceparent: str | None) -> str:
    """Return the given trace context (W3C Trace Context, version 00), or a new one."""
    if traceparent and _VALID.fullmatch(traceparent):
        return traceparent
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


def _otlp(endpoint: str) -> SpanExporter:
    # protobuf and requests: seven megabytes that a worker without a collector does not load.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")


class Tracing:
    """A tracer for one worker; without an exporter the context still travels."""

    def __init__(
        self, service: str, *, endpoint: str = "", exporter: SpanExporter | None = None
    ) -> None:
        self.provider = TracerProvider(resource=Resource.create({"service.name": service}))
        if exporter is None and endpoint:
            exporter = _otlp(endpoint)
        if exporter is not None:
            self.provider.add_span_processor(BatchSpanProcessor(exporter))
        self._exports = exporter is not None
        self._tracer = self.provider.get_tracer("workers_runtime")

    @contextmanager
    def process(self, command: str, identity: Identity) -> Iterator[Identity]:
        """Open the span of a delivery; yields the identity that what is published continues."""
        if not self._exports:
            # A span that nobody collects would be an eighth of a message's cost.
            yield replace(identity, traceparent=_passed_on(identity.traceparent))
            return
        carrier = {TRACEPARENT: identity.traceparent} if identity.traceparent else {}
        attributes = {
            "messaging.system": "rabbitmq",
            "messaging.operation.name": "process",
            "messaging.message.id": identity.message_id or "",
            "messaging.message.conversation_id": identity.correlation_id or "",
        }
        with self._tracer.start_as_current_span(
            f"process {command}",
            context=_PROPAGATOR.extract(carrier),
            kind=SpanKind.CONSUMER,
            attributes=attributes,
            # An exception's text may hold what must not leave the process; its type may not.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            outgoing: dict[str, str] = {}
            _PROPAGATOR.inject(outgoing)
            try:
                yield replace(identity, traceparent=outgoing.get(TRACEPARENT, identity.traceparent))
            except Exception as error:
                span.set_status(StatusCode.ERROR, type(error).__name__)
                raise

    def install(self, registry: CollectorRegistry) -> None:
        """Make it the process's own: libraries' spans, and their metrics on the same page."""
        trace.set_tracer_provider(self.provider)
        reader = PrometheusMetricReader(
            disable_target_info=True, scope_info_enabled=False, registry=registry
        )
        metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))

    def close(self) -> None:
        """Send what is left."""
        self.provider.shutdown()
