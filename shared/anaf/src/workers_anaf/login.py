"""One question to ANAF's token endpoint, and what its answer means."""

from workers_runtime.errors import TransientError
from workers_runtime.outbound import Outbound

from .replies import JsonReply, Reply, read_reply, summary
from .tokens import Tokens, moment, now

PATH = "/anaf-oauth2/v1/token"
ASSUMED_LIFE_SECONDS = 3600.0
"""Of an access token that does not say when it ends."""


class TokenEndpointError(TransientError):
    """ANAF's log-in server did not answer as it should."""

    code = "anaf_login_unavailable"


class LoginRefusedError(Exception):
    """ANAF takes the refresh token no longer; the text is its reason."""


async def ask(
    login: Outbound, auth: tuple[str, str], refresh: str, *, login_at: float | None
) -> Tokens:
    """Exchange a refresh token, which is used up by it.

    Raises:
        LoginRefusedError: a person must log in.
        TokenEndpointError: anything else; the same refresh token may be tried later.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh, "token_content_type": "jwt"}
    try:
        response = await login.request("POST", PATH, repeatable=True, auth=auth, data=form)
    except TransientError as error:
        raise TokenEndpointError(str(error), retry_after=error.retry_after or 30) from error
    reply = read_reply(
        response.status_code,
        response.content,
        content_type=response.headers.get("content-type"),
        retry_after=response.headers.get("retry-after"),
    )
    if isinstance(reply, JsonReply) and isinstance(reply.data, dict):
        since = login_at if login_at is not None else moment(refresh, "iat", now())
        return _read(reply.data, refresh, since, reply)
    raise TokenEndpointError(
        f"ANAF's log-in answered {summary(reply)}", retry_after=reply.retry_after or 30
    )


def _read(data: dict[str, object], refresh: str, login_at: float, reply: Reply) -> Tokens:
    access = data.get("access_token")
    if reply.status == 200 and isinstance(access, str) and access:
        renewed = data.get("refresh_token")
        seconds = data.get("expires_in")
        life = float(seconds) if isinstance(seconds, int | float) else ASSUMED_LIFE_SECONDS
        # An answer without a new refresh token leaves the old one in force (RFC 6749, section 6).
        return Tokens(
            access,
            renewed if isinstance(renewed, str) and renewed else refresh,
            moment(access, "exp", now() + life),
            login_at,
        )
    text = f"{data.get('error', '')} {data.get('error_description', '')}".strip()[:200]
    if reply.status < 500 and ("invalid_grant" in text or "expired" in text.lower()):
        raise LoginRefusedError(text)
    raise TokenEndpointError(
        f"ANAF's log-in refused: HTTP {reply.status} {text}", retry_after=reply.retry_after or 60
    )
