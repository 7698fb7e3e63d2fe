"""What each misbehaviour does to an answer. One small function for each id."""

from collections.abc import Callable

from starlette.responses import JSONResponse, Response

from workers_sandbox.efactura import answers
from workers_sandbox.exchange import Call, firewall_page, json_error, unauthorised

from . import pages
from .bend import NOK, NOT_TAKEN, OK, Bend, Verdict
from .catalogue.scenario import AUTHORISED, UPLOAD
from .damage import damaged, drifted, extra_brace
from .selection import Fault
from .transport import CutShort, Late, Silence

Proceed = Callable[..., Response]
Effect = Callable[[Fault, Call, Proceed], Response]

ONE_ERROR = (
    "[BR-RO-065]-Identificatorul de înregistrare fiscala a Vânzatorului trebuie furnizat."
    "\n\t#The Seller tax registration identifier must be provided."
)


def play(fault: Fault, call: Call, proceed: Proceed) -> Response:
    """Answer a call the way its misbehaviour wants."""
    if fault.source == "marker" and fault.scenario.armed_by_upload:
        return _arm(fault, call, proceed)
    return EFFECTS[fault.scenario.id](fault, call, proceed)


def _arm(fault: Fault, call: Call, proceed: Proceed) -> Response:
    # These belong to calls that carry no document: the marked upload prepares the next of them.
    account_wide = "token" in fault.scenario.usual
    match = {} if account_wide else {"cif": call.owner}
    call.world.faults.add({"scenario": fault.scenario.id, "match": match, "params": fault.params})
    return _token_expired(fault, call, proceed) if account_wide else proceed()


def _accepted(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del fault, call
    return proceed(Bend(verdict=Verdict(OK)))


def _nok_one(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del call
    if fault.variant == "not-taken":
        return proceed(Bend(verdict=Verdict(NOT_TAKEN)))
    return proceed(Bend(verdict=Verdict(NOK, (str(fault.params.get("message", ONE_ERROR)),))))


def _nok_many(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del call
    count = int(fault.number("count", 12))
    errors = (
        f"[BR-RO-L1024]-Denumirea articolului (BT-153) de pe linia {line} depaseste 100 caractere."
        f"\n\t#The item name (BT-153) of line {line} is longer than 100 characters."
        for line in range(1, count + 1)
    )
    return proceed(Bend(verdict=Verdict(NOK, tuple(errors))))


def _processing(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del call
    return proceed(Bend(state_seconds=fault.number("seconds", 6 * 3600)))


def _timeout_after(fault: Fault, call: Call, proceed: Proceed) -> Response:
    proceed(Bend(verdict=Verdict(NOK, (ONE_ERROR,))) if fault.variant == "refused" else Bend())
    return Silence(fault.number("seconds", call.world.settings.hold_seconds))


def _timeout_before(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del proceed
    return Silence(fault.number("seconds", call.world.settings.hold_seconds))


def _reset(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del fault, call
    return CutShort(proceed())


def _firewall(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del fault, proceed
    return firewall_page(call)


def _error_500(fault: Fault, call: Call, proceed: Proceed) -> Response:
    if fault.params.get("accepted"):
        proceed()
    if fault.variant == "json":
        return json_error(call, 500, "Internal Server Error", "")
    if fault.variant == "technical-text" and call.operation in AUTHORISED:
        return answers.refusal(call, "A aparut o eroare tehnica. Cod: 1814")
    return pages.server_error()


def _unavailable(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del proceed
    usual = 1 if call.world.settings.pace == "fast" else 120
    return pages.unavailable(int(fault.variant), int(fault.number("retry_after", usual)))


def _rate_limited(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del fault, call, proceed
    return JSONResponse({"status": 429, "error": "Too Many Requests"}, 429)


def _verbatim(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del call, proceed
    # Its content type is as little to be trusted as ANAF's.
    return Response(str(fault.params.get("message", "")), int(fault.number("status", 200)))


def _quota(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del proceed
    told = answers.quota(call)
    # ANAF's own documentation of this text has a brace too many.
    return extra_brace(told) if fault.variant == "extra-brace" else told


def _token_expired(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del fault, proceed
    call.world.oauth.expire(call.bearer)
    return unauthorised(call)


def _no_right(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del proceed
    if fault.variant == "text":
        return answers.refusal(call, _right_text(call))
    return JSONResponse({"status": 403, "error": "Forbidden"}, 403)


def _right_text(call: Call) -> str:
    if call.operation == "stareMesaj":
        index = call.query.get("id_incarcare", "")
        return f"Nu aveti dreptul de inteorgare pentru id_incarcare= {index}"
    if call.operation == "descarcare":
        return "Nu aveti dreptul sa descarcati acesta factura"
    return f"Nu aveti drept in SPV pentru CIF={call.query.get('cif', '')}"


def _token_endpoint(fault: Fault, call: Call, proceed: Proceed) -> Response:
    if fault.variant == "slow":
        return Late(proceed, fault.number("seconds", call.world.settings.hold_seconds))
    return pages.server_error()


def _refresh_expired(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del fault
    call.world.oauth.expire_refresh(call.body)
    return proceed()


def _clock_drift(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del call
    quote = fault.variant != "unquoted"
    return proceed(Bend(clock_behind_seconds=fault.number("seconds", 5), quote_moment=quote))


def _past_life(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del fault, call
    return proceed(Bend(past_life=True))


def _listed_late(fault: Fault, call: Call, proceed: Proceed) -> Response:
    usual = 3 if call.world.settings.pace == "fast" else 15 * 60
    return proceed(Bend(list_seconds=fault.number("seconds", usual)))


def _duplicate(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del fault, call
    return proceed(Bend(earlier_copy=True))


def _no_seal(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del fault
    verdict = Verdict(NOK, (ONE_ERROR,)) if call.operation == UPLOAD else None
    return proceed(Bend(verdict=verdict, sealed=False))


def _corrupt(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del call
    return damaged(proceed(), fault.variant)


def _pages_move(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del call
    count = int(fault.number("count", 1))
    return proceed(Bend(page_shift=-count if fault.variant == "repeat" else count))


def _drift(fault: Fault, call: Call, proceed: Proceed) -> Response:
    del call
    return drifted(proceed(), fault.variant)


EFFECTS: dict[str, Effect] = {
    "accepted-then-ok": _accepted,
    "nok-one-error": _nok_one,
    "nok-many-errors": _nok_many,
    "processing-for-hours": _processing,
    "timeout-after-acceptance": _timeout_after,
    "timeout-before-acceptance": _timeout_before,
    "reset-mid-body": _reset,
    "firewall-html-200": _firewall,
    "error-500-html": _error_500,
    "unavailable-503-retry-after": _unavailable,
    "rate-limited-429": _rate_limited,
    "answer-verbatim": _verbatim,
    "quota-text-200": _quota,
    "token-expired-401": _token_expired,
    "no-right-403": _no_right,
    "token-endpoint-slow-or-500": _token_endpoint,
    "refresh-token-expired": _refresh_expired,
    "list-window-clock-drift": _clock_drift,
    "message-past-60-days": _past_life,
    "message-listed-late": _listed_late,
    "duplicate-upload": _duplicate,
    "archive-with-errors-no-seal": _no_seal,
    "corrupt-zip": _corrupt,
    "pages-change-between-calls": _pages_move,
    "schema-drift": _drift,
}
