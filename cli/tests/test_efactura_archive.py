"""The archive commands of `workers efactura`: what is published, printed, and the exit codes."""

import asyncio
import hashlib
import json
from pathlib import Path

import aio_pika
import pytest

from workers_cli import archive_lines
from workers_runtime.testing import Bus

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"
NAMED = ("--cif", "RO12345674", "--number", "FCT-2026-0042")
ERASE = ("--reason", "order", "--by", "DPO", "--yes")


def example(key: str, case: str) -> dict:
    return json.loads((EXAMPLES / key / f"valid-{case}.json").read_text("utf-8"))


def printed(lines) -> str:
    return "\n".join(text for text, _ in lines)


@pytest.fixture
async def answer(bus: Bus, vhost_url: str):
    """Answer the next command of a queue as the worker would; returns body and headers."""
    connection = await aio_pika.connect(vhost_url)
    channel = await connection.channel()

    async def once(verb: str, key: str, data: dict) -> tuple[dict, dict]:
        queue = f"anaf.efactura.{verb}"
        while await bus.count(queue) == 0:
            await asyncio.sleep(0.02)
        got = await bus.take(queue)
        envelope = {"type": key, "correlationid": got.correlation_id, "data": data}
        message = aio_pika.Message(json.dumps(envelope).encode())
        await (await channel.get_exchange("workers.events")).publish(message, key)
        return json.loads(got.body), dict(got.headers)

    yield once
    await connection.close()


def test_verdicts_are_told_with_their_problems():
    told = printed(archive_lines.evidence(example("efactura.evidence_ready", "broken-chain")))
    assert "FCT-2026-0042 of 2026-03-02: NOT INTACT" in told
    assert "entry 42 (FCT-2026-0042): Lanțul de înregistrări este rupt" in told
    told = printed(archive_lines.audited(example("efactura.audited", "changed")))
    assert "1 PROBLEMS: 1200 documents, 1198 files verified, 1 erased by law" in told
    assert f"anchor    1201:{'ab' * 32}" in told
    told = printed(archive_lines.rendered(example("efactura.rendered", "local")))
    assert "printed by pdf.render (anaf_unavailable: ANAF public" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("evidence",), "exactly one way"),
        (("evidence", "--index", "1", "--document", "d"), "exactly one way"),
        (("evidence", "--number", "F-1"), "number needs cif"),
        (("evidence", "--index", "a"), "upload_index"),
        (("pdf", "invoice.xml", "--index", "1"), "give a file or name an archived document"),
        (("find", "--cif", "12345678"), "control digit"),
        (("find", "--from", "2026-03-02", "--to", "2026-03-01"), "issued_from is after"),
        (("find", "--from", "soon"), "--from"),
        (("audit", "--anchor", "12"), "anchor_hash"),
        (("erase", "--index", "1", "--by", "x"), "--reason"),
        (("erase", "--index", "1", "--reason", "no", *ERASE[2:]), "reason"),
    ],
)
def test_wrong_use_names_the_field_and_sends_nothing(offline, arguments, words):
    ran = offline("efactura", *arguments, "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert words in ran.error["message"]


def test_erasing_asks_first(offline):
    ran = offline("efactura", "erase", "--index", "1", *ERASE[:-1], given="n\n")
    assert ran.code == 2
    assert "nothing was changed" in ran.err


@pytest.mark.integration
async def test_the_archive_is_listed(later, answer):
    task = later("efactura", "find", "--from", "2026-03-01", "--tid", "acme")
    body, headers = await answer("find", "efactura.found", example("efactura.found", "two"))
    ran = await task
    assert body == {"issued_from": "2026-03-01"}
    assert headers["tid"] == "acme"
    assert ran.code == 0
    assert "2 of 44; go on with --after 43" in ran.out
    assert "FCT-2026-0042" in ran.out


@pytest.mark.integration
async def test_evidence_is_written_where_it_is_wanted(later, answer, alone: Path):
    content = b"PK the bundle"
    digest = hashlib.sha256(content).hexdigest()
    folder = alone / "store" / digest[:2]
    folder.mkdir(parents=True)
    (folder / f"{digest}.zip").write_bytes(content)
    data = example("efactura.evidence_ready", "intact")
    uri = f"file://{folder}/{digest}.zip"
    data["bundle"] |= {"uri": uri, "sha256": digest, "size": len(content)}
    task = later("efactura", "evidence", *NAMED, "--out", "out.zip")
    body, _ = await answer("evidence", "efactura.evidence_ready", data)
    ran = await task
    assert body == {"cif": "12345674", "number": "FCT-2026-0042"}
    assert ran.code == 0, ran.err
    assert (alone / "out.zip").read_bytes() == content
    assert "intact" in ran.out
    # Elsewhere the store cannot be read: that is said, and nothing is made there.
    (folder / f"{digest}.zip").unlink()
    task = later("efactura", "evidence", *NAMED, "--out", "other.zip", "--json")
    await answer("evidence", "efactura.evidence_ready", data)
    ran = await task
    assert (ran.code, ran.error["code"]) == (2, "configuration")
    assert not (alone / "other.zip").exists()


@pytest.mark.integration
async def test_what_is_not_intact_exits_with_1(later, answer):
    task = later("efactura", "evidence", "--index", "5001234567")
    broken = example("efactura.evidence_ready", "broken-chain")
    await answer("evidence", "efactura.evidence_ready", broken)
    assert (await task).code == 1
    task = later("efactura", "audit", "--anchor", f"42:{'ab' * 32}", "--json")
    body, _ = await answer("audit", "efactura.audited", example("efactura.audited", "changed"))
    ran = await task
    assert (ran.code, ran.json["problem_count"]) == (1, 1)
    assert body == {"anchor_position": 42, "anchor_hash": "ab" * 32}


@pytest.mark.integration
async def test_a_file_is_printed_here_when_wanted(later, answer, alone: Path):
    (alone / "invoice.xml").write_text("<Invoice/>")
    task = later("efactura", "pdf", "invoice.xml", "--local")
    rendered = example("efactura.rendered", "local")
    body, _ = await answer("render", "efactura.rendered", rendered)
    assert body == {"xml": "<Invoice/>", "printer": "local"}
    assert (await task).code == 0


@pytest.mark.integration
async def test_failure_and_silence_have_their_own_exit_codes(later, answer):
    task = later("efactura", "erase", "--index", "5001234567", *ERASE)
    failed = {"code": "efactura_retention", "message": "must be kept until 2036-12-31"}
    body, _ = await answer("erase", "efactura.failed", failed)
    ran = await task
    assert ran.code == 4
    assert "efactura_retention: must be kept" in ran.out
    assert body == {"upload_index": "5001234567", "reason": "order", "requested_by": "DPO"}
    assert (await later("efactura", "find", "--timeout", "0.3")).code == 5
