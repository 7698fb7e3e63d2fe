"""Every refusal text that ANAF documents or was seen to send."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_anaf.refusals import Refusal, RefusalKind, classify_text

TEXTS = {
    RefusalKind.CALLER: [
        "Valorile acceptate pentru parametrul standard sunt UBL, CN, CII sau RASP",
        "CIF introdus= 123a nu este un numar",
        "Daca parametrul extern trebuie completat, valoarea acceptata este DA",
        "Daca parametrul autofacturare trebuie completat, valoarea acceptata este DA",
        "Daca parametrul executare trebuie completat, valoarea acceptata este DA",
        "Trebuie sa aveti atasat in request un fisier de tip xml",
        "Parametrii standard si cif sunt obligatorii",
        "Id_incarcare introdus= aaa nu este un numar intreg",
        "Parametrul id_incarcare este obligatoriu",
        "Numarul de zile trebuie sa fie intre 1 si 60",
        "Numarul de zile introdus= aaa nu este un numar intreg",
        "CIF introdus= aaa nu este un numar sau nu are o valoare acceptata de sistem",
        "startTime = aaa nu este un numar sau nu are o valoare acceptata de sistem",
        "endTime = aaa nu este un numar sau nu are o valoare acceptata de sistem",
        "pagina = aaa nu este un numar sau nu are o valoare acceptata de sistem",
        "Valorile acceptate pentru parametrul filtru sunt E, T, P sau R",
        "Parametrii zile si cif sunt obligatorii",
        "Parametrii startTime, endTime, cif si pagina sunt obligatorii",
        "Id descarcare introdus= 123a nu este un numar intreg",
        "Parametrul id este obligatoriu",
        "Valorile acceptate pentru parametrul standard sunt FACT1 si FCN",
    ],
    RefusalKind.RIGHTS: [
        "Nu exista niciun CIF pentru care sa aveti drept in SPV",
        "Nu exista niciun CIF petru care sa aveti drept",
        "Nu aveti drept in SPV pentru CIF=1234",
        "Nu aveti drept in SPV pentru CIF=8000000000",
        "Nu aveti dreptul de inteorgare pentru id_incarcare= 18",
        "Nu aveti dreptul sa descarcati acesta factura",
    ],
    RefusalKind.DAILY_LIMIT: [
        "S-au incarcat deja 1000 de mesaje de tip RASP pentru cui=1234 in cursul zilei",
        "S-au facut deja 20 descarcari de mesaj in cursul zilei",
        "S-au facut deja 10 descarcari de mesaj in cursul zilei",
        "S-au facut deja 10 descarcari la mesajul cu id_descarcare=123 in cursul zilei",
        "S-au facut deja 1000 interogari de lista mesaje de catre utilizator in cursul zilei",
        "S-au făcut deja 10 descărcări de mesaj în cursul zilei",
    ],
    RefusalKind.TECHNICAL: [
        "A aparut o eroare tehnica. Cod: XXX",
        "A aparut o eroare tehnica. Cod: 1814",
        "A aparut o eroare tehnica. Cod: 4003",
        "A apărut o eroare tehnică. Cod: SL10",
    ],
    RefusalKind.EMPTY: [
        "Nu exista mesaje in intervalul selectat",
        "Nu exista mesaje in ultimele 15 zile",
    ],
    RefusalKind.USE_PAGES: [
        "Lista de mesaje este mai mare decat numarul de 500 elemente permise in pagina. "
        "Folositi endpoint-ul cu paginatie.",
    ],
    RefusalKind.STOP_PAGING: [
        "Pagina solicitata 50 este mai mare decat numarul toatal de pagini 29",
    ],
    RefusalKind.WINDOW: [
        "startTime = 09-07-2022 10:41:11 nu poate fi mai vechi de 60 de zile fata de momentul "
        "requestului",
        "endTime = 09-08-2022 10:41:11 nu poate fi <= startTime = 06-09-2022 09:48:20",
        "endTime = 30-07-2026 15:15:28 nu poate in viitor fata de momentul requestului = "
        "30-07-2026 15:15:27",
        "endTime = 30-07-2026 15:15:28 nu poate in viitor fata de momentul requestului",
    ],
    RefusalKind.EXPIRED: [
        "Fisierul nu mai poate fi descarcat pentru ca a trecut perioada de 60 de zile in care "
        "este disponibil",
    ],
    RefusalKind.NOT_FOUND: [
        "Nu exista factura cu id_incarcare= 15000",
        "Pentru id=21 nu exista inregistrata nici o factura",
    ],
    RefusalKind.DUPLICATE: [
        "Factura a mai fost transmisa anterior cu index=0123456789 si data incarcare=2026-01-20",
        "factura a mai fost transmisa anterior",
    ],
    RefusalKind.DOCUMENT: [
        "Marime fisier transmis mai mare de 10 MB.",
        "Marime fisier transmis mai mare de 5 MB.",
        "Fisierul transmis nu este valid. org.xml.sax.SAXParseException; lineNumber: 15; "
        "columnNumber: 155; cvc-elt.1.a: Cannot find the declaration of element 'Invoice1'. ",
        "CIF introdus= 1234 nu este inregistrat in Registrul RO e-Factura executari silite",
        "E: validari globale  SCHEMATRON   eroare: [BR-RO-110]-Daca Codul ţării … #If the "
        "Seller's country Code …",
        "E: validari globale  eroare regula: R6.1: CIF-ul vanzatorului nu figureaza in baza de "
        "date:6443019833",
        "[BR-RO-065]-Identificatorul de înregistrare fiscala …",
    ],
    RefusalKind.OTHER: ["", "Bad Request", "ceva ce nu s-a mai văzut"],
}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in TEXTS.items() for text in texts]
)
def test_every_known_text_has_its_kind(kind: RefusalKind, text: str):
    refusal = classify_text(text)
    assert refusal.kind is kind
    assert refusal.text == text.strip()


def test_every_kind_but_those_of_http_has_a_text():
    assert set(RefusalKind) - set(TEXTS) == {RefusalKind.TOKEN, RefusalKind.RATE_LIMIT}


def test_a_duplicate_names_the_first_upload():
    refusal = classify_text(
        "Factura a mai fost transmisa anterior cu index=0123456789 si data incarcare=2026-01-20"
    )
    assert refusal.first_index == "0123456789"
    assert refusal.first_date == date(2026, 1, 20)


def test_a_duplicate_without_readable_details_is_still_one():
    refusal = classify_text("factura a mai fost transmisa anterior, data incarcare=2026-13-45")
    assert refusal.kind is RefusalKind.DUPLICATE
    assert (refusal.first_index, refusal.first_date) == (None, None)


@pytest.mark.parametrize(
    ("text", "limit"), [("S-au facut deja 10 x", 10), ("S-au incarcat deja 1000 y", 1000)]
)
def test_a_daily_limit_tells_its_number(text: str, limit: int):
    assert classify_text(text).limit == limit


def test_the_authoritys_clock_is_read_when_it_is_quoted():
    quoted = classify_text(
        "endTime = 30-07-2026 15:15:28 nu poate in viitor fata de momentul requestului = "
        "30-07-2026 15:15:27"
    )
    assert quoted.authority_time == datetime(2026, 7, 30, 15, 15, 27)  # noqa: DTZ001
    assert classify_text("x nu poate in viitor fata de momentul requestului").authority_time is None
    impossible = "x nu poate in viitor fata de momentul requestului = 99-99-2026 15:15:27"
    assert classify_text(impossible).authority_time is None


def test_the_text_is_not_shown_by_repr():
    assert "1234" not in repr(classify_text("Nu aveti drept in SPV pentru CIF=1234"))


@given(st.text(max_size=400))
def test_any_text_is_classified(text: str):
    assert isinstance(classify_text(text), Refusal)


@given(st.sampled_from([text for texts in TEXTS.values() for text in texts]), st.text(max_size=30))
def test_a_known_text_keeps_its_kind_in_capitals_and_before_other_words(text: str, tail: str):
    kind = classify_text(text).kind
    if kind is not RefusalKind.OTHER:
        assert classify_text(text.upper()).kind is kind
