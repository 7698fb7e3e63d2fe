"""Follows an upload to its end: state, archive, seal; a duplicate leads to the first index."""

from datetime import UTC, datetime
from typing import Any

from workers_anaf.refusals import Refusal, RefusalKind, classify_text
from workers_contracts.efactura import CheckInvoice, Rejection
from workers_contracts.types import ArtifactRef
from workers_ledger.documents import Document, Documents
from workers_runtime.identity import Task
from workers_runtime.logs import get_logger
from workers_runtime.router import After, Outcome

from . import events
from .answering.words import digest_of, is_message
from .answers import InProgress, Nok, Ok, QueryFailed, RefusedAtUpload
from .archive import (
    GIVEN_FOR,
    Archive,
    BadArchive,
    Kind,
    SealStatus,
    open_archive,
    verify_seal,
)
from .archiving.keeping import Download, Keeper, Owner
from .client import EFacturaClient
from .draft import anaf_errors
from .errors import AnafUnavailableError, ArchiveUnreadableError, DocumentUnknownError, call_error
from .life import State
from .plan import CheckPlan
from .reconciling import LOOK_BACK
from .sealing import told_of
from .watching import Watching

SEAL_TRIES = 4
"""ANAF accepted the document: after these tries a seal that stays away is reported as it is."""

_NO_SEAL = {SealStatus.MISSING, SealStatus.INVALID}
_log = get_logger(__name__)


class Following:
    """Asks ANAF about uploads and records how they ended."""

    def __init__(
        self,
        documents: Documents,
        client: EFacturaClient,
        keeper: Keeper,
        *,
        seals: tuple[bytes, ...],
        plan: CheckPlan,
        watching: Watching,
    ) -> None:
        self._documents = documents
        self._client = client
        self._keeper = keeper
        self._seals = seals
        self._plan = plan
        self._watching = watching

    async def check(self, command: CheckInvoice, task: Task) -> Outcome:
        """Ask once; return the final event, or the next question."""
        document = await self._documents.get(command.document_id)
        if document is None:
            raise DocumentUnknownError("the ledger has no such document", field="document_id")
        if document.state != State.UPLOADED.value:
            return _ended(document)
        return await self._ask(document, command, task)

    async def _ask(self, document: Document, command: CheckInvoice, task: Task) -> Outcome:
        index = document.authority_id or ""
        match answer := await self._client.of(document.tenant).state(index):
            case Ok(download_id) | Nok(download_id):
                ended = await self._fetch(document, download_id)
                if isinstance(answer, Nok) and ended.archive.kind is Kind.BUYER_MESSAGE:
                    # Its own text in place of an error file: refused all the same.
                    return await self._reject(document, task, anaf_errors(()), ended)
                return await self._end(document, command, task, ended)
            case InProgress():
                again = After(
                    _next(command),
                    self._plan.after(command.round),
                    reason=f"ANAF is still processing the upload {index}",
                )
                return [again, *await self._watching.undecided(document, task)]
            case RefusedAtUpload(text):
                return await self._reject(document, task, anaf_errors((text,)), None)
            case QueryFailed(refusal) if refusal.kind is RefusalKind.RIGHTS and _moved(document):
                # The first upload of the same invoice is somebody else's.
                return await self._reject_duplicate(document, task)
            case QueryFailed(refusal):
                listed = await self._listed(document, refusal)
                if listed is None:
                    raise call_error(refusal)
                return await self._end(document, command, task, await self._fetch(document, listed))
        raise AnafUnavailableError(f"ANAF's answer is not understood: {answer.summary}")

    async def _listed(self, document: Document, refusal: Refusal) -> str | None:
        """Return the download of a message that ``stareMesaj`` does not know but the list shows.

        ANAF documents the question for invoices only.
        """
        if not is_message(document) or refusal.kind is not RefusalKind.NOT_FOUND:
            return None
        since = datetime.fromisoformat(document.data["submitted_at"]) - LOOK_BACK
        listed = await self._client.of(document.tenant).messages(document.cif, since=since)
        found = (each.id for each in listed if each.upload_index == document.authority_id)
        return next(found, None)

    async def _fetch(self, document: Document, download_id: str) -> Download:
        content = await self._client.of(document.tenant).download(download_id)
        try:
            archive = open_archive(content)
        except BadArchive as error:
            # Ten downloads a day are allowed: a damaged one is not asked for again at once.
            raise ArchiveUnreadableError(str(error), retry_after=self._plan.patience) from error
        now = datetime.now(UTC)
        # Sealed after the upload; the first upload of a duplicate may be as old as archives get.
        since = now - GIVEN_FOR if _moved(document) else _submitted_at(document)
        seal = verify_seal(archive, self._seals, since=since, at=now)
        return Download(download_id, content, archive, seal)

    async def _end(
        self, document: Document, command: CheckInvoice, task: Task, ended: Download
    ) -> Outcome:
        if ended.archive.kind is not Kind.ERRORS:
            return await self._original(document, task, ended)
        first = _first_index(ended.archive)
        if first is not None and first not in (document.authority_id, *_followed(document)):
            moved = await self._move(document, first, ended)
            return await self._ask(moved, command, task)
        if _moved(document):
            return await self._reject_duplicate(document, task)
        return await self._reject(document, task, anaf_errors(ended.archive.errors), ended)

    async def _move(self, document: Document, first: str, ended: Download) -> Document:
        """Follow the index that ANAF names: the first upload of the same invoice."""
        _log.info("duplicate, its first upload is followed", upload_index=first)
        refusal = {
            "errors": [error.model_dump() for error in anaf_errors(ended.archive.errors)],
            "followed": [*_followed(document), document.authority_id],
        }
        data = document.data | refusal | await self._kept(document, ended)
        return await self._documents.change(document, authority_id=first, data=data)

    async def _original(self, document: Document, task: Task, ended: Download) -> Outcome:
        altered = digest_of(ended.archive) != document.content_sha256
        if altered and _moved(document):
            return await self._reject_duplicate(document, task)
        if altered and not _may_be_altered(document, ended.archive):
            raise ArchiveUnreadableError(
                "ANAF's archive holds other bytes than those that were sent",
                retry_after=self._plan.patience,
            )
        if ended.seal.status in _NO_SEAL and await self._seal_may_come(document):
            raise ArchiveUnreadableError(
                f"the Ministry's seal on the archive is {ended.seal.status.value}",
                retry_after=self._plan.patience,
            )
        values = await self._kept(document, ended) | {"errors": []} | _mark(task)
        values |= {"altered": True} if altered else {}
        done = await self._documents.change(
            document, state=State.ACCEPTED.value, data=document.data | values
        )
        return events.accepted(done)

    async def _seal_may_come(self, document: Document) -> bool:
        tries = int(document.data.get("seal_tries", 0)) + 1
        if tries >= SEAL_TRIES:
            return False
        await self._documents.change(document, data=document.data | {"seal_tries": tries})
        return True

    async def _reject_duplicate(self, document: Document, task: Task) -> Outcome:
        """Another content under the same number is at ANAF; what it said of ours was kept."""
        own, *_ = _followed(document)
        done = await self._documents.change(
            document,
            state=State.REJECTED.value,
            authority_id=own,
            data=document.data
            | {"stage": "anaf", "duplicate_of": document.authority_id}
            | _mark(task),
        )
        return events.rejected(done)

    async def _reject(
        self,
        document: Document,
        task: Task,
        errors: list[Rejection],
        ended: Download | None,
    ) -> Outcome:
        values: dict[str, Any] = {
            "stage": "anaf",
            "errors": [error.model_dump() for error in errors],
        }
        kept = await self._kept(document, ended) if ended else {}
        done = await self._documents.change(
            document,
            state=State.REJECTED.value,
            data=document.data | values | kept | _mark(task),
        )
        return events.rejected(done)

    async def _kept(self, document: Document, ended: Download) -> dict[str, Any]:
        """Keep the archive byte for byte, before the document says that it has one."""
        made = document.data.get("made")
        owner = Owner(
            document.tenant,
            document.cif,
            document_id=document.id,
            number=document.number,
            issue_date=document.issue_date,
            made=ArtifactRef.model_validate(made["xml"]) if made else None,
        )
        kept = await self._keeper.keep(owner, ended)
        return {
            "download_id": ended.download_id,
            "archive": kept.entry.artifact.model_dump(mode="json"),
            "seal": told_of(ended.seal).model_dump(),
        }


