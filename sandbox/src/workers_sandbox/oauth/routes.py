"""Paths of the identity provider, and the smoke test of a token."""

import base64
import binascii
import secrets
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from workers_sandbox.exchange import Call
from workers_sandbox.misbehaviours.catalogue.scenario import HELLO, TOKEN
from workers_sandbox.routing import endpoint

from .grants import GrantRefusedError


def token(call: Call) -> Response:
    """`POST /anaf-oauth2/v1/token`: a code or a refresh token becomes a pair of tokens."""
    form = {name: values[0] for name, values in parse_qs(call.body.decode("latin-1")).items()}
    if not _client_known(call, form):
        return _error("invalid_client", "Client authentication failed")
    grant = form.get("grant_type", "")
    try:
        if grant == "authorization_code":
            return _granted(
                call.world.oauth.exchange(_need(form, "code"), _need(form, "redirect_uri"))
            )
        if grant == "refresh_token":
            return _refreshed(call, _need(form, "refresh_token"))
    except KeyError as missing:
        return _error("invalid_request", f"Parameter {missing.args[0]} is missing")
    except GrantRefusedError as refusal:
        return _error("invalid_grant", str(refusal))
    return _error("unsupported_grant_type", "grant_type is authorization_code or refresh_token")


def _need(form: dict[str, str], name: str) -> str:
    return form[name]


def _refreshed(call: Call, refresh_token: str) -> Response:
    if call.world.oauth.was_used(refresh_token):
        call.world.journal.violated("refresh-token-reused", "a refresh token works once")
    return _granted(call.world.oauth.refresh(refresh_token))


def _granted(tokens: dict[str, object]) -> Response:
    return JSONResponse(tokens, headers={"Cache-Control": "no-store"})


def _error(error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, 400)


def _client_known(call: Call, form: dict[str, str]) -> bool:
    # ANAF documents Basic; credentials in the body are what some clients send, and are accepted.
    given = _basic(call.request) or (form.get("client_id", ""), form.get("client_secret", ""))
    settings = call.world.settings
    wanted = (settings.client_id, settings.client_secret)
    return all(
        secrets.compare_digest(one.encode(), other.encode())
        for one, other in zip(given, wanted, strict=True)
    )


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def authorize(call: Call) -> Response:
    """`GET /anaf-oauth2/v1/authorize`: plays the certificate log-in and redirects at once.

    `sandbox_certificate=none` plays a browser without the certificate.
    """
    query = call.query
    redirect = query.get("redirect_uri", "")
    known = secrets.compare_digest(query.get("client_id", ""), call.world.settings.client_id)
    if not redirect or query.get("response_type") != "code" or not known:
        return _error(
            "invalid_request", "client_id, redirect_uri and response_type=code are needed"
        )
    answer = {"code": call.world.oauth.code(redirect)}
    if query.get("sandbox_certificate") == "none":
        answer = {"error": "access_denied"}
    if "state" in query:
        answer["state"] = query["state"]
    return RedirectResponse(f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(answer)}", 302)


def revoke(call: Call) -> Response:
    """`/anaf-oauth2/v1/revoke` without a browser meets the log-in wall, as live."""
    del call
    return RedirectResponse("/my.policy", 302)


def hello(call: Call) -> Response:
    """`GET /TestOauth/jaxrs/hello?name=x`: greets the bearer of a token."""
    return PlainTextResponse(f"Hello, {call.query.get('name', '')}")


ROUTES = [
    Route("/anaf-oauth2/v1/token", endpoint(TOKEN, token, bearer=False), methods=["POST"]),
    Route("/anaf-oauth2/v1/authorize", endpoint("authorize", authorize, bearer=False)),
    Route(
        "/anaf-oauth2/v1/revoke",
        endpoint("revoke", revoke, bearer=False),
        methods=["GET", "POST"],
    ),
    Route("/TestOauth/jaxrs/hello", endpoint(HELLO, hello)),
]
