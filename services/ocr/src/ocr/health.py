"""Do the models really load and read? A line of Romanian print is recognised to find out."""

import asyncio
import time
from importlib.resources import files

from workers_runtime.logs import get_logger

from . import models
from .client import Processes
from .engine import selftest
from .engine.problems import Problem
from .engine.values import Models
from .errors import ModelsUnavailableError

_log = get_logger(__name__)
TEST_SECONDS = 60.0
"""For loading on a busy machine, and one line."""

GOOD_FOR = 300.0
AGAIN_AFTER = 60.0
"""Seconds that an answer holds: a good one, and a bad one. Asking costs a process's time."""

PATIENCE = 90.0


class SelfTest:
    """Tests the models in the background and remembers the answer.

    Args:
        preload: test at the start; else only what lies on disk is looked at until models are used.
    """

    def __init__(self, processes: Processes, where: Models, *, preload: bool) -> None:
        self._processes = processes
        self._models = where
        self._preload = preload
        self._running: asyncio.Task[None] | None = None
        self._answer: str | None = None
        self._asked = self._answered = 0.0

    def start(self) -> None:
        """Begin the test, when there is none under way."""
        if self._running is None or self._running.done():
            self._asked = time.monotonic()
            self._running = asyncio.create_task(self._test())

    async def problem(self) -> str | None:
        """Say what is wrong with the models; never waits for them."""
        if (absent := models.missing(self._models.folder)) is not None:
            return absent
        if not self._preload:
            return self._answer
        now = time.monotonic()
        if self._running is not None and not self._running.done():
            waited = now - self._asked
            return f"the models do not answer for {waited:.0f} s" if waited > PATIENCE else None
        if now - self._answered > (AGAIN_AFTER if self._answer else GOOD_FOR):
            self.start()
        return self._answer

    async def close(self) -> None:
        """End a test that is under way."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _test(self) -> None:
        image = (files(__package__) / "selftest.png").read_bytes()
        try:
            text = await self._processes.recognise(selftest.read, TEST_SECONDS, image, self._models)
            found = None if text == selftest.TEXT else f"the models read {text[:60]!r}"
        except ModelsUnavailableError as error:
            found = str(error)
        except Problem as problem:
            found = f"the models do not load: {problem.message}"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the cause
            found = f"the models do not load: {type(error).__name__}: {error}"[:300]
        if found:
            _log.error("models failed their test", reason=found)
        self._answer, self._answered = found, time.monotonic()
