"""An ANAF whose seal's certificate had ended: filing, receiving and proving each say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from anaf_efactura.archive import GIVEN_FOR
from anaf_efactura.archiving.report import report
from workers_sandbox.keys import load
from workers_sandbox.server import BackgroundServer
from workers_sandbox.settings import Settings as SandboxSettings
from workers_sandbox.testing.control import Control

NOW = datetime.now(UTC)
ENDED = NOW - timedelta(days=2)
BEGAN = NOW - timedelta(days=730)


@pytest.fixture(scope="module")
def ended_keys(tmp_path_factory) -> Path:
    """Keys of a sandbox whose seal has a certificate that ended two days ago."""
    folder = tmp_path_factory.mktemp("ended-keys")
    keys = load(folder)
    ended = (
        x509.CertificateBuilder(
            subject_name=keys.certificate.subject,
            issuer_name=keys.certificate.issuer,
            public_key=keys.seal.public_key(),
        )
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGAN)
        .not_valid_after(ENDED)
        .sign(keys.seal, hashes.SHA256())
    )
    (folder / "seal.pem").write_bytes(ended.public_bytes(serialization.Encoding.PEM))
    return folder


@pytest.fixture(scope="module")
def anaf_server(ended_keys) -> Iterator[BackgroundServer]:
    settings = SandboxSettings(
        port=0, smtp_port=0, key_dir=ended_keys, state_delay=0.03, list_delay=0.02, hang=0.03
    )
    with BackgroundServer(settings) as server:
        yield server


@pytest.fixture(scope="module")
def anaf_control(anaf_server) -> Iterator[Control]:
    control = Control(anaf_server.url)
    yield control
    control.close()


async def test_an_accepted_invoice_says_that_its_seal_came_too_late(desk, invoice):
    event = await desk.file(invoice())
    assert (event.key, event.seal.status) == ("efactura.accepted", "invalid")
    assert "nu era valabil" in event.seal.reason.ro
    assert "was not valid" in event.seal.reason.en
    assert event.seal.signer
    assert (await desk.document()).data["seal"]["status"] == "invalid"


async def test_an_invoice_that_was_filed_while_it_was_valid_is_not_blamed(desk, invoice):
    job = desk.submit(invoice())
    await desk.step(job)  # uploaded; now let this have been three days ago
    document = await desk.document()
    earlier = (ENDED - timedelta(days=1)).isoformat()
    data = document.data | {"submitted_at": earlier}
    await desk.parts["filing"]._documents.change(document, data=data)
    await desk.work()
    assert desk.events[-1].seal.status == "verified"


async def test_a_received_invoice_says_it_too(make_box, sandbox):
    box = make_box()
    sandbox.control.inbound(box.cif)
    await box.follow()
    (event,) = box.told("efactura.received")
    assert (event.kind, event.seal.status) == ("invoice", "invalid")
    assert "nu era valabil" in event.seal.reason.ro


@pytest.mark.parametrize(
    ("archived", "status", "intact"),
    [
        (ENDED - timedelta(days=300), "verified", True),
        (ENDED + GIVEN_FOR - timedelta(days=1), "verified", True),
        (ENDED + GIVEN_FOR + timedelta(days=1), "invalid", False),
        (BEGAN - timedelta(days=1), "invalid", False),
    ],
)
async def test_proving_asks_for_the_day_of_the_entry_and_not_for_today(
    desk, invoice, archived, status: str, intact: bool
):
    await desk.file(invoice())
    (link,) = await desk.parts["index"].chain("")
    entry = replace(link.entry, archived_at=archived, seal="verified")
    reading = await desk.parts["evidence"]._prover.files(replace(link, entry=entry))
    assert (reading.seal.status, reading.intact) == (status, intact)
    said = str(report(reading, NOW))
    assert ("nu era valabil" in said) == (status == "invalid")
