"""What could not be done is told in Romanian too: every code that can end a command."""

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from anaf_efactura.errors import call_error
from anaf_efactura.failing import explained
from workers_anaf.refusals import classify_text
from workers_contracts.efactura import InvoiceFailed
from workers_runtime.errors import PermanentError
from workers_runtime.testing import Bus, StartWorker
from workers_sandbox.testing import SandboxServer

GENERAL = {"permanent", "internal_error", "killed_its_worker", "handler_contract"}
"""Defects of a worker, about which an accountant can only tell the administrator."""
TABLE = tomllib.loads(files("anaf_efactura").joinpath("failures.toml").read_text("utf-8"))


def ends() -> set[str]:
    """The codes of this worker's failed events."""
    mine = ("anaf_efactura", "workers_runtime", "workers_anaf", "workers_ledger")
    # By class, not by code: another worker that is loaded beside may have the same code.
    kinds = {PermanentError, *below(PermanentError)}
    return {kind.code for kind in kinds if kind.__module__.startswith(mine)}


def below(base: type[PermanentError]) -> Iterator[type[PermanentError]]:
    """Yield every kind of an error."""
    for kind in base.__subclasses__():
        yield kind
        yield from below(kind)


def test_every_code_that_ends_a_command_is_in_the_table():
    assert len(ends()) > 15
    assert ends() - GENERAL == set(TABLE) - {"other"}


@pytest.mark.parametrize("code", sorted(ends()))
def test_both_languages_say_what_it_means_and_what_to_do(code: str):
    told = explained(code)
    for text in told.values():
        assert text.ro.endswith(".")
        assert text.en.endswith(".")
        assert not re.search("[şţŞŢ]", text.ro)
        assert not re.search("[ăâîșțĂÂÎȘȚ]", text.en)
    assert (told["text"].en == TABLE["other"]["en"]) == (code in GENERAL)


def test_a_code_that_nobody_knows_has_words_too():
    assert "administratorului" in explained("something_new")["mend"].ro


def test_a_missing_right_names_what_to_ask_for():
    refusal = classify_text("Nu aveti drept in SPV pentru CIF=12345674")
    told = explained(call_error(refusal).code)
    assert "SPV" in told["text"].ro
    assert "270" in told["mend"].ro


@pytest.mark.integration
async def test_the_worker_says_it_in_its_event(
    bus: Bus, start_worker: StartWorker, sandbox: SandboxServer, invoice, tmp_path: Path
):
    seal = tmp_path / "seal.pem"
    seal.write_bytes(sandbox.control.seal_pem())
    sandbox.control.scenario("no-right-403", operation="upload", variant="text", times=None)
    start_worker(
        "anaf_efactura",
        ANAF_BASE_URL=sandbox.url,
        ANAF_LOGIN_URL=sandbox.url,
        ANAF_CLIENT_ID=sandbox.client_id,
        ANAF_CLIENT_SECRET=sandbox.client_secret,
        ANAF_REFRESH_TOKEN=sandbox.refresh_token,
        ANAF_EFACTURA_TRUSTED_SEALS=str(seal),
    ).wait_ready()
    for name, body in (("n", {"cif": "12345674", "xml": invoice()}), ("i", {"colour": "red"})):
        await bus.publish("efactura.submit", body, message_id=name, correlation_id=name)
    for name, code in (("n", "anaf_no_right"), ("i", "invalid_message")):
        event = await bus.event("efactura.failed", correlation_id=name, seconds=60)
        failed = InvoiceFailed.model_validate(event.data)
        assert failed.code == code
        assert {"text": failed.text, "mend": failed.mend} == explained(code)
