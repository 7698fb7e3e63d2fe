"""Evidence and prints over two workers: real broker, Redis, Chromium; ANAF is the sandbox."""

import io
import json
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest

from workers_contracts.types import ArtifactRef
from workers_runtime.testing import Bus, StartWorker
from workers_sandbox.testing import SandboxServer

pytestmark = pytest.mark.integration
EXAMPLE = Path(__file__).parents[2] / "contracts/examples/efactura.submit/valid-text.json"
SECONDS = 90


@pytest.fixture
def start(start_worker: StartWorker, sandbox: SandboxServer, tmp_path: Path) -> Callable:
    """Start the e-Factura worker against the sandbox."""
    seal = tmp_path / "seal.pem"
    seal.write_bytes(sandbox.control.seal_pem())
    environment = {
        "ANAF_BASE_URL": sandbox.url,
        "ANAF_LOGIN_URL": sandbox.url,
        "ANAF_PUBLIC_URL": sandbox.url,
        "ANAF_CLIENT_ID": sandbox.client_id,
        "ANAF_CLIENT_SECRET": sandbox.client_secret,
        "ANAF_REFRESH_TOKEN": sandbox.refresh_token,
        "ANAF_EFACTURA_TRUSTED_SEALS": str(seal),
        "ANAF_EFACTURA_CHECK_PLAN": "1",
    }
    return lambda **more: start_worker("anaf_efactura", **environment, **more)


async def ask(bus: Bus, key: str, body: dict, answer: str, tid: str = "t1") -> dict:
    """Publish a command; return the data of its final event."""
    await bus.publish(key, body, message_id=key, correlation_id=key, headers={"tid": tid})
    return (await bus.event(answer, correlation_id=key, seconds=SECONDS)).data


def read(reference: dict) -> bytes:
    """The bytes of an artifact, as they lie in the folder."""
    return Path(ArtifactRef(**reference).uri.removeprefix("file://")).read_bytes()


def words(pdf: bytes) -> str:
    """The text of a PDF on one line."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [document[number] for number in range(len(document))]
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())
    finally:
        document.close()


async def test_evidence_and_prints_of_an_invoice(
    bus: Bus, start, start_worker, sandbox, tmp_path, chromium
):
    """The worker is killed once its wish is recorded: after its restart the evidence comes."""
    pdf_render = start_worker("pdf_render")
    filing = start().wait_ready()
    submit = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    accepted = await ask(bus, "efactura.submit", submit, "efactura.accepted")
    filing.signal(signal.SIGTERM)
    assert filing.wait_end(60) == 0

    mortal = start(WORKERS_FAILPOINT=f"after_record@{tmp_path / 'happened'}").wait_ready()
    which = {"upload_index": accepted["upload_index"]}
    await bus.publish(
        "efactura.evidence", which, message_id="e", correlation_id="e", headers={"tid": "t1"}
    )
    assert mortal.wait_end(60) == -9
    pdf_render.wait_ready()
    start().wait_ready()
    ready = (await bus.event("efactura.evidence_ready", correlation_id="e", seconds=SECONDS)).data
    assert ready["intact"] is True
    with zipfile.ZipFile(io.BytesIO(read(ready["bundle"]))) as bundle:
        original = bundle.read(f"anaf-{accepted['upload_index']}.zip")
        told = words(bundle.read("raport-sigiliu.pdf"))
    assert original == read(accepted["archive"])
    assert "Raport de verificare a sigiliului electronic" in told
    assert accepted["seal"]["fingerprint"][:20] in told
    assert "VALID: semnat de un certificat din lista de încredere" in told
    assert len([e for e in bus.events if e.key == "pdf.rendered"]) == 1

    printed = await ask(bus, "efactura.render", which, "efactura.rendered")
    assert printed["source"] == "anaf"
    sandbox.control.scenario("unavailable-503-retry-after", operation="transformare", times=9)
    await bus.publish(
        "efactura.render", which, message_id="r", correlation_id="r", headers={"tid": "t1"}
    )
    here = (await bus.event("efactura.rendered", correlation_id="r", seconds=SECONDS)).data
    assert (here["source"], here["why_code"]) == ("local", "anaf_unavailable")
    assert accepted["number"] in words(read(here["pdf"]))
    # Another tenant has no such archive.
    refused = await ask(bus, "efactura.audit", {}, "efactura.audited", tid="t2")
    assert refused["documents"] == 0
    whole = await ask(bus, "efactura.find", {}, "efactura.found")
    assert [one["number"] for one in whole["documents"]] == [accepted["number"]]
