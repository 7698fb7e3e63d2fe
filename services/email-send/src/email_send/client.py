"""The way out: the only module that speaks to the other side."""

import asyncio
from collections.abc import Awaitable, Callable

from workers_runtime.logs import get_logger

from .errors import EmailUnavailableError

_log = get_logger(__name__)


class Client:
    """Asks the other side, and turns what goes wrong into this worker's errors.

    Args:
        ask: the call itself.
        seconds: how long it may take.
    """

    def __init__(self, ask: Callable[[str], Awaitable[str]], *, seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds

    async def ask(self, reference: str) -> str:
        """Return what the other side answers.

        Raises:
            EmailUnavailableError: no answer in time.
        """
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._ask(reference)
        except TimeoutError:
            raise EmailUnavailableError(f"no answer within {self._seconds:g} s") from None
        _log.info("answer received", system="the other side")
        return answer


async def echo(reference: str) -> str:
    """Play the other side: answers with what it was asked."""
    return reference
