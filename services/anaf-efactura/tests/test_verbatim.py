"""Every text of ANAF's that comes with HTTP 200 and is no success ends in an outcome of its own.

The texts are ANAF's, word for word, from its Swagger pages or as they were seen live.
"""

import html
import json
from dataclasses import dataclass
from html import escape
from typing import Literal

import pytest

ACCEPTED, REJECTED = "efactura.accepted", "efactura.rejected"
UNCERTAIN, UNAVAILABLE = "anaf_upload_uncertain", "anaf_unavailable"
DAILY, NO_RIGHT = "anaf_daily_limit", "anaf_no_right"
CALLER, EXPIRED = "anaf_call_refused", "efactura_archive_expired"
UNREADABLE = "efactura_archive_unreadable"

UPLOAD, STATE, DOWNLOAD = "upload", "stareMesaj", "descarcare"
LIST = "listaMesajePaginatieFactura"
Operation = Literal["upload", "stareMesaj", "descarcare", "listaMesajePaginatieFactura"]

FIREWALL = (
    "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. "
    "Please consult with your administrator.<br><br>Your support ID is: 9826645832961917351"
    "<br></body></html>"
)
XSD = (
    "Fisierul transmis nu este valid. org.xml.sax.SAXParseException; lineNumber: 15; "
    "columnNumber: 155; cvc-elt.1.a: Cannot find the declaration of element 'Invoice1'. "
)
EXPIRED_TEXT = (
    "Fisierul nu mai poate fi descarcat pentru ca a trecut perioada de 60 de zile in care este "
    "disponibil"
)


@dataclass(frozen=True)
class Row:
    """One answer, how it is first understood, and how the document ends after it."""

    operation: Operation
    body: str
    first: str
    """Code of the first retry; empty when nothing had to be tried again."""
    end: str
    """Key of the final event, or the code of the failure."""
    stage: str | None = None

    def __str__(self) -> str:
        return f"{self.operation}-{self.body[-60:]}"


def upload(text: str, first: str, end: str, stage: str | None = None) -> Row:
    """A refusal at the upload: XML, with the text in an attribute."""
    namespace = "mfp:anaf:dgti:spv:respUploadFisier:v1"
    body = (
        f'<header xmlns="{namespace}" dateResponse="202108051144" ExecutionStatus="1">'
        f'<Errors errorMessage="{escape(text)}"/></header>'
    )
    return Row(UPLOAD, body, first, end, stage)


def state(inside: str, first: str, end: str, stage: str | None = None) -> Row:
    """A state, or the error of the question."""
    namespace = "mfp:anaf:dgti:efactura:stareMesajFactura:v1"
    return Row(STATE, f'<header xmlns="{namespace}" {inside}', first, end, stage)


def question(text: str, first: str, end: str) -> Row:
    """An error of the question about a state: it says nothing about the document."""
    return state(f'><Errors errorMessage="{escape(text)}"/></header>', first, end)


def note(operation: Operation, text: str, first: str, end: str, tail: str = "") -> Row:
    """A refusal as JSON, in place of a list or of a ZIP."""
    title = "Lista Mesaje" if operation == LIST else "Descarcare mesaj"
    return Row(operation, json.dumps({"eroare": text, "titlu": title}) + tail, first, end)


