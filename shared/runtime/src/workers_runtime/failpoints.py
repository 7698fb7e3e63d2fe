"""Faults on order, in the environment ``test`` only: crashes, errors and slowness at a named place.

``WORKERS_FAILPOINT=after_record@FILE`` acts once: the file is made first, and while it is there
nothing happens. ``WORKERS_FAILPOINT=slow:3@`` without a file acts every time.
"""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta

from .errors import OutcomeUnknownError, PermanentError, QuotaError, TransientError

CRASHES = ("after_claim", "after_handler", "after_record", "after_publish", "before_ack")
"""Places where the process ends as by SIGKILL."""

FAULTS = ("transient", "quota", "permanent", "unknown", "unexpected", "crash", "slow")
"""What may happen in place of the handler; ``slow:SECONDS`` happens before it."""


def hit(name: str, environment: str) -> None:
    """End the process here, if so ordered."""
    if environment == "test" and _ordered(name) is not None:
        os.kill(os.getpid(), signal.SIGKILL)


async def interfere(environment: str) -> None:
    """Raise or wait in place of the handler, if so ordered."""
    if environment != "test":
        return
    for name in FAULTS:
        argument = _ordered(name)
        if argument is not None:
            await _happen(name, argument)


async def _happen(name: str, argument: str) -> None:
    match name:
        case "transient":
            raise TransientError("ordered by a test", retry_after=0.2)
        case "quota":
            raise QuotaError("ordered by a test", until=datetime.now(UTC) + timedelta(seconds=2))
        case "permanent":
            raise PermanentError("ordered by a test, Bearer abcdefghijklmnop0123", field="number")
        case "unknown":
            raise OutcomeUnknownError("ordered by a test", retry_after=0.2)
        case "unexpected":
            raise KeyError("ordered by a test")
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "slow":
            await asyncio.sleep(float(argument or 1))


def _ordered(name: str) -> str | None:
    """Return the order's argument when it is due here and now."""
    order, _, marker = os.environ.get("WORKERS_FAILPOINT", "").partition("@")
    wanted, _, argument = order.partition(":")
    if wanted != name:
        return None
    if marker:
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return None
    return argument
