"""What each fault of VIES means: none but INVALID_INPUT says anything about the number.

Source: the service's description; the words of the throttles and blocks are those of clients.
"""

import re
from typing import Final

from workers_runtime.errors import PermanentError, WorkerError

from .errors import (
    ViesBlockedError,
    ViesBusyError,
    ViesMemberStateBusyError,
    ViesMemberStateUnavailableError,
    ViesNumberBlockedError,
    ViesRequesterRefusedError,
    ViesTimeoutError,
    ViesUnavailableError,
)

MALFORMED: Final = "INVALID_INPUT"
FAULTS: Final[dict[str, type[ViesUnavailableError | PermanentError]]] = {
    "INVALID_REQUESTER_INFO": ViesRequesterRefusedError,
    "SERVICE_UNAVAILABLE": ViesUnavailableError,
    "MS_UNAVAILABLE": ViesMemberStateUnavailableError,
    "TIMEOUT": ViesTimeoutError,
    "SERVER_BUSY": ViesBusyError,
    "GLOBAL_MAX_CONCURRENT_REQ": ViesBusyError,
    "GLOBAL_MAX_CONCURRENT_REQ_TIME": ViesBusyError,
    "MS_MAX_CONCURRENT_REQ": ViesMemberStateBusyError,
    "MS_MAX_CONCURRENT_REQ_TIME": ViesMemberStateBusyError,
    "VAT_BLOCKED": ViesNumberBlockedError,
    "IP_BLOCKED": ViesBlockedError,
}
_DO: Final = {
    ViesRequesterRefusedError: "set VIES_REQUESTER to your own valid VAT number, then replay",
    ViesNumberBlockedError: "ask the Commission's help desk about this number",
    ViesBlockedError: "ask the Commission's help desk about this address",
}
_WAIT: Final = 60.0
_WORD: Final = re.compile(r"[A-Z_]+")


def fault_error(text: str) -> WorkerError | None:
    """Return the error of a fault; None when VIES calls the number malformed."""
    words = _WORD.findall(text)
    if MALFORMED in words:
        return None
    kind = next((FAULTS[word] for word in words if word in FAULTS), ViesUnavailableError)
    if issubclass(kind, ViesUnavailableError):
        return kind(f"VIES: {text[:80] or 'fault'}", retry_after=_WAIT)
    return kind(f"VIES refuses: {text[:80]}; {_DO[kind]}")
