"""Fetches a listed message: downloaded once, kept byte for byte, told once."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from anaf_efactura.answering.words import digest_of
from anaf_efactura.archive import BadArchive, Kind, SealStatus
from anaf_efactura.archiving.keeping import Download, Keeper, Owner, Unopened
from anaf_efactura.client import EFacturaClient
from anaf_efactura.errors import ArchiveExpiredError, ArchiveUnreadableError
from anaf_efactura.life import State
from anaf_efactura.messages import MessageType
from anaf_efactura.watching import Clock, utc_now
from workers_contracts.efactura_inbound import FetchMessage
from workers_ledger.chain import Link
from workers_ledger.documents import Documents
from workers_ledger.inbound import Inbound
from workers_ledger.inbound_values import InboundMessage, InboundState
from workers_ledger.notices import Notices
from workers_ledger.ownership import Refusal
from workers_runtime.errors import PermanentError, TransientError, WorkerError
from workers_runtime.identity import Task
from workers_runtime.logs import get_logger
from workers_runtime.router import After, Outcome

from . import telling
from .facts import ERASED, Facts, read, unopened
from .plan import HOLD, OVERDUE

TRIES = 4
"""So many archives that are damaged, or without a good seal, are given back; the next is kept."""

REFUSED = timedelta(hours=6)
"""Before a message that ANAF refuses to give is asked for again."""

_MAY_BE_OURS = {MessageType.SENT.value, MessageType.BUYER_MESSAGE.value}
_NO_SEAL = {SealStatus.MISSING, SealStatus.INVALID}
_log = get_logger(__name__)


class Fetching:
    """Downloads what the lists show."""

    def __init__(
        self,
        inbound: Inbound,
        documents: Documents,
        client: EFacturaClient,
        keeper: Keeper,
        notices: Notices,
        *,
        seals: Sequence[bytes],
        patience: float,
        clock: Clock = utc_now,
    ) -> None:
        self._inbound = inbound
        self._documents = documents
        self._client = client
        self._keeper = keeper
        self._notices = notices
        self._seals = tuple(seals)
        self._patience = patience
        self._clock = clock

    async def fetch(self, command: FetchMessage, task: Task) -> Outcome:
        """Return the event of the message; nothing when another hand has it, or it is ours."""
        until = self._clock() + HOLD
        message = await self._inbound.begin(
            task.tenant, command.cif, command.download_id, command.hand, until=until
        )
        if message is None:
            return None
        if message.state != InboundState.LISTED.value:
            return telling.ended(message)  # this very message ended it, and its worker died
        try:
            return await self._fetched(message)
        except ArchiveExpiredError:
            return await self._expired(message)
        except PermanentError as error:
            return await self._refused(message, command, task, error)
        except WorkerError as error:
            await self._note(message, error)
            raise

    async def _fetched(self, message: InboundMessage) -> Outcome:
        content = await self._client.of(message.tenant).download(message.message_id)
        facts = await self._facts(message, content)
        if await self._is_ours(message, facts):
            await self._inbound.end(message, InboundState.OURS, {})
            return None
        link = await self._kept(message, content, facts)
        if link.erased_at is not None:
            facts = replace(facts, problem=ERASED)
        known = await self._known(message, facts)
        archive = link.entry.artifact
        event = telling.fetched(message, facts, archive, self._clock(), **known)
        stored = await self._inbound.end(message, InboundState.STORED, telling.kept(event))
        if stored is None:
            return await self._as_it_ended(message)
        _log.info("message received", told=event.key, download_id=message.message_id)
        return event

    async def _kept(self, message: InboundMessage, content: bytes, facts: Facts) -> Link:
        """Keep the bytes and enter them in the archive's index, also what cannot be opened."""
        index = message.upload_index or ""
        owner = Owner(message.tenant, message.cif, _direction(message), upload_index=index)
        download: Download | Unopened = Unopened(message.message_id, content)
        if facts.archive is not None and facts.seal is not None:
            download = Download(message.message_id, content, facts.archive, facts.seal)
        return await self._keeper.keep(owner, download)

    async def _facts(self, message: InboundMessage, content: bytes) -> Facts:
        try:
            # In a thread: an archive may hold megabytes of XML.
            facts = await asyncio.to_thread(
                read, content, self._seals, message.listed_at, self._clock()
            )
        except BadArchive as error:
            if message.tries >= TRIES:
                _log.warning("archive kept unopened", download_id=message.message_id)
                return unopened()
            raise ArchiveUnreadableError(str(error), retry_after=self._patience) from error
        # An error file may come without a seal; an invoice's may come later than the invoice.
        unsealed = facts.seal is None or facts.seal.status in _NO_SEAL
        if facts.kind is Kind.ORIGINAL and unsealed and message.tries < TRIES:
            raise ArchiveUnreadableError(
                "the Ministry's seal is missing or invalid", retry_after=self._patience
            )
        return facts

    async def _is_ours(self, message: InboundMessage, facts: Facts) -> bool:
        """Say whether this is what the tenant filed here, under an index not known until now."""
        if facts.kind is Kind.ERRORS:
            return await self._is_our_refusal(message, facts)
        own = message.type in _MAY_BE_OURS or message.data.get("self_billed")
        if not own or facts.archive is None:
            return False
        content = digest_of(facts.archive)
        if not await self._inbound.is_filed(message, content):
            return False
        if message.upload_index:
            await self._documents.sighted(message.upload_index, content)
        return True

    async def _is_our_refusal(self, message: InboundMessage, facts: Facts) -> bool:
        """Say whether an upload of ours was refused so whose answer was lost.

        The file names no invoice. The same bytes were sent again, and refused for the same
        reasons.
        """
        reasons = _texts(facts.values["errors"])
        refusal = Refusal(
            message.listed_at,
            State.REJECTED.value,
            lambda document: _texts(document.get("errors", ())) == reasons,
        )
        return await self._inbound.is_refusal_of_ours(message, refusal)

    async def _known(self, message: InboundMessage, facts: Facts) -> dict[str, Any]:
        """Return what the ledger knows of the invoice that a buyer's message is about."""
        about = facts.values.get("about_index") or message.data.get("about_index")
        if facts.kind is not Kind.BUYER_MESSAGE or not about:
            return {}
        document = await self._documents.by_authority_id(message.tenant, about)
        if document is None:
            return {"about_index": about}
        return {"about_index": about, "document_id": document.id, "number": document.number}

    async def _expired(self, message: InboundMessage) -> Outcome:
        ended = await self._inbound.end(message, InboundState.EXPIRED, {})
        return telling.expired(ended) if ended else await self._as_it_ended(message)

    async def _as_it_ended(self, message: InboundMessage) -> Outcome:
        """Return the event when a worker that was given up for dead ended this very hand."""
        found = await self._held(message)
        return telling.ended(found) if found else None

    async def _held(self, message: InboundMessage) -> InboundMessage | None:
        return await self._inbound.begin(
            message.tenant,
            message.cif,
            message.message_id,
            message.hand,
            until=self._clock() + HOLD,
        )

    async def _refused(
        self, message: InboundMessage, command: FetchMessage, task: Task, error: PermanentError
    ) -> Outcome:
        """Ask again later, as long as ANAF keeps it: a right may come back. Told once."""
        await self._inbound.note(message, code=error.code, error=str(error))
        again = After(command, REFUSED.total_seconds(), reason=str(error)[:200])
        if not await self._notices.tells(message.id, f"fetch:{error.code}"[:64], task.message_id):
            return again
        noted = await self._held(message)
        return [telling.delayed(noted or message, self._clock()), again]

    async def _note(self, message: InboundMessage, error: WorkerError) -> None:
        unusable = isinstance(error, ArchiveUnreadableError)
        await self._inbound.note(message, code=error.code, error=str(error), unusable=unusable)
        if isinstance(error, TransientError):
            # Not the usual term of a command: as long as ANAF keeps it.
            error.give_up_at = message.listed_at + OVERDUE


def _texts(errors: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted(error["message"] for error in errors)


def _direction(message: InboundMessage) -> Literal["sent", "received"]:
    """Say who made it: errors belong to what the company sent."""
    theirs = {MessageType.RECEIVED.value, MessageType.BUYER_MESSAGE.value}
    return "received" if message.type in theirs else "sent"
