"""The lists of SPV."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_efactura.answers import QueryFailed, Unrecognised
from anaf_efactura.messages import MessagePage, MessageType, read_messages
from workers_anaf.refusals import RefusalKind
from workers_anaf.replies import read_reply

ROW = {
    "data_creare": "202211011336",
    "cif": "8000000000",
    "id_solicitare": "5001131297",
    "detalii": "Factura cu id_incarcare=5001131297 emisa de cif_emitent=8000000000 "
    "pentru cif_beneficiar=3",
    "tip": "FACTURA TRIMISA",
    "id": "3001503294",
}


def page(*rows: object, **more: object):
    body = {"mesaje": list(rows), "serial": "1234AA456", "cui": "8000000000", **more}
    return read_messages(read_reply(200, json.dumps(body).encode()))


def only(row: dict[str, object]):
    read = page(row)
    assert isinstance(read, MessagePage)
    assert len(read.messages) == 1
    return read.messages[0]


def test_a_row_is_read():
    message = only(ROW)
    assert message.id == "3001503294"
    assert message.upload_index == "5001131297"
    assert message.type is MessageType.SENT
    assert message.cif == "8000000000"
    assert (message.seller, message.buyer, message.self_billed) == ("8000000000", "3", False)
    assert message.created == datetime(2022, 11, 1, 13, 36, tzinfo=ZoneInfo("Europe/Bucharest"))


@pytest.mark.parametrize(
    ("tip", "kind"),
    [
        ("FACTURA TRIMISA", MessageType.SENT),
        ("FACTURA PRIMITA", MessageType.RECEIVED),
        ("ERORI FACTURA", MessageType.ERRORS),
        ("MESAJ CUMPARATOR PRIMIT / MESAJ CUMPARATOR TRANSMIS", MessageType.BUYER_MESSAGE),
        ("MESAJ", MessageType.BUYER_MESSAGE),
        (" factura  primita ", MessageType.RECEIVED),
        ("ALT TIP", MessageType.UNKNOWN),
        (None, MessageType.UNKNOWN),
    ],
)
def test_types_are_read(tip: str | None, kind: MessageType):
    assert only({**ROW, "tip": tip}).type is kind


@pytest.mark.parametrize(
    ("detail", "seller", "buyer", "self_billed"),
    [
        (
            "Factura cu id_incarcare=1 emisa de cif_emitent=12345674 pentru "
            "cif_beneficiar=87654329",
            "12345674",
            "87654329",
            False,
        ),
        (
            "Factura cu id_incarcare=1 emisa de cif_emitent=RO12345674 pentru "
            "cif_beneficiar=RO87654329",
            "12345674",
            "87654329",
            False,
        ),
        (
            "Factura cu id_incarcare=1 transmisa de cif=87654329  ca autofactura in numele "
            "cif=12345674",
            "12345674",
            "87654329",
            True,
        ),
        (
            "Factura cu id_incarcare=1 transmisa de cif=RO87654329 ca autofactutra in numele "
            "cif=RO12345674",
            "12345674",
            "87654329",
            True,
        ),
        (
            "Erori de validare identificate la factura primita cu id_incarcare=1",
            None,
            None,
            False,
        ),
        (
            "Erori de validare identificate la factura primita cu id_incarcare=1, "
            "tip declarat=AUTOFACTURA",
            None,
            None,
            True,
        ),
        ("", None, None, False),
        ("emisa de cif_emitent=12345674", "12345674", None, False),
    ],
)
def test_the_parties_are_read_from_the_detail(
    detail: str, seller: str | None, buyer: str | None, self_billed: bool
):
    message = only({**ROW, "detalii": detail})
    assert (message.seller, message.buyer) == (seller, buyer)
    assert message.self_billed is self_billed


def test_a_missing_upload_index_is_read_from_the_detail():
    assert only({**ROW, "id_solicitare": None}).upload_index == "5001131297"
    assert only({**ROW, "id_solicitare": "", "detalii": "x"}).upload_index is None


def test_bare_numbers_are_ids_too():
    message = only({**ROW, "id": 3001503294, "id_solicitare": 5001131297, "cif": 8000000000})
    assert (message.id, message.upload_index) == ("3001503294", "5001131297")
    assert message.cif == "8000000000"


@pytest.mark.parametrize("created", ["", "2022110113", "202213011336", "20221101133a", None, 5])
def test_an_unreadable_time_loses_no_message(created: object):
    assert only({**ROW, "data_creare": created}).created is None


def test_the_cif_comes_without_its_prefix():
    assert only({**ROW, "cif": "RO12345674"}).cif == "12345674"
    assert only({**ROW, "cif": ""}).cif is None


@pytest.mark.parametrize("row", [{}, {"id": "x"}, {"id": None}, {"id": 1.5}, {"id": True}, 7, None])
def test_rows_without_an_id_are_counted(row: object):
    read = page(ROW, row)
    assert isinstance(read, MessagePage)
    assert (len(read.messages), read.unreadable) == (1, 1)


def test_pages_are_counted():
    read = page(ROW, index_pagina_curenta=2, numar_total_pagini="3")
    assert isinstance(read, MessagePage)
    assert (read.page, read.pages) == (2, 3)
    plain = page(ROW)
    assert isinstance(plain, MessagePage)
    assert (plain.page, plain.pages) == (1, 1)


@pytest.mark.parametrize("value", [0, -1, "x", None, 1.5, True, "9" * 9])
def test_a_senseless_count_is_one(value: object):
    read = page(ROW, numar_total_pagini=value)
    assert isinstance(read, MessagePage)
    assert read.pages == 1


def test_an_empty_list_is_an_empty_page():
    assert page() == MessagePage(())


@pytest.mark.parametrize(
    "text",
    ["Nu exista mesaje in intervalul selectat", "Nu exista mesaje in ultimele 15 zile"],
)
def test_nothing_found_is_an_empty_page(text: str):
    body = json.dumps({"eroare": text, "titlu": "Lista Mesaje"}).encode()
    assert read_messages(read_reply(200, body)) == MessagePage(())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Lista de mesaje este mai mare decat numarul de 500 elemente", RefusalKind.USE_PAGES),
        ("Numarul de zile trebuie sa fie intre 1 si 60", RefusalKind.CALLER),
        ("Nu aveti drept in SPV pentru CIF=8000000000", RefusalKind.RIGHTS),
        (
            "Pagina solicitata 50 este mai mare decat numarul toatal de pagini 29",
            RefusalKind.STOP_PAGING,
        ),
        ("S-au facut deja 1000 interogari de lista mesaje", RefusalKind.DAILY_LIMIT),
        ("endTime = x nu poate in viitor fata de momentul requestului", RefusalKind.WINDOW),
    ],
)
def test_refusals_of_lists_are_no_empty_pages(text: str, kind: RefusalKind):
    answer = read_messages(read_reply(200, json.dumps({"eroare": text}).encode()))
    assert isinstance(answer, QueryFailed)
    assert answer.refusal.kind is kind


@pytest.mark.parametrize(
    "body", [b"{}", b'{"mesaje":null}', b'{"mesaje":{}}', b"[]", b"<a/>", b"%PDF-1"]
)
def test_another_form_is_unrecognised_and_no_empty_page(body: bytes):
    assert isinstance(read_messages(read_reply(200, body)), Unrecognised)


def test_a_buyers_code_is_not_shown_by_repr():
    detail = "emisa de cif_emitent=12345674 pentru cif_beneficiar=1800101221144"
    assert "1800101221144" not in repr(only({**ROW, "detalii": detail}))


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60)


@given(
    st.lists(
        SCALAR | st.dictionaries(st.sampled_from(list(ROW)), SCALAR | st.lists(SCALAR, max_size=2)),
        max_size=4,
    )
)
def test_any_rows_are_read_or_counted(rows: list[object]):
    read = page(*rows)
    assert isinstance(read, MessagePage)
    assert len(read.messages) + read.unreadable == len(rows)


@given(st.text(alphabet="0123456789 =cifRO_emitentautofacturanumelbgs", max_size=300))
def test_any_detail_is_read(detail: str):
    assert only({**ROW, "detalii": detail}).id == ROW["id"]


@pytest.mark.parametrize(
    ("detail", "about"),
    [
        ("Mesaj cu id_incarcare=51 pentru factura cu id_incarcare=50", "50"),
        ("Factura cu id_incarcare=51 emisa de cif_emitent=19", None),
        ("", None),
    ],
)
def test_other_upload_that_a_detail_names(detail, about):
    row = {"id": "7", "id_solicitare": "51", "detalii": detail, "tip": "MESAJ CUMPARATOR PRIMIT"}
    assert only(row).about_index == about
