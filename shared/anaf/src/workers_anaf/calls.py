"""Calls to ANAF's services behind OAuth: token, one renewal, the answer judged by its content."""

from datetime import UTC, datetime

from workers_runtime.outbound import Outbound, UnreachableError

from .certificate import CertificateLogin
from .keepers import EVERYBODY, Caller, Login, Logins
from .limits import Pace
from .lost import LoginRequiredError
from .replies import Reply, read_reply


class AuthorisedCalls:
    """Sends requests with the access token; a 401 renews it once and asks once more.

    A second 401 is told to the log-in, which then spares its refresh tokens.

    Args:
        outbound: the way to the host of the services behind OAuth.
        logins: the log-ins of all tenants.
        pace: of all calls together, whoever they are for.
        tenant: whose log-in the calls are made with; see `of`.
    """

    def __init__(
        self, outbound: Outbound, logins: Logins, pace: Pace, tenant: str = EVERYBODY
    ) -> None:
        self._outbound = outbound
        self._logins = logins
        self._pace = pace
        self._caller = Caller(logins, tenant)

    def of(self, tenant: str) -> "AuthorisedCalls":
        """Return the calls of a tenant, at the same pace."""
        return AuthorisedCalls(self._outbound, self._logins, self._pace, tenant)

    def check(self) -> None:
        """Raise CircuitOpenError while the host is left alone."""
        self._outbound.check()

    async def send(self, method: str, path: str, *, repeatable: bool, **options: object) -> Reply:
        """Return ANAF's answer, whatever it says but 401; see `Outbound.request` for the errors.

        Raises:
            LoginRequiredError, TokenRefusedError: ANAF does not take the log-in; nothing was done.
        """
        login, token = await self._caller.token()
        reply = await self._once(method, path, (login, token), repeatable, options)
        if reply.status == 401:
            # ANAF judged the token before the request: nothing was done, asking again is safe.
            login, token = await self._caller.renewed(login, token)
            reply = await self._once(method, path, (login, token), repeatable, options)
        if reply.status == 401:
            raise await login.refused(token)
        await login.taken(token)
        return reply

    async def _once(
        self,
        method: str,
        path: str,
        access: tuple[Login, str],
        repeatable: bool,
        options: dict[str, object],
    ) -> Reply:
        login, token = access
        # With a certificate the connection says who we are, and goes to another host.
        outbound = login.outbound if isinstance(login, CertificateLogin) else self._outbound
        bearer = {"authorization": f"Bearer {token}"} if token else {}
        headers = {**bearer, **_headers(options)}
        rest = {name: value for name, value in options.items() if name != "headers"}
        try:
            async with self._pace.call():
                response = await outbound.request(
                    method, path, repeatable=repeatable, headers=headers, **rest
                )
        except UnreachableError as error:
            refusal = await _refusal(login)
            if refusal is None:
                raise
            raise refusal from error
        return read_reply(
            response.status_code,
            response.content,
            content_type=response.headers.get("content-type"),
            retry_after=response.headers.get("retry-after"),
            now=datetime.now(UTC),
        )


async def _refusal(login: Login) -> LoginRequiredError | None:
    """Return what is wrong with a certificate: a host that refuses one only ends the connection."""
    return await login.unreachable() if isinstance(login, CertificateLogin) else None


def _headers(options: dict[str, object]) -> dict[str, str]:
    given = options.get("headers")
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
