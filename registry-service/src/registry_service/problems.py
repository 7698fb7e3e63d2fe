"""Errors over HTTP: ``application/problem+json`` (RFC 9457) that says what to do."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .tokens import TokenRefused

MEDIA_TYPE = "application/problem+json"
MAX_BODY_BYTES = 64 * 1024


class FieldProblem(BaseModel):
    """One field that is wrong."""

    field: str
    problem: str


class Problem(BaseModel):
    """What went wrong and what to do (RFC 9457)."""

    type: str = Field(description="urn:workers:problem:<code>; stable.")
    title: str
    status: int
    detail: str = Field(description="What to do.")
    code: str = Field(description="Stable word, for programs.")
    errors: list[FieldProblem] = Field(default_factory=list)


def problem(
    status: int,
    code: str,
    detail: str,
    errors: list[FieldProblem] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Return a problem as a response."""
    content = Problem(
        type=f"urn:workers:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        errors=errors or [],
    )
    return JSONResponse(content.model_dump(), status, headers, media_type=MEDIA_TYPE)


def responses(**details: str) -> dict[int | str, dict[str, Any]]:
    """Describe problem answers for the OpenAPI: ``responses(e404="unknown tag")``."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {int(n[1:]): {"description": text, "content": content} for n, text in details.items()}


def install(app: FastAPI) -> None:
    """Make every error of the app a problem, and refuse bodies that are too large."""
    app.add_exception_handler(TokenRefused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(BodyLimit)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TokenRefused)  # noqa: S101 -- registered for this class only
    headers = None
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers = {"WWW-Authenticate": f'Bearer realm="registry", error="{error.code}"'}
    return problem(error.status, error.code, error.detail, headers=headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for this class only
    found = [
        FieldProblem(field=".".join(str(part) for part in e["loc"]), problem=e["msg"])
        for e in error.errors()
    ]
    return problem(422, "invalid_request", "Correct the fields named in errors.", found)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class only
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, code, str(error.detail), headers=headers)


async def _unexpected(_: Request, __: Exception) -> JSONResponse:
    return problem(500, "internal_error", "Try again; the registry's log has the cause.")


class BodyLimit:
    """Answers 413 (or 411 when the length is not told) before a large body is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let small bodies through and count what really arrives."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if b"transfer-encoding" in headers and b"content-length" not in headers:
            refusal = problem(411, "length_required", "Send the body with a Content-Length.")
        elif not length.isdigit() or int(length[:12]) > MAX_BODY_BYTES:
            refusal = problem(413, "body_too_large", f"Send at most {MAX_BODY_BYTES} bytes.")
        else:
            await self._app(scope, _limited(receive), send)
            return
        await refusal(scope, receive, send)


def _limited(receive: Receive) -> Receive:
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise HTTPException(413, f"Send at most {MAX_BODY_BYTES} bytes.")
        return message

    return limited
