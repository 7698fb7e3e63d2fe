"""Files a document: decide, record the intent, upload, record what came of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from workers_anaf.refusals import Refusal, RefusalKind
from workers_contracts.efactura import CheckInvoice
from workers_contracts.types import ArtifactRef
from workers_ledger.documents import Document, Documents
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import OutcomeUnknownError, TransientError, WorkerError
from workers_runtime.router import After, Outcome

from . import events
from .answering.words import is_message
from .answers import Accepted, Refused, Uncertain, UploadAnswer
from .client import EFacturaClient
from .draft import Draft, anaf_errors, conflict
from .errors import (
    FilingInProgressError,
    UploadUncertainError,
    UploadUnresolvedError,
    call_error,
)
from .life import State, Step, has_left, is_mine, next_step
from .plan import CheckPlan
from .reconciling import Reconciler
from .source import MADE

LAST_LOOK = timedelta(days=1)
"""Longer than any pause between two tries: a try after the term says that the outcome is open."""

_DECIDES = {RefusalKind.DOCUMENT, RefusalKind.OTHER, RefusalKind.NOT_FOUND}
"""Refusals of an upload that are ANAF's judgement on the document."""


class Filing:
    """Takes documents from a command to ANAF's index, at most once."""

    def __init__(
        self,
        documents: Documents,
        client: EFacturaClient,
        reconciler: Reconciler,
        artifacts: Artifacts,
        *,
        plan: CheckPlan,
        max_age: timedelta,
    ) -> None:
        self._documents = documents
        self._client = client
        self._reconciler = reconciler
        self._artifacts = artifacts
        self._plan = plan
        self._max_age = max_age

    async def file(self, draft: Draft, content: bytes) -> Outcome:
        """Do what the command means for the document as the ledger knows it.

        Raises:
            UploadUnresolvedError: the term is over and ANAF may or may not have the document.
            WorkerError: by its class, see `workers_runtime.errors`.
        """
        if draft.errors and not await self._begun(draft):
            return events.rejected_locally(draft.document, draft.errors)
        document, _ = await self._documents.open(draft.document)
        draft, content = await self._as_it_left(document, draft, content)
        give_up_at = self._give_up_at(draft)
        try:
            return await self._step(next_step(document, draft.filer), document, draft, content)
        except (TransientError, UploadUncertainError) as error:
            doubtful = isinstance(error, UploadUncertainError) or _in_doubt(document)
            if doubtful and datetime.now(UTC) >= give_up_at:
                raise UploadUnresolvedError(
                    f"{error}; look for the document in SPV and replay the command: it searches "
                    "again before it sends"
                ) from error
            if isinstance(error, TransientError):
                # The law sets the term, not a number of tries; while ANAF may have the document,
                # giving up is ours to say and not a matter of tries at all.
                term = give_up_at + LAST_LOOK if doubtful else give_up_at
                error.give_up_at = error.give_up_at or term
            raise

    async def _begun(self, draft: Draft) -> bool:
        """Say whether this command has filed it already, under rules that found nothing then."""
        wanted = draft.document
        document = await self._documents.find(wanted.tenant, wanted.business_key)
        return document is not None and has_left(document) and is_mine(document, draft.filer)

    async def _as_it_left(
        self, document: Document, draft: Draft, content: bytes
    ) -> tuple[Draft, bytes]:
        """Return the bytes that were made of a JSON invoice when it was sent.

        Between two tries the worker may be a newer one, which makes others of the same JSON.
        """
        sent: dict[str, Any] = document.data.get("made", {})
        wanted: dict[str, Any] = draft.document.data.get("made", {})
        same = sent and sent["invoice"] == wanted.get("invoice")
        if not (same and has_left(document)) or document.content_sha256 == wanted["xml"]["sha256"]:
            return draft, content
        reference = ArtifactRef.model_validate(sent["xml"])
        if "erased_at" not in document.data:  # by law: nothing of it is sent again
            content = await self._artifacts.get(reference, limit=reference.size)
        filer = replace(draft.filer, content_sha256=document.content_sha256)
        return replace(draft, filer=filer), content

    async def _step(self, step: Step, document: Document, draft: Draft, content: bytes) -> Outcome:
        match step:
            case Step.UPLOAD:
                return await self._upload(document, draft, content)
            case Step.REFILE:
                taken = await self._documents.change(document, **_restart(draft.document))
                return await self._upload(taken, draft, content)
            case Step.RECONCILE:
                return await self._reconcile(document, draft, content)
            case Step.FOLLOW:
                return self._follow(document)
            case Step.REPEAT:
                done = document.state == State.ACCEPTED.value
                return events.accepted(document) if done else events.rejected(document)
            case Step.CONFLICT:
                reason = [conflict(document)]
                index = document.authority_id
                return events.rejected_locally(draft.document, reason, duplicate_of=index)
            case Step.WAIT:
                raise FilingInProgressError("the same invoice is being filed", retry_after=60)

    async def _upload(self, document: Document, draft: Draft, content: bytes) -> Outcome:
        wanted = document.data["parameters"]
        self._client.check()  # an intent of what will not be sent would only be work
        if "made" in document.data:
            # Only now: what is told again, or refused here, must leave no copy of the invoice.
            await self._artifacts.put(content, media_type=MADE)
        document, attempt = await self._documents.begin(
            document, draft.filer.action, state=State.UPLOADING.value
        )
        try:
            answer = await self._client.of(document.tenant).upload(
                content,
                cif=document.cif,
                standard=wanted["standard"],
                b2c=wanted["b2c"],
                flags=wanted["flags"],
            )
        except OutcomeUnknownError as error:
            await self._doubt(document, attempt, str(error))
            raise UploadUncertainError(
                str(error), retry_after=self._reconciler.pause_seconds
            ) from error
        except WorkerError as error:
            # It certainly never left, so the next try begins anew.
            await self._not_sent(document, attempt, str(error))
            raise
        return await self._answered(document, attempt, answer)

    async def _answered(self, document: Document, attempt: int, answer: UploadAnswer) -> Outcome:
        if isinstance(answer, Accepted):
            return await self._taken(document, attempt, answer.index, {})
        if isinstance(answer, Refused):
            return await self._refused(document, attempt, answer.reasons)
        said = answer.why if isinstance(answer, Uncertain) else answer.summary
        why = f"ANAF's answer to the upload decides nothing: {said}"
        await self._doubt(document, attempt, why)
        raise UploadUncertainError(why, retry_after=self._reconciler.pause_seconds)

    async def _taken(
        self, document: Document, attempt: int, index: str, known: dict[str, Any]
    ) -> Outcome:
        values = _uploaded(replace(document, data=document.data | known), index)
        # The index stays with the attempt: the document may be filed again under another one.
        document = await self._documents.end(
            document, attempt, outcome="accepted", detail=index, **values
        )
        return self._follow(document)

    async def _refused(
        self, document: Document, attempt: int, reasons: tuple[Refusal, ...]
    ) -> Outcome:
        first = reasons[0]
        if first.kind is RefusalKind.DUPLICATE and first.first_index:
            # Ours has no index of its own; the first one's archive shows whether it is the same.
            known = {"followed": [None], "errors": _rejections(reasons)}
            return await self._taken(document, attempt, first.first_index, known)
        if first.kind not in _DECIDES:
            await self._not_sent(document, attempt, first.text)
            raise call_error(first)
        values = {"stage": "upload", "errors": _rejections(reasons), "ended_at": _now_text()}
        document = await self._documents.end(
            document,
            attempt,
            outcome="refused",
            state=State.REJECTED.value,
            data=document.data | values,
        )
        return events.rejected(document)

    async def _reconcile(self, document: Document, draft: Draft, content: bytes) -> Outcome:
        found = await self._reconciler.find(document)
        if found.index is not None:
            values = _uploaded(document, found.index)
            return self._follow(await self._documents.change(document, **values))
        document = await self._reconciler.may_resend(document, draft.filer, found.refused)
        return await self._upload(document, draft, content)

    def _follow(self, document: Document) -> Outcome:
        check = CheckInvoice(document_id=document.id, round=1)
        reason = f"ANAF's verdict on the upload {document.authority_id}"
        after = After(check, self._plan.first, reason=reason)
        return after if is_message(document) else [events.submitted(document), after]

    async def _doubt(self, document: Document, attempt: int, detail: str) -> None:
        since = document.unknown_since or datetime.now(UTC)
        await self._documents.end(
            document, attempt, outcome="unknown", detail=detail, unknown_since=since
        )

    async def _not_sent(self, document: Document, attempt: int, detail: str) -> None:
        await self._documents.end(
            document, attempt, outcome="not_sent", detail=detail, state=State.NEW.value
        )

    def _give_up_at(self, draft: Draft) -> datetime:
        # From this command's own beginning: the document may be an old one that is filed again.
        term = draft.filer.asked_at + self._max_age
        return max(term, draft.document.deadline or term)


def _in_doubt(document: Document) -> bool:
    return document.state == State.UPLOADING.value


def _rejections(reasons: tuple[Refusal, ...]) -> list[dict[str, Any]]:
    return [each.model_dump() for each in anaf_errors(tuple(reason.text for reason in reasons))]


def _uploaded(document: Document, index: str) -> dict[str, Any]:
    data = {"upload_index": index, "submitted_at": _now_text()}
    return {
        "state": State.UPLOADED.value,
        "authority_id": index,
        "unknown_since": None,
        "data": document.data | data,
    }


def _restart(wanted: Document) -> dict[str, Any]:
    return {
        "content_sha256": wanted.content_sha256,
        "state": State.NEW.value,
        "authority_id": None,
        "unknown_since": None,
        "correlation_id": wanted.correlation_id,
        "data": wanted.data,
    }


def _now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