def _next(command: CheckInvoice) -> CheckInvoice:
    return CheckInvoice(document_id=command.document_id, round=command.round + 1)


def _mark(task: Task) -> dict[str, str]:
    ended_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"ended_by": task.message_id, "ended_at": ended_at}


def _ended(document: Document) -> Outcome:
    if document.state not in (State.ACCEPTED.value, State.REJECTED.value):
        return None  # filed anew meanwhile: whoever did that asks for itself
    # Another command's question ended it; each chain of questions says so once, to its own.
    done = document.state == State.ACCEPTED.value
    return events.accepted(document) if done else events.rejected(document)


def _may_be_altered(document: Document, archive: Archive) -> bool:
    # ANAF says of our own upload that it is good: what it made of the words is told, not asked.
    return is_message(document) and archive.kind is Kind.BUYER_MESSAGE


def _followed(document: Document) -> tuple[str, ...]:
    """Return the indexes that were followed before the present one, our own first."""
    return tuple(document.data.get("followed", ()))


def _submitted_at(document: Document) -> datetime:
    return datetime.fromisoformat(document.data["submitted_at"])


def _moved(document: Document) -> bool:
    return bool(_followed(document))


def _first_index(archive: Archive) -> str | None:
    found = (classify_text(text) for text in archive.errors)
    duplicates = (each for each in found if each.kind is RefusalKind.DUPLICATE)
    return next((each.first_index for each in duplicates if each.first_index), None)
