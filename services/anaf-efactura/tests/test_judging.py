"""The local verdict as a whole, and hostile documents."""

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_efactura import events
from anaf_efactura.app import build
from anaf_efactura.judging import FiledFor, make_judge
from workers_contracts.efactura import InvoiceValidated
from workers_contracts.topology import MAX_MESSAGE_BYTES

DATA = Path(__file__).parent / "data"
JUDGE = make_judge(None)
MEGABYTE = 1024 * 1024


def verdict(content: bytes, **filed) -> InvoiceValidated:
    return events.validated(JUDGE.judge(content, FiledFor(**filed)), "0" * 64)


def test_good_invoice_is_valid_and_says_what_was_not_checked():
    event = verdict((DATA / "invoice.xml").read_bytes(), cif="12345674")
    assert (event.valid, event.findings, event.error_count) == (True, [], 0)
    assert event.number == "PMX-2026-0001"
    assert event.checked == ["xml", "ubl-2.1-xsd", "en16931", "cius-ro-1.0.9", "check-digits"]
    assert [item.what for item in event.unchecked] == [
        "schematron", "code_lists", "anaf_registers"
    ]  # fmt: skip


def test_all_findings_come_at_once(invoice: Callable[..., str]):
    text = invoice().replace("RO-CJ", "CJ").replace("SECTOR3", "București")
    text = text.replace('unitCode="C62"', 'unitCode="buc"').replace("RO12345674", "RO12345675")
    found = {item.rule for item in verdict(text.encode()).findings}
    assert found == {"BR-RO-111", "BR-RO-100", "BR-CL-23", "WRK-CUI"}


def test_another_filer_is_an_error_of_the_field_cif(invoice: Callable[..., str]):
    event = verdict(invoice().encode(), cif="123456789")
    assert [(item.rule, item.severity, item.term, item.field) for item in event.findings] == [
        ("WRK-PARTY", "error", "BT-31", "cif")
    ]
    assert not event.valid


def test_an_enforcement_body_files_for_another(invoice: Callable[..., str]):
    assert verdict(invoice().encode(), cif="123456789", enforcement=True).valid


@pytest.mark.parametrize(("cif", "rules"), [("87654329", []), ("12345674", ["WRK-PARTY"])])
def test_self_billed_invoice_is_filed_by_its_buyer(invoice: Callable[..., str], cif, rules):
    text = invoice().replace(">380<", ">389<").encode()
    assert [item.rule for item in verdict(text, cif=cif, self_billed=True).findings] == rules


def test_thousand_mistakes_fit_the_bus_and_are_counted():
    line = (DATA / "invoice.xml").read_text(encoding="utf-8")
    start, end = line.index("<cac:InvoiceLine>"), line.index("</Invoice>")
    wrong = line[start:end].replace("C62", "buc").replace("Carte", "n" * 200)
    event = verdict((line[:start] + wrong * 1000 + line[end:]).encode())
    assert not event.valid
    assert event.findings[-1].rule == "WRK-MANY"
    assert len(event.findings) == event.error_count > 150
    assert len(event.model_dump_json().encode()) < MAX_MESSAGE_BYTES


BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
XXE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Invoice>&x;</Invoice>'
HEAD = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">'
# name, content, the English words of the reason
HOSTILE = [
    ("entity bomb", BOMB, "document type declaration is refused"),
    ("external entity", XXE, "document type declaration is refused"),
    ("parameter entity", b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]><a/>',
     "document type declaration is refused"),
    ("doctype in UTF-16", XXE.decode().encode("utf-16"), "document type declaration is refused"),
    ("undeclared entity", b"<Invoice>&x;</Invoice>", "Entity"),
    ("text of 100 MB", HEAD + b"x" * (100 * MEGABYTE) + b"</Invoice>", "larger than"),
    ("attribute of 100 MB", b'<Invoice a="' + b"x" * (100 * MEGABYTE) + b'"/>', "larger than"),
    ("a million elements", HEAD + b"<a/>" * 1_000_001 + b"</Invoice>", "more than 1000000 tags"),
    ("nested 100,000 deep", b"<a>" * 100_000 + b"</a>" * 100_000, ""),
    ("nested 65 deep", b"<a>" * 65 + b"</a>" * 65, "deeper than 64"),
    ("binary", bytes(range(256)) * 100, "invalid utf-8"),
    ("HTML page", b"<html><body>Request Rejected<br></body></html>", ""),
    ("archive", b"PK\x03\x04" + b"\x00" * 1000, ""),
    ("nothing", b"  \n", "empty"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"), [pytest.param(*case[1:], id=case[0]) for case in HOSTILE]
)
def test_hostile_content_is_refused_quickly_in_little_memory_with_its_reason(content, words):
    tracemalloc.start()
    started = time.process_time()
    event = verdict(content)
    seconds, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [item.rule for item in event.findings] in (["WRK-XML"], ["WRK-ROOT"])
    assert words in event.findings[0].text.en
    assert event.findings[0].text.ro != event.findings[0].text.en
    assert not event.valid
    assert seconds < 5
    assert peak < 60 * MEGABYTE


def test_long_texts_inside_the_limit_are_judged_in_bounded_time():
    """Nine megabytes in one note, one name and one attachment."""
    text = (DATA / "full.xml").read_text(encoding="utf-8")
    long = "ș" * (MEGABYTE * 3 // 2)
    for place in (">Livrare parțială<", ">Furnizor Test SRL<", ">Descriere<"):
        text = text.replace(place, f">{long}<")
    started = time.process_time()
    found = {item.rule for item in verdict(text.encode()).findings}
    assert {"BR-RO-L302", "BR-RO-L201", "BR-RO-L212"} <= found
    assert time.process_time() - started < 10


@given(st.sampled_from(sorted(DATA.glob("*.xml"))), st.data())
def test_damage_anywhere_gets_a_verdict_with_both_texts(path, data):
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    event = verdict(bytes(content))
    assert event.valid == (event.error_count == 0)
    for item in event.findings:
        assert item.text.ro
        assert item.text.en
        assert item.path.startswith("/")


@given(st.binary(max_size=300))
def test_any_bytes_get_a_verdict(content):
    assert not verdict(content).valid


async def test_submit_refuses_what_the_schema_refuses_with_its_explanation(desk, invoice, sandbox):
    wrong = invoice().replace("<cac:TaxTotal>", "<cac:Colour/><cac:TaxTotal>", 1)
    event = await desk.file(wrong)
    assert event.key == "efactura.rejected"
    assert event.stage == "local"
    (reason,) = event.errors
    assert reason.rule == "UBL-XSD"
    assert "Colour" in reason.explanations[0].text.en
    assert sandbox.control.requests("upload") == []


def test_folder_without_the_schema_ends_the_start_with_one_line(monkeypatch, tmp_path):
    given = {
        "RMQ_URL": "amqp://127.0.0.1:1/",
        "DATABASE_URL": f"sqlite:///{tmp_path}/ledger.db",
        "ARTIFACTS_URL": f"file://{tmp_path}/artifacts",
        "ANAF_CLIENT_ID": "client",
        "ANAF_CLIENT_SECRET": "secret",
        "ANAF_REFRESH_TOKEN": "token",
        "ANAF_EFACTURA_XSD_DIR": str(tmp_path),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=r"ANAF_EFACTURA_XSD_DIR: .*\.xsd: No such file"):
        build()
