"""Calls to ANAF's services behind OAuth: token, one renewal, the answer judged by its content."""

from datetime import UTC, datetime

from workers_runtime.outbound import Outbound

from .limits import Pace
from .oauth import TokenKeeper
from .replies import Reply, read_reply


class AuthorisedCalls:
    """Sends requests with the access token; a 401 renews it once and asks once more."""

    def __init__(self, outbound: Outbound, tokens: TokenKeeper, pace: Pace) -> None:
        self._outbound = outbound
        self._tokens = tokens
        self._pace = pace

    async def send(self, method: str, path: str, *, repeatable: bool, **options: object) -> Reply:
        """Return ANAF's answer, whatever it says; see `Outbound.request` for the errors."""
        token = await self._tokens.access_token()
        reply = await self._once(method, path, token, repeatable, options)
        if reply.status == 401:
            # ANAF judged the token before the request: nothing was done, asking again is safe.
            token = await self._tokens.renew(token)
            reply = await self._once(method, path, token, repeatable, options)
        return reply

    async def _once(
        self, method: str, path: str, token: str, repeatable: bool, options: dict[str, object]
    ) -> Reply:
        await self._pace.wait()
        headers = {"authorization": f"Bearer {token}", **_headers(options)}
        rest = {name: value for name, value in options.items() if name != "headers"}
        response = await self._outbound.request(
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
