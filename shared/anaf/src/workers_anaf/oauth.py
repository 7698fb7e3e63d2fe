"""ANAF's OAuth2: access tokens for all replicas, renewed once, stored before they are used.

Refresh tokens are single-use: two replicas that renew at the same time would lock the account out,
and only a person with the certificate could open it again. Source: ANAF's OAuth procedure (2022).
"""

import asyncio
import contextlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import TypeGuard

from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.secrets import Secrets
from workers_runtime.logs import get_logger
from workers_runtime.outbound import Outbound

from .login import LoginRefusedError, TokenEndpointError, ask
from .lost import LoginRequiredError, Lost, TokenRefusedError, not_taken
from .refusal_notes import Note, RefusalNotes
from .tokens import LOGGED_OUT, Tokens, TokenStore, digest, now

LEASE_SECONDS = 90.0
ASK_SECONDS = 60.0
"""A renewal ends well inside its lease: nobody else may begin one meanwhile."""

EARLY_SECONDS = 300.0
"""An access token is renewed this long before it ends."""

REFRESH_DAYS = 365
WARN_DAYS = 30
_log = get_logger(__name__)

__all__ = ["LoginRequiredError", "Lost", "TokenEndpointError", "TokenKeeper", "TokenRefusedError"]


class TokenKeeper:
    """Hands out the access token; renews it under a lease that all replicas share."""

    def __init__(
        self,
        secrets: Secrets,
        login: Outbound,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        tenant: str = "",
    ) -> None:
        self.tenant = tenant
        self._secrets = secrets
        self._store = TokenStore(secrets, client_id, client_secret, refresh_token)
        self._notes = RefusalNotes(secrets, self._store.name)
        self._login = login
        self._auth = (client_id, client_secret)
        self._configured = refresh_token
        self._owner = uuid.uuid4().hex
        self._lock = asyncio.Lock()
        self._known: Tokens | None = None
        self._unsaved: Tokens | None = None

    async def of(self, tenant: str, *, fresh: bool = False) -> "TokenKeeper":
        """Return itself: one keeper alone is the log-in of all tenants."""
        del tenant, fresh
        return self

    async def access_token(self) -> str:
        """Return a token that has some life left.

        Raises:
            LoginRequiredError: a person must log in.
            TokenRefusedError: ANAF took none a moment ago.
            TokenEndpointError: ANAF's log-in does not answer; try later.
        """
        tokens, note = self._known, self._note_of(self._known)
        if tokens is None or tokens.refused or (note and note.asked_again_in > 0):
            # Another process, or the operator, may have mended it meanwhile.
            tokens = await self._read()
        if tokens is not None and tokens.refused:
            raise self._required(tokens)
        if (note := self._note_of(tokens)) is not None and note.asked_again_in > 0:
            raise not_taken(note)
        if tokens is not None and tokens.expires_at - EARLY_SECONDS > now():
            return tokens.access
        return await self._shielded(tokens.access if tokens else "", refused=False)

    async def renew(self, failed: str) -> str:
        """Return another token than ``failed``, which ANAF did not take.

        Renews it unless somebody already did. One that was itself made because of a refusal, and
        was never taken, is renewed after an hour, and then ever more seldom: tokens do not help.

        Raises:
            TokenRefusedError: it is such a one.
            LoginRequiredError, TokenEndpointError: as for `access_token`.
        """
        return await self._shielded(failed, refused=True)

    async def refused(self, token: str) -> TokenRefusedError:
        """Note that ANAF does not take a token that it gave just now; returns what to raise."""
        return not_taken(await self._notes.refused(digest(token), "HTTP 401"))

    async def taken(self, token: str) -> None:
        """Note that ANAF takes a token."""
        if self._notes.known is not None:
            await self._notes.taken(digest(token))

    async def _shielded(self, failed: str, *, refused: bool) -> str:
        # A task of its own: cut off between ANAF's answer and our store, the log-in would be lost.
        task = asyncio.create_task(self._renew(failed, refused=refused))
        task.add_done_callback(_look)
        return await asyncio.shield(task)

    @property
    def credential(self) -> str:
        """Name of the log-in that was configured; not a secret."""
        return self._store.name

    async def ends_at(self) -> datetime | None:
        """Return when a person must log in again; None before the first renewal."""
        tokens = self._known or await self._read()
        if tokens is None:
            return None
        return datetime.fromtimestamp(tokens.login_at, UTC) + timedelta(days=REFRESH_DAYS)

    async def days_left(self) -> float | None:
        """Return the days until a person must log in again; None before the first renewal."""
        ends = await self.ends_at()
        return None if ends is None else (ends.timestamp() - now()) / 86_400

    async def lost(self) -> Lost | None:
        """Return why the log-in is lost; None while ANAF takes it, as far as is known."""
        tokens = await self._read()
        if tokens is None or tokens.refused == LOGGED_OUT:
            return None
        if tokens.refused:
            since = tokens.unsaved_since
            began = datetime.fromtimestamp(since, UTC) if since else None
            return Lost(tokens.refused, began, "renewal_lost" if began else "refused")
        if (note := self._note_of(tokens)) is None or not note.since:
            return None
        return Lost(note.reason, cause="token_refused", since=note.began)

    async def problem(self) -> str | None:
        """Return what an operator should know; a deep health check."""
        tokens = await self._read()
        if tokens is not None and tokens.refused:
            return f"log in at ANAF with the certificate: {tokens.refused}{_unsaved(tokens)}"
        if (note := self._note_of(tokens)) is not None and note.since:
            return str(not_taken(note))
        left = await self.days_left()
        soon = left is not None and left <= WARN_DAYS
        return f"ANAF log-in ends in {left:.0f} days" if soon else None

    async def _renew(self, failed: str, *, refused: bool) -> str:
        async with self._lock:
            for _ in range(int(LEASE_SECONDS * 2)):
                current = await self._read()
                if _usable(current, failed):
                    return current.access
                await self._allow(current, failed, refused=refused)
                if await self._secrets.lease(self._store.name, self._owner, seconds=LEASE_SECONDS):
                    return await self._renew_with_lease(failed, refused=refused)
                await asyncio.sleep(0.5)
        raise TokenEndpointError("another worker is renewing the token and does not end")

    async def _allow(self, current: Tokens | None, failed: str, *, refused: bool) -> None:
        """Raise what speaks against a renewal."""
        if current and current.refused:
            raise self._required(current)
        note = self._notes.known
        if note is None or not (refused or note.since):
            return  # a token that was never tried ends, as any other does
        if note.of == digest(failed) and now() < note.renewed_again_at:
            raise await self.refused(failed)

    async def _renew_with_lease(self, failed: str, *, refused: bool) -> str:
        try:
            # Read again inside the lease: the holder before us may have renewed it.
            current = await self._read()
            if _usable(current, failed):
                await self._secrets.release(self._store.name, self._owner)
                return current.access
            await self._allow(current, failed, refused=refused)
            tokens = await self._ask(current)
        except BaseException:
            await self._secrets.release(self._store.name, self._owner)
            raise
        if tokens.access and (refused or self._note_of(current)):
            # Before anybody can use it, and never at the cost of the new refresh token.
            with contextlib.suppress(LedgerUnavailableError):
                before = current.access if current else ""
                await self._notes.made(digest(tokens.access), digest(before))
        await self._write(tokens)
        who = {"tenant": self.tenant, "credential": self.credential}
        if tokens.refused:
            reason = f"{tokens.refused}{_unsaved(tokens)}"
            _log.error("ANAF log-in lost, a person must log in", reason=reason, **who)
            raise self._required(tokens)
        _log.info("ANAF access token renewed", expires_at=tokens.expires_at, **who)
        return tokens.access

    async def _ask(self, current: Tokens | None) -> Tokens:
        refresh = current.refresh if current else self._configured
        login_at = current.login_at if current else None
        # ANAF uses a refresh token up when it answers, and the answer may never be stored. Who is
        # refused later finds the note, and can say what happened.
        unsaved = await self._store.begun(refresh)
        await self._store.begin(refresh)
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await ask(self._login, self._auth, refresh, login_at=login_at)
        except TimeoutError:
            raise TokenEndpointError(
                f"ANAF's log-in did not answer within {ASK_SECONDS:g} s", retry_after=60
            ) from None
        except LoginRefusedError as refusal:
            return Tokens("", refresh, 0.0, login_at or now(), str(refusal), unsaved)
        except TokenEndpointError as error:
            if error.certain and not unsaved:
                await self._store.settle()
            raise

    def _required(self, tokens: Tokens) -> LoginRequiredError:
        if self.tenant:
            what = f"run `workers efactura login --tenant {self.tenant}`"
        else:
            what = "run `workers efactura login`, or set ANAF_REFRESH_TOKEN to a new refresh token"
        return LoginRequiredError(
            f"ANAF takes the log-in no longer ({tokens.refused}{_unsaved(tokens)}); a person with "
            f"the certificate must log in: {what}",
            retry_after=900,
        )

    def _note_of(self, tokens: Tokens | None) -> Note | None:
        """Return the note, when it is about these tokens and not about earlier ones."""
        note = self._notes.known
        return note if tokens and note and note.of == digest(tokens.access) else None

    async def _read(self) -> Tokens | None:
        if self._unsaved is not None:
            await self._write(self._unsaved)
        self._known = await self._store.read()
        await self._notes.read()
        return self._known

    async def _write(self, tokens: Tokens) -> None:
        # The old refresh token is used up: until these are stored, this process alone has them.
        self._unsaved = tokens
        try:
            await self._store.write(tokens, self._owner)
        except LedgerUnavailableError:
            _log.error("new ANAF tokens are not stored yet: the database does not answer")
            raise
        self._known, self._unsaved = tokens, None


def _usable(tokens: Tokens | None, failed: str) -> TypeGuard[Tokens]:
    return tokens is not None and tokens.access != failed and tokens.expires_at > now()


def _look(task: "asyncio.Task[str]") -> None:
    """Look at a failure that nobody waits for any more, so that nothing warns about it."""
    if not task.cancelled():
        task.exception()


def _unsaved(tokens: Tokens) -> str:
    """What a crash between ANAF's answer and our store looks like, said in full."""
    if not tokens.unsaved_since:
        return ""
    began = datetime.fromtimestamp(tokens.unsaved_since, UTC)
    return (
        f"; a renewal that began at {began:%Y-%m-%d %H:%M:%S} UTC was never stored: the worker was "
        "killed or the answer was lost, and ANAF had used the token up"
    )
