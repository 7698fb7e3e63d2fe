"""The way out to e-Factura: one method an operation; typed answers, this service's errors.

Source: ANAF's Swagger pages of RO e-Factura (upload, stareMesaj, listaMesajePaginatieFactura,
descarcare).
"""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from workers_anaf.calls import AuthorisedCalls
from workers_anaf.refusals import Refusal, RefusalKind
from workers_anaf.replies import Reply

from .allowances import Allowances
from .answers import (
    Downloaded,
    QueryFailed,
    Refused,
    StateAnswer,
    Unrecognised,
    UploadAnswer,
    read_download,
    read_state,
    read_upload,
)
from .errors import AnafUnavailableError, call_error
from .messages import Message, MessagePage, read_messages

RASP = "RASP"
"""The standard of a buyer's message."""

MAX_PAGES = 2000
MAX_READINGS = 4
OLDEST = timedelta(days=60) - timedelta(minutes=5)


class EFacturaClient:
    """Talks to e-Factura in ANAF's test or production environment."""

    def __init__(
        self,
        calls: AuthorisedCalls,
        *,
        environment: str,
        allowances: Allowances,
        clock_margin: timedelta,
    ) -> None:
        self._calls = calls
        self._root = f"/{environment}/FCTEL/rest"
        self._allowed = allowances
        self._margin = clock_margin

    def of(self, tenant: str) -> "EFacturaClient":
        """Return the same client, whose calls are made with this tenant's log-in."""
        client = copy.copy(self)
        client._calls = self._calls.of(tenant)  # noqa: SLF001 - a copy of ourselves
        return client

    async def upload(
        self, xml: bytes, *, cif: str, standard: str, b2c: bool, flags: Mapping[str, str]
    ) -> UploadAnswer:
        """Hand in a document, once. A lost answer raises OutcomeUnknownError."""
        operation = "uploadb2c" if b2c else "upload"
        if standard == RASP:
            await self._allowed.answers.take(cif)
        reply = await self._calls.send(
            "POST",
            f"{self._root}/{operation}",
            repeatable=False,
            params={"standard": standard, "cif": cif, **flags},
            content=xml,
            headers={"content-type": "text/plain"},
        )
        answer = read_upload(reply)
        if standard == RASP and isinstance(answer, Refused) and _used_up(*answer.reasons):
            raise await self._allowed.answers.exhaust(cif)
        return answer

    async def state(self, index: str) -> StateAnswer:
        """Ask what became of an upload; at most 100 times a day for each."""
        await self._allowed.states.take(index)
        reply = await self._get("stareMesaj", {"id_incarcare": index})
        answer = read_state(reply)
        if isinstance(answer, QueryFailed) and _used_up(answer.refusal):
            raise await self._allowed.states.exhaust(index)
        return answer

    async def download(self, download_id: str) -> bytes:
        """Return the bytes of an archive; at most 10 times a day for each.

        Raises:
            ArchiveExpiredError: older than 60 days.
            QuotaError, TransientError, PermanentError: ANAF's refusal by its kind.
        """
        await self._allowed.downloads.take(download_id)
        reply = await self._get("descarcare", {"id": download_id})
        answer = read_download(reply)
        if isinstance(answer, Downloaded):
            return answer.content
        if isinstance(answer, QueryFailed) and _used_up(answer.refusal):
            raise await self._allowed.downloads.exhaust(download_id)
        raise _failed(answer, reply)

    async def messages(self, cif: str, *, since: datetime) -> list[Message]:
        """Return the messages of a CIF that ANAF listed since a moment, oldest page first."""
        now = datetime.now(UTC)
        end = now - self._margin
        start = max(since, now - OLDEST)
        if start >= end:
            return []
        found: dict[str, Message] = {}
        for _ in range(MAX_READINGS):
            known = len(found)
            pages, end = await self._read_all(cif, start, end, found)
            # Entries move between the pages while they are read: until a reading shows nothing new.
            if pages == 1 or len(found) == known:
                break
        return [message for message in found.values() if message.cif in (None, cif)]

    async def _read_all(
        self, cif: str, start: datetime, end: datetime, found: dict[str, Message]
    ) -> tuple[int, datetime]:
        page, pages = 1, 1
        while page <= min(pages, MAX_PAGES):
            answer, end = await self._page(cif, start, end, page)
            if answer is None:
                break
            # Ids decide what is the same, not positions.
            found.update({message.id: message for message in answer.messages})
            page, pages = page + 1, max(pages, answer.pages)
        return pages, end

    async def _page(
        self, cif: str, start: datetime, end: datetime, page: int
    ) -> tuple[MessagePage | None, datetime]:
        for _ in range(2):
            await self._allowed.pages.take(cif)
            reply = await self._get("listaMesajePaginatieFactura", _window(cif, start, end, page))
            answer = read_messages(reply)
            if isinstance(answer, MessagePage):
                return answer, end
            if isinstance(answer, QueryFailed) and answer.refusal.kind is RefusalKind.STOP_PAGING:
                return None, end
            if isinstance(answer, QueryFailed) and answer.refusal.kind is RefusalKind.WINDOW:
                # ANAF's clock is behind ours: ask for a window that ends well before.
                end -= timedelta(minutes=2)
                continue
            if isinstance(answer, QueryFailed) and _used_up(answer.refusal):
                raise await self._allowed.pages.exhaust(cif)
            raise _failed(answer, reply)
        raise AnafUnavailableError("ANAF refuses the window of the list; are the clocks right?")

    async def _get(self, operation: str, params: Mapping[str, str]) -> Reply:
        return await self._calls.send(
            "GET", f"{self._root}/{operation}", repeatable=True, params=dict(params)
        )


def _window(cif: str, start: datetime, end: datetime, page: int) -> dict[str, str]:
    return {
        "startTime": str(int(start.timestamp() * 1000)),
        "endTime": str(int(end.timestamp() * 1000)),
        "cif": cif,
        "pagina": str(page),
    }


def _used_up(*refusals: Refusal) -> bool:
    return any(refusal.kind is RefusalKind.DAILY_LIMIT for refusal in refusals)


def _failed(answer: QueryFailed | Unrecognised | object, reply: Reply) -> Exception:
    if isinstance(answer, QueryFailed):
        return call_error(answer.refusal, reply.retry_after)
    if isinstance(answer, Unrecognised):
        return AnafUnavailableError(f"ANAF's answer is not understood: {answer.summary}")
    return AnafUnavailableError("ANAF's answer is not understood")
