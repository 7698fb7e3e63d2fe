"""What is read from an archive: the header of every kind of document, hostile ones included."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anaf_efactura.archive import BadArchive
from anaf_efactura.inbound import facts, telling
from workers_contracts.topology import MAX_MESSAGE_BYTES
from workers_contracts.types import ArtifactRef
from workers_ledger.inbound_values import InboundMessage

DATA = Path(__file__).parents[1] / "data"
NOW = datetime(2026, 4, 14, 9, tzinfo=UTC)
KEPT = ArtifactRef(uri="file:///a.zip", sha256="0" * 64, size=9, media_type="application/zip")


def packed(document: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("5001.xml", document)
    return buffer.getvalue()


def listed(type_: str = "received", **data: object) -> InboundMessage:
    return InboundMessage(
        id="i",
        inbox_id="b",
        tenant="firm",
        cif="87654329",
        message_id="3001",
        upload_index="5001",
        type=type_,
        state="listed",
        listed_at=NOW,
        hand=1,
        tries=0,
        error_code="",
        error="",
        data=data,
    )


def told(document: bytes, message: InboundMessage | None = None):
    return telling.fetched(
        message or listed(), facts.read(packed(document), (), NOW, NOW), KEPT, NOW
    )


def test_header_of_an_invoice():
    event = told((DATA / "invoice.xml").read_bytes())
    assert (event.key, event.kind, event.number) == (
        "efactura.received",
        "invoice",
        "PMX-2026-0001",
    )
    assert (event.seller.vat_id, event.buyer.country) == ("RO12345674", "RO")
    assert (str(event.issue_date), str(event.due_date)) == ("2026-10-05", "2026-11-04")
    assert event.problem is None


def test_due_date_of_a_credit_note_stands_with_its_payment():
    event = told((DATA / "credit_note.xml").read_bytes())
    assert (event.kind, event.type_code) == ("credit_note", "381")
    assert str(event.due_date) == "2026-11-04"


def test_header_of_a_cii_document():
    event = told((DATA / "cii.xml").read_bytes())
    assert (event.kind, event.currency, event.problem) == ("cii", "RON", None)
    assert event.totals.payable is not None
    assert event.seller.cif == "12345674"


@pytest.mark.parametrize(
    ("message", "key", "self_billed"),
    [
        (listed("received"), "efactura.received", False),
        (listed("sent"), "efactura.sent_elsewhere", False),
        (listed("sent", self_billed=True), "efactura.sent_elsewhere", True),
        # ANAF's list says nothing we know: the document's own seller decides.
        (listed("unknown"), "efactura.received", False),
    ],
)
def test_which_event_an_invoice_becomes(message, key, self_billed):
    event = told((DATA / "invoice.xml").read_bytes(), message)
    assert (event.key, event.self_billed) == (key, self_billed)


def test_an_unknown_type_with_our_own_invoice_was_sent_elsewhere():
    text = (DATA / "invoice.xml").read_text("utf-8").replace("RO12345674", "RO87654329")
    assert told(text.encode(), listed("unknown")).key == "efactura.sent_elsewhere"


def test_an_invoice_of_another_version_is_kept_and_said_to_be_unread():
    text = (DATA / "invoice.xml").read_text("utf-8").replace("xsd:Invoice-2", "xsd:Invoice-3")
    event = told(text.encode())
    assert (event.kind, event.number) == ("unreadable", None)
    assert event.problem == facts.UNREADABLE


def test_what_the_header_lacks_is_said():
    text = (DATA / "invoice.xml").read_text("utf-8").replace("PMX-2026-0001", "")
    event = told(text.encode())
    assert (event.kind, event.number, event.problem) == ("invoice", None, facts.UNREADABLE)


@pytest.mark.parametrize(
    ("type_", "key"),
    [
        ("received", "efactura.received"),
        ("sent", "efactura.sent_elsewhere"),
        ("errors", "efactura.errors_received"),
        ("buyer_message", "efactura.message_received"),
        ("unknown", "efactura.received"),
    ],
)
def test_an_archive_that_cannot_be_opened_is_told_by_what_it_should_be(type_, key):
    event = telling.fetched(listed(type_), facts.unopened(), KEPT, NOW)
    assert (event.key, event.seal, event.problem) == (key, None, facts.UNREADABLE)


@pytest.mark.parametrize("index", ["9" * 300_000, "x", ""])
def test_a_buyers_message_about_no_index_is_told_without_it(index):
    xml = f'<header xmlns="mfp:anaf:dgti:spv:reqMesaj:v1" index_incarcare="{index}" message="da"/>'
    event = told(xml.encode(), listed("buyer_message"))
    assert (event.text, event.about_index, event.problem) == ("da", None, None)
    assert len(event.model_dump_json().encode()) < MAX_MESSAGE_BYTES


@pytest.mark.parametrize(
    ("tenant", "command"),
    [("firm", "`workers efactura login --tenant firm`"), ("", "`workers efactura login`")],
)
def test_who_has_to_log_in_again_is_told_the_command(tenant, command):
    message = replace(listed(), tenant=tenant, error_code="anaf_login_required")
    action = telling.delayed(message, NOW).action
    assert command in action
    assert "fără repornire" in action


def test_a_buyers_long_message_is_cut_and_said_to_be():
    words = "ș" * 90_000
    xml = f'<header xmlns="mfp:anaf:dgti:spv:reqMesaj:v1" index_incarcare="7" message="{words}"/>'
    event = told(xml.encode(), listed("buyer_message"))
    assert (len(event.text), event.about_index, event.problem) == (60_000, "7", facts.CUT)
    assert len(event.model_dump_json().encode()) < MAX_MESSAGE_BYTES


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_bytes_of_any_kind_are_no_archive_or_have_facts(noise):
    for content in (noise, packed(noise)):
        with pytest.raises(BadArchive):
            facts.read(content, (), NOW, NOW)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_a_supplier_writes_the_event_fits_the_bus(data):
    text = (DATA / "invoice.xml").read_text("utf-8")
    words = st.text(st.characters(codec="utf-8", exclude_characters="<&\x00"), max_size=40)
    for value in ("PMX-2026-0001", "Furnizor Test SRL", "RO12345674", "273.08", "380"):
        if data.draw(st.booleans()):
            text = text.replace(value, data.draw(words) * data.draw(st.sampled_from((1, 2000))))
    try:
        read = facts.read(packed(text.encode()), (), NOW, NOW)
    except BadArchive:
        return  # a character that XML does not have
    event = telling.fetched(listed(), read, KEPT, NOW)
    assert len(event.model_dump_json().encode()) < MAX_MESSAGE_BYTES
    # The ledger keeps it and tells it again: the very same.
    assert type(event).model_validate(telling.kept(event)["fields"]) == event
