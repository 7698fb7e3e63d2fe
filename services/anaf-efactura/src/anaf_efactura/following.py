"""Follows an upload to its end: state, archive, seal; a duplicate leads to the first index."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workers_anaf.refusals import Refusal, RefusalKind, classify_text
from workers_contracts.efactura import CheckInvoice, Rejection
from workers_ledger.documents import Document, Documents
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.router import After, Outcome

from . import events
from .answers import InProgress, Nok, Ok, QueryFailed, RefusedAtUpload
from .archive import Archive, BadArchive, Kind, Seal, SealStatus, open_archive, verify_seal
from .client import EFacturaClient
from .draft import anaf_errors
from .errors import AnafUnavailableError, ArchiveUnreadableError, DocumentUnknownError, call_error
from .life import State

SEAL_TRIES = 4
"""ANAF accepted the document: after these tries a seal that stays away is reported as it is."""

_NO_SEAL = {SealStatus.MISSING, SealStatus.INVALID}
THREE_HOURS = 3 * 3600.0
DAY = 86_400.0


@dataclass(frozen=True)
class Ended:
    """A downloaded archive that belongs to the document."""

    download_id: str
    content: bytes
    archive: Archive
    seal: Seal


class Following:
    """Asks ANAF about uploads and records how they ended."""

    def __init__(
        self,
        documents: Documents,
        client: EFacturaClient,
        artifacts: Artifacts,
        *,
        seals: tuple[bytes, ...],
        check_plan: tuple[float, ...],
    ) -> None:
        self._documents = documents
        self._client = client
        self._artifacts = artifacts
        self._seals = seals
        self._check_plan = check_plan

    async def check(self, command: CheckInvoice, task: Task) -> Outcome:
        """Ask once; return the final event, or the next question."""
        document = await self._documents.get(command.document_id)
        if document is None:
            raise DocumentUnknownError("the ledger has no such document", field="document_id")
        if document.state != State.UPLOADED.value:
            return _again(document, task)
        index = document.authority_id or ""
        match answer := await self._client.state(index):
            case Ok(download_id) | Nok(download_id):
                return await self._end(document, task, await self._fetch(download_id))
            case InProgress():
                return After(_next(command), self._pause(command.round))
            case RefusedAtUpload():
                text = "XML cu erori, nepreluat de sistemul ANAF"
                return await self._reject(document, task, anaf_errors((text,)), None)
            case QueryFailed(refusal):
                raise call_error(refusal)
        raise AnafUnavailableError(f"ANAF's answer is not understood: {answer.summary}")

    async def _fetch(self, download_id: str) -> Ended:
        content = await self._client.download(download_id)
        try:
            archive = open_archive(content)
        except BadArchive as error:
            # Ten downloads a day are allowed: a damaged one is not asked for again at once.
            raise ArchiveUnreadableError(
                str(error), retry_after=_patience(self._check_plan)
            ) from error
        return Ended(download_id, content, archive, verify_seal(archive, self._seals))

    async def _end(self, document: Document, task: Task, ended: Ended) -> Outcome:
        if ended.archive.kind is Kind.ORIGINAL:
            return await self._original(document, task, ended)
        duplicate = _duplicate(ended.archive)
        if duplicate is not None and duplicate.first_index not in (None, document.authority_id):
            return await self._duplicate(document, task, ended, duplicate)
        return await self._reject(document, task, anaf_errors(ended.archive.errors), ended)

    async def _original(self, document: Document, task: Task, ended: Ended) -> Outcome:
        digest = hashlib.sha256(ended.archive.document).hexdigest()
        if digest != document.content_sha256:
            raise ArchiveUnreadableError(
                "ANAF's archive holds other bytes than those that were sent",
                retry_after=_patience(self._check_plan),
            )
        if ended.seal.status in _NO_SEAL and task.attempt < SEAL_TRIES:
            raise ArchiveUnreadableError(
                f"the Ministry's seal on the archive is {ended.seal.status.value}",
                retry_after=_patience(self._check_plan),
            )
        values = await self._kept(ended) | _mark(task)
        done = await self._documents.change(
            document, state=State.ACCEPTED.value, data=document.data | values
        )
        return events.accepted(done)

    async def _duplicate(
        self, document: Document, task: Task, ended: Ended, duplicate: Refusal
    ) -> Outcome:
        """Follow the index that ANAF names: the first upload of the same invoice."""
        first = duplicate.first_index or ""
        match await self._client.state(first):
            case Ok(download_id):
                original = await self._fetch(download_id)
            case InProgress():
                return After(CheckInvoice(document_id=document.id, round=1), self._pause(1))
            case QueryFailed(refusal) if refusal.kind is not RefusalKind.RIGHTS:
                raise call_error(refusal)
            case _:
                return await self._reject(
                    document, task, anaf_errors(ended.archive.errors), ended, duplicate_of=first
                )
        same = hashlib.sha256(original.archive.document).hexdigest() == document.content_sha256
        if not same:
            return await self._reject(
                document, task, anaf_errors(ended.archive.errors), ended, duplicate_of=first
            )
        moved = await self._documents.change(document, authority_id=first)
        return await self._original(moved, task, original)

    async def _reject(
        self,
        document: Document,
        task: Task,
        errors: list[Rejection],
        ended: Ended | None,
        *,
        duplicate_of: str | None = None,
    ) -> Outcome:
        values: dict[str, Any] = {
            "stage": "anaf",
            "errors": [error.model_dump() for error in errors],
            "duplicate_of": duplicate_of,
        }
        kept = await self._kept(ended) if ended else {}
        done = await self._documents.change(
            document,
            state=State.REJECTED.value,
            data=document.data | values | kept | _mark(task),
        )
        return events.rejected(done)

    async def _kept(self, ended: Ended) -> dict[str, Any]:
        """Store the archive byte for byte: it is the legal original."""
        reference = await self._artifacts.put(
            ended.content, media_type="application/zip", suffix=".zip"
        )
        seal = {
            "status": ended.seal.status.value,
            "signer": ended.seal.signer_subject,
            "fingerprint": ended.seal.fingerprint_sha256,
        }
        return {
            "download_id": ended.download_id,
            "archive": reference.model_dump(mode="json"),
            "seal": seal,
        }

    def _pause(self, asked: int) -> float:
        if asked < len(self._check_plan):
            return self._check_plan[asked]
        last = self._check_plan[-1]
        return last if asked * last < DAY else max(last, THREE_HOURS)


def _next(command: CheckInvoice) -> CheckInvoice:
    return CheckInvoice(document_id=command.document_id, round=command.round + 1)


def _mark(task: Task) -> dict[str, str]:
    ended_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"ended_by": task.message_id, "ended_at": ended_at}


def _again(document: Document, task: Task) -> Outcome:
    # Only the question that ended the document may say so again: one final event, not two.
    if document.data.get("ended_by") != task.message_id:
        return None
    done = document.state == State.ACCEPTED.value
    return events.accepted(document) if done else events.rejected(document)


def _duplicate(archive: Archive) -> Refusal | None:
    found = (classify_text(text) for text in archive.errors)
    return next((refusal for refusal in found if refusal.kind is RefusalKind.DUPLICATE), None)


def _patience(plan: tuple[float, ...]) -> float:
    return max(plan[-1] / 2, plan[0])
