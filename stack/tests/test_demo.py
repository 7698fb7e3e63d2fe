"""The demonstration on fake programs and a real broker: what it prints and how it judges."""

import json
import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal

import pytest

from workers_stack.demo.board import Board
from workers_stack.demo.documents import documents
from workers_stack.demo.invoice import render

CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"


def amounts(xml: str, name: str) -> list[Decimal]:
    return [Decimal(element.text) for element in ET.fromstring(xml.encode()).iter(CBC + name)]


def test_invoice_adds_up():
    xml = render("A-1", date(2026, 10, 5), hours=3)
    assert amounts(xml, "TaxExclusiveAmount") == [Decimal("300.00")]
    assert amounts(xml, "PayableAmount") == [Decimal("363.00")]
    assert "<cbc:DueDate>2026-11-04<" in xml


def test_wrong_total_is_wrong_by_what_was_asked():
    xml = render("A-1", date(2026, 10, 5), gross_error=Decimal("10.00"))
    assert amounts(xml, "TaxInclusiveAmount") == [Decimal("252.00")]


def test_numbers_differ_between_two_demonstrations():
    first, second = (
        {one.number for one in documents(date(2026, 10, 5), mark) if one.number}
        for mark in ("1", "2")
    )
    assert len(first) == 4
    assert not first & second


@pytest.fixture
def board() -> Board:
    return Board(documents(date(2026, 10, 5), "1"))


def test_silence_is_reported_for_every_document(board):
    problems = board.problems()
    assert len(problems) == 11
    assert problems[2] == "Invoice, correct: no final event (no event); missing efactura.accepted"
    assert problems[6] == "PDF of the accepted invoice: not sent, for it follows 'Invoice, correct'"


def outcome(board: Board, place: int, kind: str, data: dict) -> None:
    document = list(board.rows.values())[place].document
    board.add({"type": kind, "correlationid": document.id, "data": data})


def test_what_follows_is_ready_when_its_document_ended_well(board):
    for document, _ in board.ready():
        board.published(document)
    assert board.ready() == []
    archive = {"uri": "file:///a.zip", "sha256": "00"}
    outcome(board, 2, "efactura.accepted", {"archive": archive})
    (pdf, body), (receive, whose) = board.ready()
    assert (receive.key, whose) == ("efactura.receive", {"cif": "87654329"})
    assert (pdf.key, body["artifact"]) == ("pdf.render", archive)
    board.published(pdf)
    outcome(board, 6, "pdf.rendered", {"pages": 1, "artifact": {"uri": "file:///a.pdf"}})
    ready = [document.key for document, _ in board.ready()]
    assert ready == ["ocr.extract", "email.send", "efactura.receive"]


def test_what_follows_a_refusal_is_not_waited_for(board):
    for document, _ in board.ready():
        board.published(document)
    outcome(board, 0, "anaf.taxpayer.validated", {"valid": True})
    outcome(board, 1, "anaf.taxpayer.validated", {"valid": False})
    for place in (3, 4, 5):
        outcome(board, place, "efactura.rejected", {"stage": "anaf", "errors": []})
    assert not board.done
    outcome(board, 2, "efactura.rejected", {"stage": "anaf", "errors": []})
    assert board.ready() == []
    assert board.done


def test_wrong_outcome_names_the_reason(board):
    document = list(board.rows.values())[2].document
    errors = [{"rule": "BR-01", "message": "Lipsește."}]
    data = {"stage": "anaf", "errors": errors}
    board.add({"type": "efactura.rejected", "correlationid": document.id, "data": data})
    assert board.problems()[2] == (
        "Invoice, correct: efactura.rejected, expected efactura.accepted (BR-01: Lipsește.)"
    )


def test_two_final_events_are_one_too_many(board):
    document = next(iter(board.rows.values())).document
    event = {
        "type": "anaf.taxpayer.validated",
        "correlationid": document.id,
        "data": {"valid": True},
    }
    board.add(event)
    assert len(board.problems()) == 10
    board.add(event)
    assert board.problems()[0] == "Look-up, known company: 2 final events, expected one"


def test_another_invoice_in_the_buyers_box_is_not_the_expected_one(board):
    document = list(board.rows.values())[10].document
    event = {"type": "efactura.received", "correlationid": document.id}
    board.published(document)
    assert not board.add({**event, "data": {"number": "OTHER-1"}})
    assert board.add({**event, "data": {"number": document.number}})
    assert board.rows[document.id].problem() is None


def test_events_of_others_are_not_counted(board):
    assert not board.add({"type": "efactura.accepted", "correlationid": "other", "data": {}})
    assert board.counts()["events"] == 0


@pytest.mark.integration
def test_demo_shows_every_outcome_and_ends_with_the_counts(stack, tmp_path):
    out, err = stack("demo").communicate(timeout=60)
    counts = json.loads(out.splitlines()[-1])
    assert counts == {
        "documents": 11,
        "validated": 2,
        "accepted": 2,
        "rejected": 2,
        "received": 1,
        "rendered": 1,
        "read": 1,
        "mailed": 1,
        "announced": 1,
        "failed": 0,
        "events": 15,
        "ok": True,
    }, err
    assert "file:///archive.zip" in out
    assert list(tmp_path.glob("workers-demo-*")) == []


@pytest.mark.integration
def test_demo_json_prints_events_only(stack):
    process = stack("demo", "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert {json.loads(line)["type"] for line in out.splitlines()} == {
        "anaf.taxpayer.validated",
        "efactura.submitted",
        "efactura.accepted",
        "efactura.rejected",
        "efactura.receiving",
        "efactura.received",
        "pdf.rendered",
        "ocr.extracted",
        "email.sent",
        "slack.notified",
    }
    assert json.loads(err.splitlines()[-1])["ok"] is True


@pytest.mark.integration
def test_demo_sends_nothing_after_an_outcome_that_it_did_not_expect(stack):
    process = stack("demo", FAKE_FAULT="pages")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "PDF of the accepted invoice: pages is 2, expected 1" in out
    assert "Message in Slack: not sent, for it follows 'Mail with the PDF'" in out
    counts = json.loads(out.splitlines()[-1])
    assert (counts["rendered"], counts["read"], counts["mailed"]) == (1, 0, 0)


@pytest.mark.integration
def test_demo_sees_an_invoice_that_was_sent_twice(stack, tmp_path):
    process = stack("demo", FAKE_FAULT="twice")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "answer lost: the sandbox saw 2 uploads, expected one" in out
    assert json.loads(out.splitlines()[-1])["ok"] is False
    (kept,) = tmp_path.glob("workers-demo-*")
    assert "fake worker is ready" in (kept / "programs.log").read_text()
