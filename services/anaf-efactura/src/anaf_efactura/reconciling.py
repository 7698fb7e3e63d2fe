"""Finds out whether ANAF has an upload whose answer was lost: by its content, in ANAF's lists."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workers_ledger.documents import Document, Documents
from workers_ledger.ownership import LISTED_TO_THE_MINUTE, Ownership
from workers_runtime.errors import PermanentError, QuotaError
from workers_runtime.logs import get_logger

from .answering.words import digest_of, is_message
from .archive import BadArchive, open_archive
from .client import EFacturaClient
from .errors import ArchiveExpiredError, UploadUncertainError, UploadUnresolvedError
from .life import Filer, State
from .messages import Message, MessageType

LOOK_BACK = timedelta(minutes=15)
MAX_DOWNLOADS = 20
"""Archives looked into at one search; the next search goes on."""
GROWTH = 4
"""A search waits for a quarter of the time since the upload: lists are allowed so many a day."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Search:
    """What ANAF's lists say of a document in doubt."""

    index: str | None
    """Under which ANAF has exactly these bytes."""
    refused: str | None = None
    """Index of a refusal that may be this document's: its file does not name the document."""


class Reconciler:
    """Searches the sent messages of a CIF for a document."""

    def __init__(
        self,
        documents: Documents,
        ownership: Ownership,
        client: EFacturaClient,
        *,
        pause_seconds: float,
        resend_after: timedelta,
        resend_refused_after: timedelta,
        resend_messages: bool = False,
    ) -> None:
        self._documents = documents
        self._ownership = ownership
        self._client = client
        self.pause_seconds = pause_seconds
        self._resend_after = resend_after
        self._resend_refused_after = resend_refused_after
        self._resend_messages = resend_messages
        self._looking: dict[str, asyncio.Lock] = {}

    async def find(self, document: Document) -> Search:
        """Look for exactly this content in ANAF's lists.

        Raises:
            UploadUncertainError: more messages than one search looks into, or one that cannot be
                read now may be the document; the next search goes on.
            TransientError, PermanentError: ANAF's lists cannot be read.
        """
        since = await self._since(document)
        messages = await self._client.of(document.tenant).messages(
            document.cif, since=since - LOOK_BACK
        )
        wanted = MessageType.BUYER_MESSAGE if is_message(document) else MessageType.SENT
        sent = {m.upload_index: m for m in messages if m.type is wanted}
        indexes = [index for index in sent if index]
        owners = await self._documents.owners(indexes)
        # What the ledger has under that index already is another document: no download needed.
        theirs = [index for index in indexes if owners.get(index) in (None, document.id)]
        known = await self._documents.sightings(theirs)
        if (found := _with(document, known)) is not None:
            return Search(_told(found))
        unseen = {index: sent[index].id for index in theirs if index not in known}
        if (found := await self._search(document, unseen)) is not None:
            return Search(found)
        if is_message(document):  # no refusal makes it safe to send one again
            return Search(None)
        return Search(None, await self._refused(document, messages, since))

    async def _refused(
        self, document: Document, messages: Iterable[Message], since: datetime
    ) -> str | None:
        """Return the index of a refusal that may be this document's: nobody here is behind it."""
        begun = since - LISTED_TO_THE_MINUTE
        indexes = [
            message.upload_index
            for message in messages
            if message.type is MessageType.ERRORS
            and message.upload_index
            and message.created is not None
            and message.created >= begun
        ]
        return next(iter(await self._ownership.unclaimed(document, indexes)), None)

    async def _search(self, document: Document, unseen: Mapping[str, str]) -> str | None:
        looked, unread = 0, 0
        for number, (index, message_id) in enumerate(unseen.items()):
            if looked == MAX_DOWNLOADS:
                raise self._uncertain(f"{len(unseen) - number} messages are not looked into yet")
            digest = await self._digest(document.tenant, index, message_id)
            if digest == document.content_sha256:
                return _told(index)
            # What cannot be read now must not stand in the way of what can.
            looked += digest is not None
            unread += digest is None
        if unread:
            raise self._uncertain(f"{unread} archives cannot be read now, and one may be it")
        return None

    def _uncertain(self, why: str) -> UploadUncertainError:
        return UploadUncertainError(f"ANAF's list: {why}", retry_after=self.pause_seconds)

    async def _digest(self, tenant: str, index: str, message_id: str) -> str | None:
        """Return the digest of what ANAF has under an index; None when it cannot be known now.

        ANAF gives each archive ten times a day, and many documents may be searched for at once:
        one search looks into it, for all of them.
        """
        async with self._looking.setdefault(index, asyncio.Lock()):
            known = await self._documents.sightings([index])
            if index in known:
                return known[index]
            digest = await self._look_into(tenant, message_id)
            if digest is not None:
                await self._documents.sighted(index, digest)
                del self._looking[index]
            return digest

    async def may_resend(
        self, document: Document, filer: Filer, refused: str | None = None
    ) -> Document:
        """Return the document, ready to be sent again, once ANAF had its time to list it.

        A refusal that nobody else is behind makes that time shorter: what was refused is no
        document at ANAF, and what was taken is listed before the time is over.

        Raises:
            UploadUncertainError: not yet; look again later.
            UploadUnresolvedError: it is a message, and no person has asked for it again.
        """
        since = await self._since(document)
        wait = self._resend_after
        if refused:
            wait = min(wait, self._resend_refused_after)
        now = datetime.now(UTC)
        if now - since < wait:
            raise UploadUncertainError(
                _not_listed(since, since + wait, refused), retry_after=self._pause(since, wait, now)
            )
        if is_message(document) and not self._resend_messages:
            await self._check_asked_again(document, filer)
        _log.warning("the same bytes are sent again", refused=refused)
        return await self._documents.change(document, state=State.NEW.value, unknown_since=None)

    async def _check_asked_again(self, document: Document, filer: Filer) -> None:
        # An invoice that ANAF has after all is told to be a duplicate; a message would come twice.
        attempts = await self._documents.attempts(document.id)
        if attempts and attempts[-1].action == filer.action:
            raise UploadUnresolvedError(
                "ANAF may have the message: its answer was lost, and the lists do not show it; "
                "look for it in SPV, and replay the command when it is not there: it searches "
                "again, then it sends"
            )

    def _pause(self, since: datetime, wait: timedelta, now: datetime) -> float:
        grown = max(self.pause_seconds, (now - since).total_seconds() / GROWTH)
        left = (since + wait - now).total_seconds()
        return min(grown, max(left, self.pause_seconds))

    async def _since(self, document: Document) -> datetime:
        if document.unknown_since:
            return document.unknown_since
        # The process died between the intent and its end: the attempt's start is all we know.
        attempts = await self._documents.attempts(document.id)
        return attempts[-1].started_at if attempts else datetime.now(UTC)

    async def _look_into(self, tenant: str, message_id: str) -> str | None:
        try:
            archive = open_archive(await self._client.of(tenant).download(message_id))
        except ArchiveExpiredError as error:
            _log.warning("archive not usable for the search", reason=str(error)[:200])
            return ""
        except (BadArchive, QuotaError, PermanentError) as error:
            # Damaged, its allowance used up, a right that is missing today: one message must not
            # end the search, and what it holds may be known later.
            _log.warning("archive not readable now", reason=str(error)[:200])
            return None
        return digest_of(archive)


def _not_listed(since: datetime, until: datetime, refused: str | None) -> str:
    searched = f"searched for since {since:%Y-%m-%d %H:%M} UTC, sent again after {until:%H:%M}"
    if refused:
        return (
            f"ANAF lists no such document, and refused one that may be it ({refused}); {searched}"
        )
    return f"ANAF lists no such document yet; {searched}"


def _with(document: Document, known: Mapping[str, str]) -> str | None:
    same = (index for index, digest in known.items() if digest == document.content_sha256)
    return next(same, None)


def _told(index: str) -> str:
    _log.info("lost upload found", upload_index=index)
    return index
