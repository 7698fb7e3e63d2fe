"""Everything that is HTTP 200 or 404 and no answer has its own outcome; none is "not found"."""

import asyncio

import httpx
import pytest

from anaf_taxpayer.client import RegisterClient
from anaf_taxpayer.errors import (
    RegisterBusyError,
    RegisterFirewallError,
    RegisterIncompleteError,
    RegisterRefusedError,
    RegisterUnavailableError,
)
from workers_anaf.romania import today
from workers_runtime.outbound import Outbound

BOTH = pytest.mark.parametrize("operation", ["taxpayer", "register"])
SCENARIOS = {
    "firewall page with 200": ("firewall-html-200", {}, RegisterFirewallError, "support id"),
    "error page with 500": ("error-500-html", {}, RegisterUnavailableError, "HTTP 500"),
    "error JSON with 500": (
        "error-500-html", {"variant": "json"}, RegisterUnavailableError, "HTTP 500",
    ),
    "maintenance": ("unavailable-503-retry-after", {}, RegisterUnavailableError, "HTTP 503"),
    "too many calls": ("rate-limited-429", {}, RegisterBusyError, "HTTP 429"),
}  # fmt: skip
SHAPES = {
    "html-404": (RegisterUnavailableError, "'404 Not Found' (HTTP 404)"),
    "cod-500": (RegisterUnavailableError, "JsonReply (HTTP 200), cod 500"),
    "empty-object": (RegisterUnavailableError, "JsonReply (HTTP 200)"),
    "not-json": (RegisterUnavailableError, "Unreadable: JSON that does not parse"),
    "one-missing": (RegisterIncompleteError, "says nothing about 12345674"),
}


async def ask(worker, operation: str):
    return await worker.ask("12345674", with_efactura_register=operation == "register")


@BOTH
async def test_page_or_error(worker, sandbox, operation):
    for name, (scenario, options, kind, words) in SCENARIOS.items():
        sandbox.control.scenario(scenario, operation=operation, **options)
        with pytest.raises(RegisterUnavailableError) as told:
            await ask(worker, operation)
        assert type(told.value) is kind, name
        assert words in str(told.value), name
    assert (await ask(worker, operation)).valid


@BOTH
async def test_answer_that_is_none(worker, sandbox, operation):
    for shape, (kind, words) in SHAPES.items():
        sandbox.control.settings(lookup_shape=shape)
        with pytest.raises(RegisterUnavailableError) as told:
            await ask(worker, operation)
        assert type(told.value) is kind, shape
        assert words in str(told.value), shape
    sandbox.control.settings(lookup_shape="plain")
    assert (await ask(worker, operation)).valid


async def test_answer_in_another_dress(worker, sandbox):
    for shape in ("plain", "envelope", "strings"):
        sandbox.control.settings(lookup_shape=shape, null_arrays=shape != "plain")
        known, unknown = await asyncio.gather(
            worker.ask("87654329", with_efactura_register=True, max_age=0),
            worker.ask("19", max_age=0),
        )
        assert known.valid, shape
        assert known.taxpayer.vat_registered, shape
        assert known.taxpayer.vat_on_collection, shape
        assert not known.taxpayer.split_vat, shape
        assert known.efactura_registration.registered, shape
        assert unknown.reason == "not_found", shape


async def test_silence_about_one_code_does_not_hold_the_others(sandbox):
    sandbox.control.settings(lookup_shape="one-missing")
    known, silent = ("12345674", today()), ("19", today())
    outbound = Outbound("ANAF register", sandbox.url, keep_alive=False, read_seconds=5)
    try:
        answers = await RegisterClient(outbound).look_up([known, silent])
    finally:
        await outbound.close()
    assert answers[known].name == "FURNIZOR TEST SRL"
    assert isinstance(answers[silent], RegisterIncompleteError)


@pytest.mark.parametrize(
    ("status", "text"), [(400, "{}"), (200, '{"cod": 400, "message": "x", "found": []}')]
)
async def test_refused_call_is_never_repeated(worker, monkeypatch, status, text):
    async def request(*_args, **_options):
        return httpx.Response(status, text=text)

    monkeypatch.setattr("workers_runtime.outbound.Outbound.request", request)
    with pytest.raises(RegisterRefusedError):
        await worker.ask("12345674")
