"""The portal over HTTP: one page, one AsyncAPI document, the schemas."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from workers_contracts.catalog import messages
from workers_contracts.schemas import document

from .portal import Collector, catalogue_documents, merged, render
from .portal.page import CONTENT_SECURITY_POLICY
from .problems import problem, responses
from .registry import Registry


def portal_routes(registry: Registry, collector: Collector, version: str) -> APIRouter:
    """Return the portal's routes; they need no token, as they show no data."""
    router = APIRouter(prefix="/portal", tags=["portal"])

    @router.get("", response_class=HTMLResponse)
    async def page() -> HTMLResponse:
        """Show all services and their messages, as HTML that needs no network."""
        text = await run_in_threadpool(render, registry.workers(), collector.documents)
        return HTMLResponse(text, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    @router.get("/asyncapi.json")
    async def asyncapi() -> dict[str, Any]:
        """Return one AsyncAPI 3.0 document: of living workers their own, else the contracts'."""
        documents = catalogue_documents() | collector.documents
        return merged(documents, "workers-core", version)

    @router.get("/schemas/{key}.json", responses=responses(e404="No such message."))
    async def schema(key: str) -> JSONResponse:
        """Return a message's JSON Schema."""
        message = messages().get(key)
        if message is None:
            return problem(404, "message_unknown", "See /portal for the messages there are.")
        return JSONResponse(document(message), media_type="application/schema+json")

    return router
