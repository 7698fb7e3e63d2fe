"""`workers efactura validate`: what is published, what is printed, and the exit codes."""

import asyncio
import json
from pathlib import Path

import aio_pika
import pytest

from workers_cli.verdicts import WORDS, verdict_lines
from workers_runtime.testing import Bus

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"
REFUSED = json.loads((EXAMPLES / "efactura.validated" / "valid-refused.json").read_text("utf-8"))
ACCEPTED = json.loads((EXAMPLES / "efactura.validated" / "valid-accepted.json").read_text("utf-8"))


@pytest.fixture
def invoice(alone: Path) -> str:
    content = json.loads((EXAMPLES / "efactura.submit" / "valid-text.json").read_text("utf-8"))
    (alone / "one.xml").write_text(content["xml"], encoding="utf-8")
    return "one.xml"


@pytest.fixture
async def judge(bus: Bus, vhost_url: str):
    """Answer the next commands as the worker would, with given events; returns the bodies."""
    connection = await aio_pika.connect(vhost_url)
    channel = await connection.channel()

    async def answer(*events: tuple[str, dict]) -> list[dict]:
        bodies = []
        for key, data in events:
            while await bus.count("anaf.efactura.validate") == 0:
                await asyncio.sleep(0.02)
            got = await bus.take("anaf.efactura.validate")
            bodies.append(json.loads(got.body))
            envelope = {"type": key, "correlationid": got.correlation_id, "data": data}
            message = aio_pika.Message(json.dumps(envelope).encode())
            await (await channel.get_exchange("workers.events")).publish(message, key)
        return bodies

    yield answer
    await connection.close()


def printed(data, language="ro", **more) -> str:
    return "\n".join(text for text, _ in verdict_lines("f.xml", data, language, **more))


def test_both_languages_have_the_same_words():
    assert WORDS["ro"].keys() == WORDS["en"].keys()


def test_findings_are_told_in_romanian_with_remedy_and_place():
    text = printed(REFUSED)
    assert "f.xml (nr. PMX-2026-0001 din 2026-10-05): RESPINS, 3 erori" in text
    assert "1. BR-RO-111: BT-54 (județul cumpărătorului) nu este un cod" in text
    assert "Remediu: Scrieți în cbc:CountrySubentity un cod ca RO-CJ" in text
    assert "Loc: /Invoice/cac:AccountingCustomerParty/" in text
    assert "Neverificat: Numai serverele ANAF" in text


def test_findings_are_told_in_english_when_asked():
    text = printed(REFUSED, "en")
    assert "REFUSED, 3 errors" in text
    assert "Mend: Write a code such as RO-CJ" in text
    assert "Neverificat" not in text


def test_rules_that_say_the_same_of_one_place_are_joined():
    first = REFUSED["findings"][0]
    twin = first | {"rule": "BR-X"}
    other = first | {"path": "/elsewhere"}
    text = printed(REFUSED | {"findings": [first, twin, other]})
    assert "1. BR-RO-111, BR-X: " in text
    assert "2. BR-RO-111: " in text
    assert "3. " not in text


def test_what_did_not_fit_is_counted():
    assert "și încă 2, care nu au încăput" in printed(REFUSED | {"error_count": 5})


def test_failure_and_silence_are_told():
    failed = {"code": "artifact_missing", "message": "there is no artifact"}
    assert "artifact_missing: there is no artifact" in printed(failed, failed=True)
    assert "niciun răspuns" in printed(None)


def test_unreadable_files_are_named_before_anything_is_sent(offline, alone: Path):
    (alone / "empty.xml").write_text(" \n")
    (alone / "huge.xml").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    (alone / "large.xml").write_bytes(b"x" * (129 * 1024))
    for name, code in (
        ("none.xml", "unreadable_input"), ("empty.xml", "unreadable_input"),
        ("huge.xml", "unreadable_input"), ("large.xml", "body_too_large"),
    ):  # fmt: skip
        ran = offline("efactura", "validate", name, "--json")
        assert (ran.code, ran.error["code"]) == (2, code)
        assert name in ran.error["message"]
    assert "ARTIFACTS_URL" in ran.error["next"]


@pytest.mark.integration
async def test_every_file_is_judged_and_one_refusal_decides_the_exit_code(later, judge, invoice):
    task = later("efactura", "validate", invoice, invoice, "--cif", "12345674")
    bodies = await judge(("efactura.validated", ACCEPTED), ("efactura.validated", REFUSED))
    ran = await task
    assert ran.code == 1
    assert [body["cif"] for body in bodies] == ["12345674"] * 2
    assert bodies[0]["xml"].startswith("<?xml")
    assert "one.xml (nr. PMX-2026-0001 din 2026-10-05): corect" in ran.out
    assert "RESPINS" in ran.out


@pytest.mark.integration
async def test_json_has_one_document_a_file(later, judge, invoice):
    task = later("efactura", "validate", invoice, "--json")
    await judge(("efactura.validated", ACCEPTED))
    ran = await task
    assert ran.code == 0
    assert ran.json["file"] == "one.xml"
    assert ran.json["verdict"]["checked"] == ACCEPTED["checked"]


@pytest.mark.integration
async def test_failure_and_silence_have_their_own_exit_codes(later, judge, invoice):
    task = later("efactura", "validate", invoice)
    await judge(("efactura.failed", {"code": "artifact_missing", "message": "gone"}))
    assert (await task).code == 4
    assert (await later("efactura", "validate", invoice, "--timeout", "0.3")).code == 5


@pytest.mark.integration
async def test_waiting_goes_on_while_answers_come(later, judge, invoice):
    """The limit is for the next answer, not for all: a thousand files may take their time."""
    task = later("efactura", "validate", invoice, invoice, invoice, "--timeout", "2")
    for _ in range(3):
        await asyncio.sleep(1.2)
        await judge(("efactura.validated", ACCEPTED))
    assert (await task).code == 0


@pytest.mark.integration
async def test_file_without_an_answer_does_not_hide_the_others(later, judge, invoice):
    files = [invoice] * 6
    task = later("efactura", "validate", *files, "--json", "--timeout", "1.5")
    await judge(("efactura.validated", REFUSED))
    answered = asyncio.get_running_loop().time()
    ran = await task
    # Silence is waited for once.
    assert asyncio.get_running_loop().time() - answered < 6
    assert ran.code == 5
    assert [line["exit_code"] for line in ran.lines] == [1, 5, 5, 5, 5, 5]
    assert ran.lines[1]["verdict"] is None


@pytest.mark.integration
async def test_large_or_foreign_file_goes_through_the_artifact_store(later, judge, alone: Path):
    (alone / "large.xml").write_bytes(b"<x>" + b"y" * (200 * 1024) + b"</x>")
    (alone / "utf16.xml").write_bytes("<x>ș</x>".encode("utf-16"))
    store = f"file://{alone}/store"
    for name in ("large.xml", "utf16.xml"):
        task = later("efactura", "validate", name, "--artifacts-url", store)
        (body,) = await judge(("efactura.validated", ACCEPTED))
        assert (await task).code == 0
        kept = Path(body["artifact"]["uri"].removeprefix("file://"))
        assert kept.read_bytes() == (alone / name).read_bytes()
        assert "xml" not in body
