"""From an upload to a document: its verdict, its times, its messages."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from workers_sandbox.clock import BUCHAREST
from workers_sandbox.cui import is_valid
from workers_sandbox.misbehaviours.bend import NOK, OK, Bend, Verdict

from . import pace
from .checks import check
from .documents import ERRORS, FROM_BUYER, RECEIVED, SENT, TO_SELLER, Document, Message
from .reading import Reading

if TYPE_CHECKING:
    from workers_sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An upload that was accepted."""

    environment: str
    standard: str
    cif: str
    body: bytes
    reading: Reading
    self_billed: bool = False
    scenario: str | None = None


def accept(world: "World", upload: Upload, bend: Bend) -> Document:
    """Keep an upload; a bend may play that the same invoice was taken just before."""
    if bend.earlier_copy:
        plain = Bend(verdict=Verdict(OK))
        if world.documents.valid_twin(_document(world, upload, plain, Verdict(OK), "")) is None:
            _kept(world, upload, plain).answer_lost = True
    return _kept(world, upload, bend)


def _kept(world: "World", upload: Upload, bend: Bend) -> Document:
    draft = _document(world, upload, bend, Verdict(OK), world.numbers.index())
    document = replace(draft, verdict=_verdict(world, upload, bend, draft))
    wait = _seconds(bend.list_seconds, pace.listing(world.settings, document.index))
    world.documents.add(document, _messages(world, document, document.ready_at + wait))
    return document


def _document(
    world: "World", upload: Upload, bend: Bend, verdict: Verdict, index: str
) -> Document:  # fmt: skip
    now = world.clock.now()
    reading = upload.reading
    return Document(
        index=index,
        environment=upload.environment,
        standard=upload.standard,
        cif=upload.cif,
        seller=reading.seller,
        buyer=reading.buyer,
        number=reading.number,
        issue_date=reading.issue_date,
        body=upload.body,
        uploaded_at=now,
        ready_at=now + _seconds(bend.state_seconds, pace.processing(world.settings, index)),
        verdict=verdict,
        sealed=bend.sealed,
        past_life=bend.past_life,
        self_billed=upload.self_billed,
        scenario=upload.scenario,
    )


def _seconds(chosen: float | None, usual: timedelta) -> timedelta:
    return usual if chosen is None else timedelta(seconds=chosen)


def _verdict(world: "World", upload: Upload, bend: Bend, document: Document) -> Verdict:
    if bend.verdict is not None and bend.verdict.state != OK:
        return bend.verdict
    if upload.standard == "RASP":
        return Verdict(OK)
    if (twin := world.documents.valid_twin(document)) is not None:
        when = f"{twin.uploaded_at.astimezone(BUCHAREST):%Y-%m-%d}"
        text = (
            f"Factura a mai fost transmisa anterior cu index={twin.index} si data incarcare={when}"
        )
        return Verdict(NOK, (text,))
    errors = () if bend.verdict else check(upload.reading)
    return Verdict(NOK, errors) if errors else Verdict(OK)


def _messages(world: "World", document: Document, listed_at: datetime) -> list[Message]:
    made: list[Message] = []
    for cif, kind, detail in _entries(world, document):
        made.append(Message(world.numbers.message(), document, cif, kind, detail, listed_at))
    if made:
        document.download_id = made[0].id
    return made


def _entries(world: "World", document: Document) -> list[tuple[str, str, str]]:
    """Who sees what: (cif, type, detail); the first entry is the sender's own."""
    if document.verdict.state == NOK:
        detail = (
            f"Erori de validare identificate la factura primita cu id_incarcare={document.index}"
        )
        if document.self_billed:
            detail += " tip declarat=AUTOFACTURA"
        return [(document.seller or document.cif, ERRORS, detail)]
    if document.verdict.state != OK:
        return []
    if document.standard == "RASP":
        return _buyer_message(world, document)
    entries = [(document.seller or document.cif, SENT, _sent(document))]
    # A buyer outside Romania or without a fiscal code has no SPV to receive it in.
    if is_valid(document.buyer):
        entries.append((document.buyer, RECEIVED, _sent(document)))
    return entries


def _sent(document: Document) -> str:
    seller, buyer = document.seller, document.buyer
    if document.self_billed:
        return (
            f"Factura cu id_incarcare={document.index} transmisa de cif={buyer}  "
            f"ca autofactura in numele cif={seller}"
        )
    return (
        f"Factura cu id_incarcare={document.index} emisa de cif_emitent={seller} "
        f"pentru cif_beneficiar={buyer}"
    )


def _buyer_message(world: "World", document: Document) -> list[tuple[str, str, str]]:
    about = world.documents.by_index(document.environment, document.number)
    detail = (
        f"Mesaj cu id_incarcare={document.index} pentru factura cu id_incarcare={document.number}"
    )
    entries = [(document.cif, TO_SELLER, detail)]
    if about is not None:
        entries.append((about.seller, FROM_BUYER, detail))
    return entries
