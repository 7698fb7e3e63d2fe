"""Calls to ANAF's services behind OAuth: token, one renewal, the answer judged by its content."""

from datetime import UTC, datetime

from workers_runtime.outbound import Outbound

from .certificate import CertificateLogin
from .keepers import EVERYBODY, Caller, Login, Logins
from .limits import Pace
from .replies import Reply, read_reply


class AuthorisedCalls:
    """Sends requests with the access token; a 401 renews it once and asks once more.

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
        """Return ANAF's answer, whatever it says; see `Outbound.request` for the errors."""
        access = await self._caller.token()
        reply = await self._once(method, path, access, repeatable, options)
        if reply.status == 401:
            # ANAF judged the token before the request: nothing was done, asking again is safe.
            access = await self._caller.renewed(*access)
            reply = await self._once(method, path, access, repeatable, options)
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
        async with self._pace.call():
            response = await outbound.request(
                method, path, repeatable=repeatable, headers=headers, **rest
            )
        return read_reply(
            response.status_code,
            response.content,
            content_type=response.headers.get("content-type"),
            retry_after=response.headers.get("retry-after"),
            now=datetime.now(UTC),
        )


def _headers(options: dict[str, object]) -> dict[str, str]:
    given = options.get("headers")
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
