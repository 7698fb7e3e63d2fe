"""Answers to upload, state, download and validation, as values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_efactura.answers import (
    Accepted,
    Downloaded,
    InProgress,
    Invalid,
    Nok,
    Ok,
    QueryFailed,
    Refused,
    RefusedAtUpload,
    Rendered,
    Uncertain,
    Unrecognised,
    Valid,
    read_download,
    read_state,
    read_upload,
    read_validation,
)
from workers_anaf.refusals import RefusalKind
from workers_anaf.replies import read_reply

UPLOAD = 'xmlns="mfp:anaf:dgti:spv:respUploadFisier:v1" dateResponse="202108051140"'
STATE = 'xmlns="mfp:anaf:dgti:efactura:stareMesajFactura:v1"'
FIREWALL = b"<html><title>Request Rejected</title>Your support ID is: 98266458329</html>"


def upload(body: str, status: int = 200):
    return read_upload(read_reply(status, body.encode()))


def state(attributes: str, inner: str = ""):
    return read_state(read_reply(200, f"<header {STATE} {attributes}>{inner}</header>".encode()))


def test_an_accepted_upload_has_its_index_as_text():
    answer = upload(f'<header {UPLOAD} ExecutionStatus="0" index_incarcare="5001131297"/>')
    assert answer == Accepted("5001131297")


def test_names_are_read_without_namespace_prefix_and_letter_case():
    answer = upload('<p:header xmlns:p="x" executionstatus="0" Index_Incarcare="0007"/>')
    assert answer == Accepted("0007")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Marime fisier transmis mai mare de 10 MB.", RefusalKind.DOCUMENT),
        ("Nu aveti drept in SPV pentru CIF=1234", RefusalKind.RIGHTS),
        ("CIF introdus= 123a nu este un numar", RefusalKind.CALLER),
        ("S-au incarcat deja 1000 de mesaje de tip RASP pentru cui=1", RefusalKind.DAILY_LIMIT),
        ("ceva nou", RefusalKind.OTHER),
    ],
)
def test_a_refused_upload_gives_its_reasons(text: str, kind: RefusalKind):
    answer = upload(
        f'<header {UPLOAD} ExecutionStatus="1"><Errors errorMessage="{text}"/>'
        '<Errors errorMessage="alta"/></header>'
    )
    assert isinstance(answer, Refused)
    assert [reason.kind for reason in answer.reasons] == [kind, RefusalKind.OTHER]
    assert answer.reasons[0].text == text


def test_a_technical_error_leaves_the_upload_uncertain():
    answer = upload(
        f'<header {UPLOAD} ExecutionStatus="1">'
        '<Errors errorMessage="A aparut o eroare tehnica. Cod: 1814"/></header>'
    )
    assert isinstance(answer, Uncertain)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, FIREWALL),
        (200, b""),
        (204, b""),
        (200, b"<html><title>logon</title></html>"),
        (502, b"<html><title>Bad Gateway</title></html>"),
        (500, b'{"status":500,"error":"Internal Server Error","message":"x"}'),
        (500, b"<header/>"),
        (200, b'{"eroare":"A aparut o eroare tehnica. Cod: XXX"}'),
        (200, b"<header"),
        (504, b""),
    ],
)
def test_what_is_no_answer_of_the_service_leaves_the_upload_uncertain(status: int, body: bytes):
    answer = read_upload(read_reply(status, body))
    assert isinstance(answer, Uncertain)
    assert answer.why


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, b"", RefusalKind.RATE_LIMIT),
        (401, b"{}", RefusalKind.TOKEN),
        (403, b"<html>403</html>", RefusalKind.RIGHTS),
        (
            400,
            b'{"status":400,"error":"Bad Request","message":'
            b'"Trebuie sa aveti atasat in request un fisier de tip xml"}',
            RefusalKind.CALLER,
        ),
    ],
)
def test_what_was_certainly_not_taken_is_refused(status: int, body: bytes, kind: RefusalKind):
    answer = read_upload(read_reply(status, body))
    assert isinstance(answer, Refused)
    assert answer.reasons[0].kind is kind


@pytest.mark.parametrize(
    "body",
    [
        f'<header {UPLOAD} ExecutionStatus="0"/>',
        f'<header {UPLOAD} ExecutionStatus="0" index_incarcare=""/>',
        f'<header {UPLOAD} ExecutionStatus="0" index_incarcare="12a"/>',
        f'<header {UPLOAD} ExecutionStatus="1"/>',
        f'<header {UPLOAD} ExecutionStatus="1"><Errors/></header>',
        f'<header {UPLOAD} index_incarcare="5"/>',
        "<other/>",
        '{"ok":true}',
        "PK\x03\x04",
        "%PDF-1.7",
    ],
)
def test_an_upload_answer_that_is_not_understood_says_so(body: str):
    answer = upload(body)
    assert isinstance(answer, Unrecognised)
    assert 0 < len(answer.summary) < 200


@pytest.mark.parametrize(
    ("attributes", "answer"),
    [
        ('stare="ok" id_descarcare="1234"', Ok("1234")),
        ('stare="OK" id_descarcare="3001503294"', Ok("3001503294")),
        ('stare="nok" id_descarcare="123"', Nok("123")),
        ('stare="in prelucrare"', InProgress()),
        ('stare="În prelucrare"', InProgress()),
        ('stare=" IN  PRELUCRARE "', InProgress()),
        (
            'stare="XML cu erori nepreluat de sistem"',
            RefusedAtUpload("XML cu erori nepreluat de sistem"),
        ),
        ('stare="ok"', None),
        ('stare="ok" id_descarcare="x"', None),
        ('stare="nok"', None),
        ('stare="altceva"', None),
        ("", None),
    ],
)
def test_states_are_read(attributes: str, answer: object):
    read = state(attributes)
    assert read == answer if answer is not None else isinstance(read, Unrecognised)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Nu aveti dreptul de inteorgare pentru id_incarcare= 18", RefusalKind.RIGHTS),
        ("Nu exista niciun CIF petru care sa aveti drept", RefusalKind.RIGHTS),
        ("Id_incarcare introdus= aaa nu este un numar intreg", RefusalKind.CALLER),
        ("Nu exista factura cu id_incarcare= 15000", RefusalKind.NOT_FOUND),
        ("S-au facut deja 20 descarcari de mesaj in cursul zilei", RefusalKind.DAILY_LIMIT),
        ("A aparut o eroare tehnica. Cod: 4003", RefusalKind.TECHNICAL),
    ],
)
def test_errors_without_a_state_are_a_failed_query(text: str, kind: RefusalKind):
    answer = state("", f'<Errors errorMessage="{text}"/>')
    assert isinstance(answer, QueryFailed)
    assert answer.refusal.kind is kind


def test_errors_beside_a_state_do_not_hide_it():
    assert state('stare="in prelucrare"', '<Errors errorMessage="x"/>') == InProgress()
    assert isinstance(state('stare="nou"', '<Errors errorMessage="x"/>'), Unrecognised)


@pytest.mark.parametrize("status", [200, 500, 503])
def test_a_page_in_place_of_a_state_is_a_failed_query(status: int):
    answer = read_state(read_reply(status, FIREWALL))
    assert isinstance(answer, QueryFailed)
    assert answer.refusal.kind is RefusalKind.TECHNICAL


@pytest.mark.parametrize("body", [b"<other/>", b"[]", b"PK\x03\x04"])
def test_a_state_of_another_form_is_unrecognised(body: bytes):
    assert isinstance(read_state(read_reply(200, body)), Unrecognised)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Id descarcare introdus= 123a nu este un numar intreg", RefusalKind.CALLER),
        ("Nu aveti dreptul sa descarcati acesta factura", RefusalKind.RIGHTS),
        ("Pentru id=21 nu exista inregistrata nici o factura", RefusalKind.NOT_FOUND),
        ("S-au facut deja 10 descarcari de mesaj in cursul zilei", RefusalKind.DAILY_LIMIT),
        ("Fisierul nu mai poate fi descarcat pentru ca a trecut perioada", RefusalKind.EXPIRED),
    ],
)
@pytest.mark.parametrize("tail", ["", "}"])
def test_a_refused_download_is_json_with_status_200(text: str, kind: RefusalKind, tail: str):
    body = f'{{"eroare":"{text}","titlu":"Descarcare mesaj"}}{tail}'
    answer = read_download(read_reply(200, body.encode(), content_type="application/zip"))
    assert isinstance(answer, QueryFailed)
    assert answer.refusal.kind is kind


def test_a_downloaded_archive_is_kept_byte_for_byte():
    data = b"PK\x03\x04\x00\xff"
    assert read_download(read_reply(200, data, content_type="text/plain")) == Downloaded(data)


def test_a_download_of_another_form_is_unrecognised():
    assert isinstance(read_download(read_reply(200, b'{"x":1}')), Unrecognised)


def test_validation_is_read():
    assert read_validation(read_reply(200, b'{"stare":"ok","trace_id":"x"}')) == Valid()
    body = b'{"stare":"nok","Messages":[{"message":"E: [BR-RO-110]"},{"message":"b"}]}'
    assert read_validation(read_reply(200, body)) == Invalid(("E: [BR-RO-110]", "b"))
    assert read_validation(read_reply(200, b"%PDF-1.7")) == Rendered(b"%PDF-1.7")


def test_a_technical_message_of_the_validation_is_no_verdict():
    body = b'{"stare":"nok","Messages":[{"message":"A aparut o eroare tehnica. Cod: 5"}]}'
    answer = read_validation(read_reply(200, body))
    assert isinstance(answer, QueryFailed)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, FIREWALL, QueryFailed),
        (404, b'{"status":404,"error":"Not Found","path":"/x"}', QueryFailed),
        (200, b'{"stare":"nok","Messages":[]}', Unrecognised),
        (200, b'{"stare":"nok","Messages":"x"}', Unrecognised),
        (200, b'{"stare":"nok","Messages":[1,{"message":""}]}', Unrecognised),
        (200, b'{"stare":"nou"}', Unrecognised),
        (200, b"[]", Unrecognised),
    ],
)
def test_a_validation_without_verdict_says_so(status: int, body: bytes, kind: type):
    assert isinstance(read_validation(read_reply(status, body)), kind)


XMLISH = st.text(alphabet="<>/=\"' headrstoknRSE0123ERxmlns:p", max_size=80)
BODIES = (
    st.binary(max_size=80)
    | XMLISH.map(lambda text: f"<header {text}/>".encode())
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["eroare", "stare", "Messages", "message", "status"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)


@given(st.sampled_from([200, 400, 401, 403, 404, 429, 500, 503]), BODIES)
def test_no_answer_raises(status: int, body: bytes):
    reply = read_reply(status, body)
    for read in (read_upload, read_state, read_download, read_validation):
        assert read(reply) is not None


@given(st.integers(500, 599), BODIES)
def test_a_failing_server_never_means_refused_or_accepted(status: int, body: bytes):
    answer = read_upload(read_reply(status, body))
    assert isinstance(answer, Uncertain | Unrecognised)
