"""Property tests: the API keeps what its OpenAPI promises, for any input and any token."""

import contextlib

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from registry_service.app import build
from registry_service.tokens import ADMIN, READ
from workers_contracts.catalog import messages

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("get", "/v1/workers"),
    ("get", "/v1/workers/{tag}"),
    ("get", "/v1/workers/{tag}/waiting"),
    ("patch", "/v1/workers/{tag}/heartbeat"),
    ("delete", "/v1/workers/{tag}"),
    ("get", "/portal"),
    ("get", "/portal/asyncapi.json"),
    ("get", "/portal/schemas/{key}.json"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
]
WITH_SERVERS = {"/health/ready", "/v1/workers/{tag}/waiting"}
# There is nothing to get wrong in an operation without input; this key is any text.
BY_INPUT = [
    (m, p, g)
    for m, p in OPERATIONS
    for g in GenerationMode
    if g is GenerationMode.POSITIVE or "{tag}" in p
]
PROPERTIES = settings(
    max_examples=20,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@contextlib.asynccontextmanager
async def nothing(_):
    yield


@pytest.fixture
def service_settings(settings):
    return settings()


@pytest.fixture
def app(lone_service, service_settings):
    made = build(service_settings, lone_service)
    made.router.lifespan_context = nothing
    return made


def test_every_operation_is_covered(app):
    described = {
        (method, path) for path, methods in app.openapi()["paths"].items() for method in methods
    }
    assert described == {*OPERATIONS, ("get", "/metrics")}


@pytest.mark.parametrize(("method", "path", "mode"), BY_INPUT)
def test_operation_keeps_its_promise(app, lone_service, beat, method, path, mode):
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operation = schema[path][method.upper()]
    ring = lone_service.keyring
    # Not ready without a broker, nothing to tell without Redis: 503 is their answer, no failure.
    checks = CHECKS[1:] if path in WITH_SERVERS else CHECKS
    tokens = [ring.issue(ADMIN, 600), ring.issue(READ, 600), "x.y.z"]

    @PROPERTIES
    @given(case=operation.as_strategy(generation_mode=mode), token=st.sampled_from(tokens))
    def check(case, token):
        lone_service.registry.heartbeat(beat())
        response = case.call(headers={"authorization": f"Bearer {token}"})
        case.validate_response(response, checks=checks)

    check()


def test_every_schema_of_the_portal_is_served(app):
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operation = schema["/portal/schemas/{key}.json"]["GET"]
    for key in messages():
        response = operation.Case(path_parameters={"key": key}).call()
        assert response.json()["x-routing-key"] == key
