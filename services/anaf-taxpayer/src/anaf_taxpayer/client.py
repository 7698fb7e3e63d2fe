"""The ways out: ANAF's taxpayer register (REST) and the EU's VIES (SOAP)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import httpx

from workers_anaf.replies import FirewallPage, JsonReply, read_reply, summary
from workers_contracts.taxpayer import Taxpayer
from workers_runtime.outbound import Outbound

from .errors import (
    RegisterRefusedError,
    RegisterUnavailableError,
    ViesBlockedError,
    ViesUnavailableError,
)
from .register import read_answer

PATH = "/api/PlatitorTvaRest/v9/tva"
VIES_BINDING = "{urn:ec.europa.eu:taxud:vies:services:checkVat}checkVatBinding"


class RegisterClient:
    """ANAF's taxpayer service v9: up to 100 codes a call, no log-in."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def look_up(
        self, asked: Sequence[tuple[str, date]]
    ) -> dict[tuple[str, date], Taxpayer | None]:
        """Return what ANAF holds on each code on a day, None for those it does not know.

        Raises:
            RegisterUnavailableError: an outage or a firewall's page; never "not found".
            RegisterRefusedError: ANAF calls the request malformed.
        """
        body = [{"cui": int(code), "data": day.isoformat()} for code, day in asked]
        response = await self._outbound.request("POST", PATH, repeatable=True, json=body)
        reply = read_reply(
            response.status_code,
            response.content,
            content_type=response.headers.get("content-type"),
            retry_after=response.headers.get("retry-after"),
        )
        if reply.status == 400:
            raise RegisterRefusedError(f"ANAF refused the look-up: {summary(reply)}")
        # Nothing found may come as 404 with the usual body; a 404 with a page is an outage.
        answer = read_answer(reply.data) if isinstance(reply, JsonReply) else None
        if answer is None or reply.status not in (200, 404):
            wait = 60.0 if isinstance(reply, FirewallPage) else reply.retry_after
            raise RegisterUnavailableError(f"ANAF: {summary(reply)}", retry_after=wait)
        unanswered = sum(not answer.answers(code, day) for code, day in asked)
        if unanswered:
            raise RegisterUnavailableError(f"ANAF left {unanswered} codes without an answer")
        return {(code, day): answer.on(code, day) for code, day in asked}


@dataclass(frozen=True)
class ViesAnswer:
    """What VIES says; name and address are empty where the member state withholds them."""

    valid: bool
    name: str
    address: str


@dataclass(frozen=True)
class _Soap:
    """zeep, ready to ask."""

    check: Callable[..., Awaitable[Any]]
    fault: type[Exception]
    error: type[Exception]
    close: Callable[[], Awaitable[None]]


class ViesClient:
    """The EU's `checkVat`, SOAP 1.1."""

    def __init__(self, address: str, *, seconds: float = 30.0) -> None:
        self._address = address
        self._seconds = seconds
        self._opening = asyncio.Lock()
        self._soap: _Soap | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._soap is not None:
            await self._soap.close()

    async def check(self, country: str, number: str) -> ViesAnswer | None:
        """Ask VIES; None when it calls the number malformed.

        Raises:
            ViesUnavailableError: VIES or the member state does not answer; not "invalid".
            ViesBlockedError: VIES refuses to serve us.
        """
        soap = await self._opened()
        try:
            answer = await soap.check(countryCode=country, vatNumber=number)
        except soap.fault as fault:
            _raise_for(str(getattr(fault, "message", None) or ""))
            return None
        except (httpx.HTTPError, soap.error) as error:
            raise ViesUnavailableError(f"VIES does not answer: {type(error).__name__}") from error
        return ViesAnswer(bool(answer.valid), _shown(answer.name), _shown(answer.address))

    async def _opened(self) -> _Soap:
        # In a thread: loading it takes long enough to hold up every other message.
        async with self._opening:
            if self._soap is None:
                self._soap = await asyncio.to_thread(_open_vies, self._address, self._seconds)
            return self._soap


def _open_vies(address: str, seconds: float) -> _Soap:
    # Only here: eleven megabytes, and a worker that is asked about Romania only needs none.
    import zeep  # noqa: PLC0415
    from zeep.exceptions import Error, Fault  # noqa: PLC0415
    from zeep.proxy import AsyncServiceProxy  # noqa: PLC0415
    from zeep.transports import AsyncTransport  # noqa: PLC0415

    http = httpx.AsyncClient(timeout=seconds, trust_env=False)
    # Our own description of the one operation: nothing is fetched, so nothing can be missing.
    path = files(__package__) / "vies.wsdl"
    settings = zeep.Settings(forbid_entities=True, forbid_external=True, forbid_dtd=True)
    transport = AsyncTransport(client=http, operation_timeout=seconds)
    client = zeep.AsyncClient(str(path), transport=transport, settings=settings)
    # AsyncClient.create_service makes a synchronous proxy in zeep 4.3.
    service = AsyncServiceProxy(client, client.wsdl.bindings[VIES_BINDING], address=address)

    async def close() -> None:
        await transport.aclose()
        # zeep makes a second client for descriptions and leaves it open.
        transport.wsdl_client.close()

    return _Soap(service.checkVat, Fault, Error, close)


def _raise_for(text: str) -> None:
    if "INVALID_INPUT" in text:
        return
    if "BLOCKED" in text:
        raise ViesBlockedError(f"VIES refuses: {text[:80]}")
    raise ViesUnavailableError(f"VIES: {text[:80] or 'fault'}", retry_after=60)


def _shown(value: object) -> str:
    text = " ".join(str(value or "").split())
    return "" if text.strip("-") == "" else text
