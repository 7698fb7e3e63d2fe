"""The way out to e-Factura: one method an operation; typed answers, this service's errors.

Source: ANAF's Swagger pages of RO e-Factura (upload, stareMesaj, listaMesajePaginatieFactura,
descarcare).
"""

import copy
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

from workers_anaf.calls import AuthorisedCalls
from workers_anaf.refusals import Refusal, RefusalKind
from workers_anaf.replies import Reply
from workers_runtime.logs import get_logger

from .allowances import Allowances, counted
from .answering.words import RASP
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
from .window import Window

MAX_PAGES = 2000
MAX_READINGS = 4
MAX_CORRECTIONS = 4
OLDEST = timedelta(days=60) - timedelta(minutes=5)
_log = get_logger(__name__)


class EFacturaClient:
    """Talks to e-Factura in ANAF's test or production environment."""

    def __init__(
        self,
        calls: AuthorisedCalls,
        *,
        environment: str,
        allowances: Allowances,
        clock_margin: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._calls = calls
        self._root = f"/{environment}/FCTEL/rest"
        self._allowed = allowances
        self._margin = clock_margin
        self._clock = clock

    def of(self, tenant: str) -> "EFacturaClient":
        """Return the same client, whose calls are made with this tenant's log-in."""
        client = copy.copy(self)
        client._calls = self._calls.of(tenant)  # noqa: SLF001 - a copy of ourselves
        return client

    def check(self) -> None:
        """Raise CircuitOpenError while ANAF's host is left alone after several failures."""
        self._calls.check()

    async def upload(
        self, xml: bytes, *, cif: str, standard: str, b2c: bool, flags: Mapping[str, str]
    ) -> UploadAnswer:
        """Hand in a document, once. A lost answer raises OutcomeUnknownError."""
        operation = "uploadb2c" if b2c else "upload"
        async with counted(self._allowed.answers, cif) if standard == RASP else nullcontext():
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
        async with counted(self._allowed.states, index):
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
        async with counted(self._allowed.downloads, download_id):
            reply = await self._get("descarcare", {"id": download_id})
        answer = read_download(reply)
        if isinstance(answer, Downloaded):
            return answer.content
        if isinstance(answer, QueryFailed) and _used_up(answer.refusal):
            raise await self._allowed.downloads.exhaust(download_id)
        raise _failed(answer, reply)

    async def messages(self, cif: str, *, since: datetime) -> list[Message]:
        """Return the messages of a CIF that ANAF listed since a moment, oldest page first."""
        now = self._clock()
        window = Window(max(since, now - OLDEST), now - self._margin)
        found: dict[str, Message] = {}
        for _ in range(MAX_READINGS):
            known = len(found)
            pages, window = await self._read_all(cif, window, found)
            # Entries move between the pages while they are read: until a reading shows nothing new.
            if pages == 1 or len(found) == known:
                break
        return [message for message in found.values() if message.cif in (None, cif)]

    async def _read_all(
        self, cif: str, window: Window, found: dict[str, Message]
    ) -> tuple[int, Window]:
        page, pages = 1, 1
        while page <= min(pages, MAX_PAGES):
            answer, window = await self._page(cif, window, page)
            if answer is None:
                break
            if answer.unreadable:
                _log.warning("list has rows without an id", cif=cif, rows=answer.unreadable)
            # Ids decide what is the same, not positions.
            found.update({message.id: message for message in answer.messages})
            page, pages = page + 1, max(pages, answer.pages)
        return pages, window

    async def _page(self, cif: str, window: Window, page: int) -> tuple[MessagePage | None, Window]:
        for correction in range(MAX_CORRECTIONS):
            if window.is_empty:
                return None, window
            async with counted(self._allowed.pages, cif):
                reply = await self._get("listaMesajePaginatieFactura", window.query(cif, page))
            answer = read_messages(reply)
            if isinstance(answer, MessagePage):
                return answer, window
            if not isinstance(answer, QueryFailed):
                raise _failed(answer, reply)
            match answer.refusal.kind:
                case RefusalKind.STOP_PAGING:
                    return None, window
                case RefusalKind.WINDOW:
                    window = window.corrected(answer.refusal, correction)
                case RefusalKind.DAILY_LIMIT:
                    raise await self._allowed.pages.exhaust(cif)
                case _:
                    raise _failed(answer, reply)
        raise AnafUnavailableError("ANAF refuses the window of the list; are the clocks right?")

    async def _get(self, operation: str, params: Mapping[str, str]) -> Reply:
        return await self._calls.send(
            "GET", f"{self._root}/{operation}", repeatable=True, params=dict(params)
        )


def _used_up(*refusals: Refusal) -> bool:
    return any(refusal.kind is RefusalKind.DAILY_LIMIT for refusal in refusals)


def _failed(answer: QueryFailed | Unrecognised | object, reply: Reply) -> Exception:
    if isinstance(answer, QueryFailed):
        return call_error(answer.refusal, reply.retry_after)
    if isinstance(answer, Unrecognised):
        return AnafUnavailableError(f"ANAF's answer is not understood: {answer.summary}")
    return AnafUnavailableError("ANAF's answer is not understood")