ROWS = [
    # --- upload: only what certainly was not taken is told so; a technical text decides nothing
    upload("Marime fisier transmis mai mare de 10 MB.", "", REJECTED, "upload"),
    upload(XSD, "", REJECTED, "upload"),
    upload(
        "CIF introdus= 1234 nu este inregistrat in Registrul RO e-Factura executari silite",
        "", REJECTED, "upload",
    ),
    upload("Nu exista niciun CIF pentru care sa aveti drept in SPV", "", NO_RIGHT),
    upload("Nu aveti drept in SPV pentru CIF=12345674", "", NO_RIGHT),
    upload("Valorile acceptate pentru parametrul standard sunt UBL, CN, CII sau RASP", "", CALLER),
    upload("CIF introdus= 123a nu este un numar", "", CALLER),
    *(
        upload(f"Daca parametrul {name} trebuie completat, valoarea acceptata este DA", "", CALLER)
        for name in ("extern", "autofacturare", "executare")
    ),
    upload(
        "S-au incarcat deja 1000 de mesaje de tip RASP pentru cui=12345674 in cursul zilei",
        DAILY, ACCEPTED,
    ),
    upload("A aparut o eroare tehnica. Cod: 1814", UNCERTAIN, ACCEPTED),
    Row(UPLOAD, '<header ExecutionStatus="1"/>', UNCERTAIN, ACCEPTED),
    Row(UPLOAD, '<header ExecutionStatus="0"/>', UNCERTAIN, ACCEPTED),
    Row(UPLOAD, '{"eroare":"A aparut o eroare tehnica. Cod: XXX"}', UNCERTAIN, ACCEPTED),
    Row(UPLOAD, FIREWALL, UNCERTAIN, ACCEPTED),
    Row(UPLOAD, "", UNCERTAIN, ACCEPTED),
    # --- state
    state('stare="in prelucrare"/>', "", ACCEPTED),
    state('stare="IN PRELUCRARE"/>', "", ACCEPTED),
    state('stare="XML cu erori nepreluat de sistem"/>', "", REJECTED, "anaf"),
    question("Nu aveti dreptul de inteorgare pentru id_incarcare= 18", "", NO_RIGHT),
    question("Nu exista niciun CIF petru care sa aveti drept", "", NO_RIGHT),
    question("Id_incarcare introdus= aaa nu este un numar intreg", "", CALLER),
    question("Nu exista factura cu id_incarcare= 15000", UNAVAILABLE, ACCEPTED),
    question("S-au facut deja 20 descarcari de mesaj in cursul zilei", DAILY, ACCEPTED),
    question("A aparut o eroare tehnica. Cod: 4003", UNAVAILABLE, ACCEPTED),
    state("/>", UNAVAILABLE, ACCEPTED),
    Row(STATE, FIREWALL, UNAVAILABLE, ACCEPTED),
    Row(STATE, "", UNAVAILABLE, ACCEPTED),
    Row(STATE, '{"stare":"ok"}', UNAVAILABLE, ACCEPTED),
    # --- lists: nothing there is no error, and the next page or another window is asked for at once
    note(LIST, "Nu exista mesaje in intervalul selectat", "", ACCEPTED),
    note(LIST, "Nu exista mesaje in ultimele 15 zile", "", ACCEPTED),
    note(
        LIST, "Pagina solicitata 50 este mai mare decat numarul toatal de pagini 29",
        "", ACCEPTED,
    ),
    note(
        LIST, "endTime = 30-07-2026 15:15:28 nu poate in viitor fata de momentul requestului = "
        "30-07-2026 15:15:27", "", ACCEPTED,
    ),
    note(
        LIST, "endTime = 30-07-2026 15:15:28 nu poate in viitor fata de momentul requestului",
        "", ACCEPTED,
    ),
    note(
        LIST, "startTime = 09-07-2022 10:41:11 nu poate fi mai vechi de 60 de zile fata de "
        "momentul requestului", "", ACCEPTED,
    ),
    note(
        LIST, "endTime = 09-08-2022 10:41:11 nu poate fi <= startTime = 06-09-2022 09:48:20",
        "", ACCEPTED,
    ),
    note(
        LIST, "Lista de mesaje este mai mare decat numarul de 500 elemente permise in pagina. "
        "Folositi endpoint-ul cu paginatie.", UNAVAILABLE, ACCEPTED,
    ),
    note(
        LIST, "S-au facut deja 1000 interogari de lista mesaje de catre utilizator in cursul zilei",
        DAILY, ACCEPTED,
    ),
    note(LIST, "Nu aveti drept in SPV pentru CIF=12345674", "", NO_RIGHT),
    note(LIST, "Nu exista niciun CIF pentru care sa aveti drept in SPV", "", NO_RIGHT),
    note(LIST, "Valorile acceptate pentru parametrul filtru sunt E, T, P sau R", "", CALLER),
    note(LIST, "Numarul de zile trebuie sa fie intre 1 si 60", "", CALLER),
    note(LIST, "CIF introdus= aaa nu este un numar sau nu are o valoare acceptata de sistem",
         "", CALLER),
    note(LIST, "startTime = aaa nu este un numar sau nu are o valoare acceptata de sistem",
         "", CALLER),
    Row(LIST, FIREWALL, UNAVAILABLE, ACCEPTED),
    Row(LIST, "", UNAVAILABLE, ACCEPTED),
    Row(LIST, '{"titlu":"Lista Mesaje"}', UNAVAILABLE, ACCEPTED),
    # --- download
    note(DOWNLOAD, "Id descarcare introdus= 123a nu este un numar intreg", "", CALLER),
    note(DOWNLOAD, "Nu aveti dreptul sa descarcati acesta factura", "", NO_RIGHT),
    note(DOWNLOAD, "Pentru id=21 nu exista inregistrata nici o factura", UNAVAILABLE, ACCEPTED),
    note(DOWNLOAD, "S-au facut deja 10 descarcari de mesaj in cursul zilei", DAILY, ACCEPTED),
    note(DOWNLOAD, "S-au facut deja 10 descarcari de mesaj in cursul zilei", DAILY, ACCEPTED, "}"),
    note(
        DOWNLOAD, "S-au facut deja 10 descarcari la mesajul cu id_descarcare=123 in cursul zilei",
        DAILY, ACCEPTED,
    ),
    note(DOWNLOAD, EXPIRED_TEXT, "", EXPIRED),
    Row(DOWNLOAD, FIREWALL, UNAVAILABLE, ACCEPTED),
    Row(DOWNLOAD, "", UNAVAILABLE, ACCEPTED),
    Row(DOWNLOAD, "PK\x03\x04 and then nothing of a ZIP", UNREADABLE, ACCEPTED),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_answer_with_200_that_is_no_success_has_its_outcome(
    row, make_desk, efactura_settings, invoice, sandbox
):
    settings = efactura_settings
    if row.operation == LIST:
        # The list is read after a lost answer; what it does not show is not sent again soon.
        sandbox.control.scenario("timeout-after-acceptance", operation=UPLOAD)
        settings = settings.model_copy(update={"resend_after_seconds": 3600.0})
    sandbox.control.scenario("answer-verbatim", operation=row.operation, message=row.body)
    desk = await make_desk(settings)
    await desk.file(invoice())

    codes = [retry.code for retry in desk.retries]
    if row.operation == LIST:
        codes = [code for code in codes if code != UNCERTAIN]
    assert codes[:1] == ([row.first] if row.first else [])
    ends = [failure.code for failure in desk.failures] or desk.keys[-1:]
    assert ends == [row.end]
    if row.stage:
        assert desk.events[-1].stage == row.stage
        for error in desk.events[-1].errors:  # ANAF's words as they are, and what they mean
            assert error.message in html.unescape(row.body)
            assert error.explanations
    # Never taken for a success, and never sent twice while ANAF may have it.
    assert len(sandbox.control.uploads()) == (0 if row.stage == "upload" or _early(row) else 1)
    assert sandbox.control.violations() == []


def _early(row: Row) -> bool:
    return row.operation == UPLOAD and row.end in (NO_RIGHT, CALLER)
