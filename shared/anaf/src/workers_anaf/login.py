"""One question to ANAF's token endpoint, and what its answer means."""

from workers_runtime.errors import OutcomeUnknownError, TransientError
from workers_runtime.outbound import Outbound

from .replies import JsonReply, Reply, read_reply, summary
from .tokens import Tokens, moment, now

PATH = "/anaf-oauth2/v1/token"
ASSUMED_LIFE_SECONDS = 3600.0
"""Of an access token that does not say when it ends."""


class TokenEndpointError(TransientError):
    """ANAF's log-in server did not answer as it should."""

    code = "anaf_login_unavailable"

    certain = False
    """Whether the token that was sent certainly still works."""


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
    since = login_at if login_at is not None else moment(refresh, "iat", now())
    return await _traded(login, auth, form, refresh, since)


async def trade_code(
    login: Outbound, auth: tuple[str, str], code: str, *, redirect_uri: str
) -> Tokens:
    """Exchange the code of a person's log-in; it is good for 60 seconds, and once.

    Raises:
        LoginRefusedError: the code is used up, too old, or of another address.
        TokenEndpointError: anything else.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "token_content_type": "jwt",
    }
    return await _traded(login, auth, form, "", now())


async def _traded(
    login: Outbound, auth: tuple[str, str], form: dict[str, str], refresh: str, since: float
) -> Tokens:
    try:
        # Not repeatable: so it is told whether the question left at all.
        response = await login.request("POST", PATH, repeatable=False, auth=auth, data=form)
    except TransientError as error:
        raise _unavailable(str(error), error.retry_after or 30, certain=True) from error
    except OutcomeUnknownError as error:
        raise _unavailable(str(error), 30, certain=False) from error
    reply = read_reply(
        response.status_code,
        response.content,
        content_type=response.headers.get("content-type"),
        retry_after=response.headers.get("retry-after"),
    )
    if isinstance(reply, JsonReply) and isinstance(reply.data, dict):
        return _read(reply.data, refresh, since, reply)
    raise _unavailable(
        f"ANAF's log-in answered {summary(reply)}", reply.retry_after or 30, certain=_refused(reply)
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
    raise _unavailable(
        f"ANAF's log-in refused: HTTP {reply.status} {text}",
        reply.retry_after or 60,
        certain=_refused(reply),
    )


def _refused(reply: Reply) -> bool:
    return 400 <= reply.status < 500


def _unavailable(text: str, retry_after: float, *, certain: bool) -> TokenEndpointError:
    error = TokenEndpointError(text, retry_after=retry_after)
    error.certain = certain
    return error
