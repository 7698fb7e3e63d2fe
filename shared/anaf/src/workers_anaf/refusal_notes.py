"""What all replicas know of an access that ANAF does not take although nothing here is wrong.

A note is made before anybody can use what it is about: with the access token that a refusal had
renewed, or at the first refusal of a certificate. Whoever is served by ANAF takes it back.
"""

import contextlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.secrets import Secrets

from .tokens import now

ASKED_AGAIN = 900.0
"""Seconds between two calls with an access that ANAF does not take."""

RENEWED_AGAIN = 3600.0
"""Seconds before a token that ANAF never took is renewed; they double with each renewal."""

SELDOM = 6 * 3600.0
"""The longest time between two such renewals."""


@dataclass(frozen=True)
class Note:
    """An access that may turn out to be refused, or is."""

    of: str
    """Which: the digest of an access token, or a certificate."""
    made_at: float
    """When it was made, or first refused; in seconds since 1970, as all times here."""
    tries: int = 1
    """Renewals one after the other that have not helped."""
    since: float = 0.0
    """When ANAF began to refuse; 0 while nobody has seen a refusal of it."""
    last: float = 0.0
    """When ANAF was asked last."""
    reason: str = ""

    @property
    def renewed_again_at(self) -> float:
        """When another renewal may help."""
        return self.made_at + min(RENEWED_AGAIN * float(2 ** min(self.tries - 1, 10)), SELDOM)

    @property
    def asked_again_in(self) -> float:
        """Seconds until ANAF is asked again; 0 when it may be asked now."""
        return max(0.0, self.last + ASKED_AGAIN - now()) if self.since else 0.0

    @property
    def began(self) -> datetime:
        """When ANAF began to refuse."""
        return datetime.fromtimestamp(self.since, UTC)


class RefusalNotes:
    """The note about one log-in, in the ledger; `known` is what this process knows of it."""

    def __init__(self, secrets: Secrets, name: str) -> None:
        self._secrets = secrets
        self._name = f"{name}.refused"
        self.known: Note | None = None

    async def read(self) -> Note | None:
        """Return the note; None while ANAF takes the access, as far as anybody knows."""
        try:
            self.known = Note(**json.loads(await self._secrets.read(self._name)))
        except (ValueError, TypeError):
            self.known = None  # none, or of another version
        return self.known

    async def made(self, of: str, before: str) -> None:
        """Note an access that was made because ANAF refused the one before it."""
        last = await self.read()
        note = Note(of, now())
        if last is not None and last.of == before and last.since:
            note = replace(last, of=of, made_at=now(), tries=last.tries + 1)
        await self._write(note)

    async def refused(self, of: str, reason: str) -> Note:
        """Note that ANAF does not take it, unless somebody did a moment ago."""
        note = await self.read()
        if note is None or note.of != of:
            note = Note(of, now())
        if not note.asked_again_in:
            note = replace(note, since=note.since or now(), last=now(), reason=reason)
            await self._write(note)
        return note

    async def taken(self, of: str) -> None:
        """Note that ANAF takes it."""
        if self.known is None or self.known.of != of:
            return
        with contextlib.suppress(LedgerUnavailableError):  # the next answer does it
            note = await self.read()
            if note is not None and note.of == of:
                await self._secrets.put(self._name, "")
            self.known = None

    async def _write(self, note: Note) -> None:
        await self._secrets.put(self._name, json.dumps(asdict(note)))
        self.known = note
