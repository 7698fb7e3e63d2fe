"""The ways out: ANAF's public registers (REST) and the EU's VIES (SOAP)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, TypeAlias

import httpx

from workers_anaf.replies import FirewallPage, JsonReply, Reply, read_reply, summary
from workers_contracts.taxpayer import EfacturaRegistration, Taxpayer
from workers_runtime.outbound import Outbound

from .efactura_register import Registrations, read_registrations
from .envelope import error_code
from .errors import (
    RegisterBusyError,
    RegisterFirewallError,
    RegisterIncompleteError,
    RegisterRefusedError,
    RegisterUnavailableError,
    ViesUnavailableError,
)
from .register import Found, read_answer
from .vies_faults import fault_error

PATH = "/api/PlatitorTvaRest/v9/tva"
EFACTURA_PATH = "/api/registruroefactura/v1/interogare"
VIES_BINDING = "{urn:ec.europa.eu:taxud:vies:services:checkVat}checkVatBinding"
VIES_AT_ONCE = 8
"""Calls of one replica: VIES counts the requests of everybody, and refuses when they are many."""
VIES_QUEUE_SECONDS = 200.0
"""For a place among them; well below the limit of a handler, so that an older answer can serve."""

Asked: TypeAlias = Sequence[tuple[str, date]]
"""Codes, each with the day that the answer shall be about."""


class RegisterClient:
    """ANAF's taxpayer service v9 and its register of RO e-Factura v1: 100 codes a call, no log-in.

    Both raise:
        RegisterUnavailableError: an outage or a firewall's page; never "not found".
        RegisterRefusedError: ANAF calls the request malformed.
    A code that an answer is silent about has its error in the place of its answer.
    """

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def look_up(
        self, asked: Asked
    ) -> dict[tuple[str, date], Taxpayer | RegisterIncompleteError | None]:
        """Return what ANAF holds on each code on a day, None for those it does not know."""
        reply = await self._post(PATH, asked)
        answer: Found = _understood(reply, read_answer)
        return {
            (code, day): answer.on(code, day) if answer.answers(code, day) else _silent(code)
            for code, day in asked
        }

    async def registrations(
        self, asked: Asked
    ) -> dict[tuple[str, date], EfacturaRegistration | RegisterIncompleteError]:
        """Return each code's entry in the register of RO e-Factura on a day."""
        reply = await self._post(EFACTURA_PATH, asked)
        answer: Registrations = _understood(reply, read_registrations)
        return {
            (code, day): answer.on(code, day) if answer.answers(code) else _silent(code)
            for code, day in asked
        }

    async def _post(self, path: str, asked: Asked) -> Reply:
        body = [{"cui": int(code), "data": day.isoformat()} for code, day in asked]
        response = await self._outbound.request("POST", path, repeatable=True, json=body)
        return read_reply(
            response.status_code,
            response.content,
            content_type=response.headers.get("content-type"),
            retry_after=response.headers.get("retry-after"),
        )


def _understood(reply: Reply, read: Callable[[object], Any]) -> Any:
    """Return what a reply says, or raise why it is no answer: its status proves nothing."""
    refused = error_code(reply.data) if isinstance(reply, JsonReply) else None
    if reply.status == 400 or refused == "400":
        raise RegisterRefusedError(f"ANAF refused the look-up: {summary(reply)}")
    if isinstance(reply, FirewallPage):
        raise RegisterFirewallError(f"ANAF: {summary(reply)}", retry_after=60.0)
    if reply.status == 429:
        raise RegisterBusyError(f"ANAF: {summary(reply)}", retry_after=reply.retry_after)
    # Nothing found may come as 404 with the usual body; a 404 with a page is an outage.
    answer = read(reply.data) if isinstance(reply, JsonReply) else None
    if answer is None or reply.status not in (200, 404):
        code = f", cod {refused}" if refused else ""
        raise RegisterUnavailableError(
            f"ANAF: {summary(reply)}{code}", retry_after=reply.retry_after
        )
    return answer


def _silent(code: str) -> RegisterIncompleteError:
    return RegisterIncompleteError(f"ANAF's answer says nothing about {code}")


@dataclass(frozen=True)
class ViesAnswer:
    """What VIES says; name and address are empty where the member state withholds them."""

    valid: bool
    name: str
    address: str
    asked_on: date | None = None
    proof: str = ""
    """VIES's number of the consultation; empty without a requester."""


@dataclass(frozen=True)
class _Soap:
    """zeep, ready to ask."""

    check: Callable[..., Awaitable[Any]]
    check_for: Callable[..., Awaitable[Any]]
    fault: type[Exception]
    error: type[Exception]
    close: Callable[[], Awaitable[None]]


class ViesClient:
    """The EU's `checkVat`, SOAP 1.1; with a requester `checkVatApprox`, which gives a proof.

    Args:
        address: of the service.
        requester: country and number of the one who asks.
        seconds: for one call.
    """

    def __init__(
        self, address: str, *, requester: tuple[str, str] | None = None, seconds: float = 30.0
    ) -> None:
        self._address = address
        self._requester = requester
        self._seconds = seconds
        self._opening = asyncio.Lock()
        self._places = asyncio.Semaphore(VIES_AT_ONCE)
        self._soap: _Soap | None = None

    @property
    def requester(self) -> str:
        """VAT number on whose behalf it asks; empty without one."""
        return "".join(self._requester or ())

    async def close(self) -> None:
        """Close the connections."""
        if self._soap is not None:
            await self._soap.close()

    async def check(self, country: str, number: str) -> ViesAnswer | None:
        """Ask VIES; None when it calls the number malformed.

        Raises:
            ViesUnavailableError: VIES or the member state does not answer; not "invalid".
            PermanentError: VIES refuses to serve us, or does not know the requester.
        """
        soap = await self._opened()
        try:
            async with self._place():
                return await self._ask(soap, country, number)
        except soap.fault as fault:
            error = fault_error(str(getattr(fault, "message", None) or ""))
            if error is None:
                return None
            raise error from None
        except (httpx.HTTPError, soap.error) as error:
            raise ViesUnavailableError(f"VIES does not answer: {type(error).__name__}") from error

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(VIES_QUEUE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise ViesUnavailableError(
                f"VIES answers too slowly: {VIES_AT_ONCE} calls were under way for "
                f"{VIES_QUEUE_SECONDS:g} s and this one's turn did not come",
                retry_after=60.0,
            ) from None
        try:
            yield
        finally:
            self._places.release()

    async def _ask(self, soap: _Soap, country: str, number: str) -> ViesAnswer:
        if self._requester is None:
            plain = await soap.check(countryCode=country, vatNumber=number)
            return ViesAnswer(bool(plain.valid), _shown(plain.name), _shown(plain.address))
        answer = await soap.check_for(
            countryCode=country,
            vatNumber=number,
            requesterCountryCode=self._requester[0],
            requesterVatNumber=self._requester[1],
        )
        return ViesAnswer(
            bool(answer.valid),
            _shown(answer.traderName),
            _shown(answer.traderAddress),
            answer.requestDate,
            _shown(answer.requestIdentifier),
        )

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

    return _Soap(service.checkVat, service.checkVatApprox, Fault, Error, close)


def _shown(value: object) -> str:
    text = " ".join(str(value or "").split())
    return "" if text.strip("-") == "" else text
