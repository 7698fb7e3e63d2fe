"""What is shown to a person: lines of events, bodies without secrets, safe text, ages."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_cli.body_preview import preview
from workers_cli.commands.topology import row
from workers_cli.errors import ExitCode
from workers_cli.event_lines import event_line
from workers_cli.finality import exit_code, is_final
from workers_cli.fleet import age
from workers_cli.listening import Heard
from workers_cli.output import plain
from workers_contracts.catalog import events
from workers_runtime.declare import Difference


@pytest.mark.parametrize(
    ("key", "event", "final"),
    [
        ("efactura.submit", "efactura.submitted", False),
        ("efactura.submit", "efactura.accepted", True),
        ("efactura.submit", "efactura.accepted.v2", True),
        ("efactura.submit", "efactura.rejected", True),
        ("efactura.submit", "efactura.failed", True),
        ("efactura.submit", "taxpayer.failed", False),
        ("taxpayer.validate", "anaf.taxpayer.validated", True),
        ("taxpayer.validate", "taxpayer.failed", True),
        ("ocr.extract", "ocr.extracted", True),
        ("unknown.thing", "other.done", False),
    ],
)
def test_final_event_ends_its_command(key, event, final):
    assert is_final(key, event) is final


def test_every_known_event_has_an_exit_code_that_tells_how_it_ended():
    codes = {key: exit_code(key) for key in events()}
    assert codes["efactura.rejected"] == exit_code("efactura.rejected.v3") == ExitCode.REJECTED
    assert codes["taxpayer.failed"] == ExitCode.FAILED
    assert codes["efactura.accepted"] == codes["anaf.taxpayer.validated"] == ExitCode.OK


def heard(kind, **data):
    envelope = {
        "type": kind, "time": "2026-03-02T09:15:04.123Z", "subject": "FCT-1",
        "correlationid": "c1", "data": data,
    }  # fmt: skip
    return Heard("workers.events", kind, envelope, 100)


def test_line_of_a_failure_has_code_and_message():
    line = event_line(heard("efactura.failed", code="anaf_no_right", message="give the right"))
    assert line == (
        "2026-03-02 09:15:04  efactura.failed  FCT-1  anaf_no_right: give the right  (c1)"
    )


def test_line_of_a_refusal_has_its_first_reason_and_how_many_more():
    errors = [{"rule": "BR-RO-110", "message": "Lipsește județul."}, {"rule": "x", "message": "y"}]
    assert "BR-RO-110: Lipsește județul. (and 1 more)" in event_line(
        heard("efactura.rejected", errors=errors)
    )


def test_line_of_a_success_has_its_facts_and_not_its_ids():
    line = event_line(
        heard("anaf.taxpayer.validated", correlation_id="c1", number="FCT-1", valid=True, x=None)
    )
    assert "valid=true" in line
    assert line.count("c1") == 1


def test_line_of_rubbish_says_so():
    assert "3 bytes that are not" in event_line(Heard("workers.events", "a.b", None, 3))


@given(st.text())
def test_no_text_of_others_can_steer_the_terminal(text):
    assert all(char.isprintable() or char == "\n" for char in plain(text))


def test_direction_marks_and_escapes_are_spelled_out():
    assert plain("a\x1b[2Jb\u202ec") == "a\\x1b[2Jb\\x202ec"


SECRET = "hunter2-hunter2"
BODIES = {
    "json": json.dumps({"password": SECRET, "list": [{"access_token": SECRET}]}),
    "cut off": '{"number": "1", "password": "' + SECRET,
    "single quotes": "{'token': '" + SECRET + "'}",
    "form": f"user=x&password={SECRET}",
    "document": json.dumps({"xml": f"<x>{SECRET}</x>"}),
    "header": f"Authorization: Bearer {SECRET}",
    "number of a person": json.dumps({"note": "CNP 1960229410015"}),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_secret_in_a_body_is_masked(body):
    shown = json.dumps(preview(body.encode()))
    assert "[redacted]" in shown
    assert SECRET not in shown
    assert "1960229410015" not in shown


def test_body_that_is_no_text_is_only_measured():
    assert preview(b"\xff\xfe\x00") == "[3 bytes that are not UTF-8 text]"


@pytest.mark.parametrize("unit", [b"x", b"x-", b'"', b'"a": "', b"password: ", b"\\", b"=", b" "])
def test_long_broken_body_is_cut_without_delay(unit):
    body = b"[" + unit * (250_000 // len(unit))
    started = time.monotonic()
    assert preview(body).endswith(f"[{len(body)} characters]")
    assert time.monotonic() - started < 2


def test_secret_behind_the_cut_is_not_shown():
    body = "[" + " " * 3_990 + '"password": "' + SECRET * 2_000
    assert SECRET not in preview(body.encode())


# Thirteen digits may be a person's number, so the numbers here are shorter.
@given(st.dictionaries(st.text(), st.integers(-(10**11), 10**11) | st.booleans()))
def test_harmless_json_is_shown_as_it_is(value):
    names = ("token", "secret", "password", "passwd", "authorization", "cookie", "cnp", "iban")
    harmless = {
        name: item
        for name, item in value.items()
        if not name.lower().replace("_", "").endswith((*names, "xml", "body", "apikey"))
    }
    assert preview(json.dumps(harmless).encode()) == harmless


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "3 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7200, "2 h ago"), (2e5, "2 d ago")],
)
def test_age_is_told_in_one_unit(seconds, text):
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert age(now - timedelta(seconds=seconds), now) == text


def test_words_of_the_broker_become_columns():
    words = (
        "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'a' in vhost '/': "
        "received the value '100000' of type 'signedint' but current is none"
    )
    found = row(Difference("queue", "a", words))
    assert (found.problem, found.argument, found.wanted, found.found) == (
        "differs", "x-max-length", "100000", "none"
    )  # fmt: skip
    assert row(Difference("queue", "a", "PRECONDITION_FAILED - odd")).problem == "odd"
