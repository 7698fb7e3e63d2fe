"""The service's endpoint and its WSDL."""

import re
from dataclasses import replace
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workers_sandbox.chance import drawn
from workers_sandbox.clock import BUCHAREST
from workers_sandbox.exchange import Call
from workers_sandbox.misbehaviours.catalogue.scenario import VIES
from workers_sandbox.routing import endpoint

from . import soap
from .numbers import STATES, Trader

PATH = "/taxation_customs/vies/services/checkVatService"
_ADDRESS = "http://ec.europa.eu" + PATH
_NUMBER = re.compile(r"[0-9A-Za-z+*.]{2,12}")


def describe(call: Call) -> Call:
    """Add the VAT number that is asked about."""
    try:
        _, fields = soap.read(call.body)
    except ValueError:
        return call
    return replace(call, cifs=frozenset({fields.get("vatNumber", "")}))


def check(call: Call) -> Response:
    """`checkVat` and `checkVatApprox`."""
    try:
        operation, fields = soap.read(call.body)
    except ValueError as error:
        return soap.fault(str(error), 500)
    country, number = fields.get("countryCode", ""), fields.get("vatNumber", "")
    if (trouble := call.world.vat_numbers.next_trouble(country)) is not None:
        return soap.fault(*trouble)
    if country not in STATES or not _NUMBER.fullmatch(number):
        return soap.fault("INVALID_INPUT", 500)
    trader = call.world.vat_numbers.find(country, number)
    answer = {
        "countryCode": country,
        "vatNumber": number,
        "requestDate": _date(call),
        "valid": "true" if trader else "false",
    }
    if operation == "checkVatApprox":
        return _approx(call, fields, answer, trader)
    shown = trader or Trader("---", "---")
    return soap.answer(operation, answer | {"name": shown.name, "address": shown.address})


def _date(call: Call) -> str:
    """A date with the offset of its zone, as VIES sends it: `2026-09-14+02:00`."""
    zoned = call.world.clock.now().astimezone(BUCHAREST).isoformat()
    return zoned[:10] + zoned[-6:]


def _approx(
    call: Call, fields: dict[str, str], answer: dict[str, str], trader: Trader | None
) -> Response:
    requester = fields.get("requesterCountryCode", "") + fields.get("requesterVatNumber", "")
    if requester and not _requester_known(fields):
        return soap.fault("INVALID_REQUESTER_INFO", 500)
    shown = trader or Trader("---", "---")
    answer |= {"traderName": shown.name, "traderCompanyType": "---", "traderAddress": shown.address}
    if wanted := fields.get("traderName"):
        answer["traderNameMatch"] = _match(wanted, shown.name)
    answer["requestIdentifier"] = _identifier(call) if requester else ""
    return soap.answer("checkVatApprox", answer)


def _requester_known(fields: dict[str, str]) -> bool:
    number = fields.get("requesterVatNumber", "")
    return fields.get("requesterCountryCode") in STATES and bool(_NUMBER.fullmatch(number))


def _match(wanted: str, name: str) -> str:
    if name == "---":
        return "3"
    return "1" if wanted.casefold() == name.casefold() else "2"


def _identifier(call: Call) -> str:
    world = call.world
    chance = drawn(world.settings.seed, "vies", len(world.journal.arrivals))
    return "WAPIAAAA" + "".join(chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=8))


@cache
def _wsdl() -> str:
    return files(__package__).joinpath("checkVatService.wsdl").read_text("utf-8")


async def wsdl(request: Request) -> Response:
    """The description of the service, with this sandbox as its address."""
    own = f"{request.url.scheme}://{request.url.netloc}{PATH}"
    return Response(_wsdl().replace(_ADDRESS, own), media_type="text/xml")


ROUTES = [
    Route(PATH, endpoint(VIES, check, describe=describe, bearer=False), methods=["POST"]),
    Route("/taxation_customs/vies/checkVatService.wsdl", wsdl),
]
