"""Finds out whether ANAF has an upload whose answer was lost: by its bytes, in ANAF's lists."""

import hashlib
from datetime import UTC, datetime, timedelta

from workers_ledger.documents import Document, Documents
from workers_runtime.errors import PermanentError, QuotaError, TransientError
from workers_runtime.logs import get_logger

from .archive import BadArchive, open_archive
from .client import EFacturaClient
from .errors import UploadUncertainError
from .life import State
from .messages import Message, MessageType

LOOK_BACK = timedelta(minutes=15)
MAX_DOWNLOADS = 20
"""Archives looked into at one search; the next search goes on."""

_log = get_logger(__name__)


class Reconciler:
    """Searches the sent messages of a CIF for a document."""

    def __init__(
        self,
        documents: Documents,
        client: EFacturaClient,
        *,
        pause_seconds: float,
        resend_after: timedelta,
    ) -> None:
        self._documents = documents
        self._client = client
        self.pause_seconds = pause_seconds
        self._resend_after = resend_after

    async def find(self, document: Document) -> tuple[Document, str | None]:
        """Return the index under which ANAF has exactly these bytes, or None.

        The document comes back too: it remembers which archives were looked into.

        Raises:
            UploadUncertainError: more messages than one search looks into; the next goes on.
            TransientError, PermanentError: ANAF's lists cannot be read.
        """
        since = await self._since(document)
        messages = await self._client.messages(document.cif, since=since - LOOK_BACK)
        seen = set(document.data.get("seen", []))
        fresh = [m for m in messages if m.type is MessageType.SENT and m.id not in seen]
        owners = await self._documents.owners([m.upload_index for m in fresh if m.upload_index])
        # What the ledger has under that index already is another document: no download needed.
        sent = [m for m in fresh if owners.get(m.upload_index or "") in (None, document.id)]
        found, failure = None, None
        for message in sent[:MAX_DOWNLOADS]:
            try:
                match = await self._is(message, document)
            except TransientError as error:
                failure = error
                break
            if match:
                _log.info("lost upload found", upload_index=message.upload_index)
                found = message.upload_index
                break
            if match is not None:
                seen.add(message.id)
        document = await self._remember(document, seen)
        if failure is not None:
            raise failure
        if found is None and len(sent) > MAX_DOWNLOADS:
            raise UploadUncertainError(
                f"{len(sent) - MAX_DOWNLOADS} messages at ANAF are not looked into yet",
                retry_after=self.pause_seconds,
            )
        return document, found

    async def _remember(self, document: Document, seen: set[str]) -> Document:
        # ANAF allows ten downloads of a message a day; a search goes on for hours.
        if seen == set(document.data.get("seen", [])):
            return document
        return await self._documents.change(document, data=document.data | {"seen": sorted(seen)})

    async def may_resend(self, document: Document) -> Document:
        """Return the document, ready to be sent again, once ANAF had its time to list it.

        Raises:
            UploadUncertainError: not yet; look again later.
        """
        since = await self._since(document)
        if datetime.now(UTC) - since < self._resend_after:
            raise UploadUncertainError(
                f"ANAF lists no such document yet; searched for since {since:%Y-%m-%d %H:%M} UTC",
                retry_after=self.pause_seconds,
            )
        _log.warning("upload never appeared at ANAF, the same bytes are sent again")
        return await self._documents.change(document, state=State.NEW.value, unknown_since=None)

    async def _since(self, document: Document) -> datetime:
        if document.unknown_since:
            return document.unknown_since
        # The process died between the intent and its end: the attempt's start is all we know.
        attempts = await self._documents.attempts(document.id)
        return attempts[-1].started_at if attempts else datetime.now(UTC)

    async def _is(self, message: Message, document: Document) -> bool | None:
        """Say whether a message is the document; None when it cannot be known now."""
        if message.upload_index is None:
            return False
        try:
            archive = open_archive(await self._client.download(message.id))
        except PermanentError as error:
            _log.warning("archive not usable for the search", reason=str(error)[:200])
            return False
        except (BadArchive, QuotaError) as error:
            # A damaged download, or its allowance is used up: one message must not end the search.
            _log.warning("archive not readable now", reason=str(error)[:200])
            return None
        return hashlib.sha256(archive.document).hexdigest() == document.content_sha256
