"""ANAF's OAuth2: access tokens for all replicas, renewed once, stored before they are used.

Refresh tokens are single-use: two replicas that renew at the same time would lock the account out,
and only a person with the certificate could open it again. Source: ANAF's OAuth procedure (2022).
"""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeGuard

from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.secrets import Secrets
from workers_runtime.errors import TransientError
from workers_runtime.logs import get_logger
from workers_runtime.outbound import Outbound

from .login import LoginRefusedError, TokenEndpointError, ask
from .tokens import Tokens, TokenStore, now

LEASE_SECONDS = 90.0
ASK_SECONDS = 60.0
"""A renewal ends well inside its lease: nobody else may begin one meanwhile."""

EARLY_SECONDS = 300.0
"""An access token is renewed this long before it ends."""

REFRESH_DAYS = 365
WARN_DAYS = 30
_log = get_logger(__name__)

__all__ = ["LoginRequiredError", "TokenEndpointError", "TokenKeeper"]


class LoginRequiredError(TransientError):
    """ANAF no longer takes the refresh token: a person must log in with the certificate."""

    code = "anaf_login_required"


@dataclass(frozen=True)
class Lost:
    """A log-in that ANAF takes no longer."""

    reason: str
    """ANAF's words."""
    unsaved_since: datetime | None
    """When the renewal began whose answer nobody stored, if that is why."""


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
            TokenEndpointError: ANAF's log-in does not answer; try later.
        """
        tokens = self._known
        if tokens is None or tokens.refused:
            # Another process, or the operator, may have mended it meanwhile.
            tokens = await self._read()
        if tokens is not None and tokens.refused:
            raise self._required(tokens)
        if tokens is not None and tokens.expires_at - EARLY_SECONDS > now():
            return tokens.access
        return await self.renew(tokens.access if tokens else "")

    async def renew(self, failed: str) -> str:
        """Return another token than ``failed``; renews it unless somebody already did."""
        # A task of its own: cut off between ANAF's answer and our store, the log-in would be lost.
        task = asyncio.create_task(self._renew(failed))
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
        if tokens is None or not tokens.refused:
            return None
        since = tokens.unsaved_since
        return Lost(tokens.refused, datetime.fromtimestamp(since, UTC) if since else None)

    async def problem(self) -> str | None:
        """Return what an operator should know; a deep health check."""
        tokens = await self._read()
        if tokens is not None and tokens.refused:
            return f"log in at ANAF with the certificate: {tokens.refused}{_unsaved(tokens)}"
        left = await self.days_left()
        soon = left is not None and left <= WARN_DAYS
        return f"ANAF log-in ends in {left:.0f} days" if soon else None

    async def _renew(self, failed: str) -> str:
        async with self._lock:
            for _ in range(int(LEASE_SECONDS * 2)):
                current = await self._read()
                if current and current.refused:
                    raise self._required(current)
                if _usable(current, failed):
                    return current.access
                if await self._secrets.lease(self._store.name, self._owner, seconds=LEASE_SECONDS):
                    return await self._renew_with_lease(failed)
                await asyncio.sleep(0.5)
        raise TokenEndpointError("another worker is renewing the token and does not end")

    async def _renew_with_lease(self, failed: str) -> str:
        try:
            # Read again inside the lease: the holder before us may have renewed it.
            current = await self._read()
            if _usable(current, failed):
                await self._secrets.release(self._store.name, self._owner)
                return current.access
            tokens = await self._ask(current)
        except BaseException:
            await self._secrets.release(self._store.name, self._owner)
            raise
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

    async def _read(self) -> Tokens | None:
        if self._unsaved is not None:
            await self._write(self._unsaved)
        self._known = await self._store.read()
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
