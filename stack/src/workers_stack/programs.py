"""Start programs of ours, show their output, wait until they are ready, end them."""

import asyncio
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from .servers.guard import guard

Print = Callable[[str, str], None]
"""Takes a program's name and one line of its output."""

_KEPT_LINES = 40
_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_STEADY = 10.0
"""Seconds after which a program that ends is no longer one that cannot start."""


class ProgramError(RuntimeError):
    """A program ended or did not become ready; the message holds its last lines."""


@dataclass(frozen=True)
class Program:
    """What to start and how to see that it is ready."""

    name: str
    command: Sequence[str]
    ready_url: str
    environment: Mapping[str, str] = field(default_factory=dict)


def python_module(module: str) -> list[str]:
    """Command line that runs a module with this interpreter."""
    return [sys.executable, "-m", module]


class RunningProgram:
    """One started program: its process, and the last lines it printed."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process, out: Print) -> None:
        self.program = program
        self.process = process
        self.stopping = False
        self.started = time.monotonic()
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._out = out
        self._reader = asyncio.create_task(self._read())

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.returncode is not None

    def last_lines(self, count: int = 15) -> str:
        """The end of its output, for an error message."""
        return "\n".join(list(self._lines)[-count:]) or "(no output)"

    @property
    def killed(self) -> bool:
        """Whether a signal from outside ended it."""
        return (self.process.returncode or 0) < 0

    def end(self) -> str:
        """How it ended, in some words."""
        code = self.process.returncode or 0
        how = f"was killed by {signal.Signals(-code).name}" if self.killed else f"ended with {code}"
        return f"{self.program.name} {how}"

    def obituary(self) -> str:
        """One sentence on how it ended, with its last lines."""
        return f"{self.end()}. Its last lines:\n{self.last_lines()}"

    async def wait(self) -> None:
        """Return when the process has ended and everything it printed was read."""
        await self.process.wait()
        # A grandchild may hold the pipe open: what it prints later is not waited for.
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._reader), 1.0)
        self._reader.cancel()
        guard.remove(self.process.pid)

    async def _read(self) -> None:
        stream = self.process.stdout
        while stream is not None and (raw := await _next_line(stream)):
            line = raw.decode(errors="replace").rstrip()
            self._lines.append(line)
            self._out(self.program.name, line)


async def _next_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than the reader's limit: that part is dropped
        return b"(a very long line)\n"


class Programs:
    """A set of running programs that stands and falls together."""

    def __init__(self, out: Print) -> None:
        self._out = out
        self._running: list[RunningProgram] = []

    async def start(self, program: Program) -> RunningProgram:
        """Start one program in its own process group; it dies with this process."""
        process = await asyncio.create_subprocess_exec(
            *program.command,
            env={**os.environ, **program.environment, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            process_group=0,  # Ctrl-C in the terminal reaches us alone; we end them in order
        )
        guard.add(process.pid)
        running = RunningProgram(program, process, self._out)
        self._running.append(running)
        return running

    async def start_ready(self, programs: Sequence[Program], *, limit: float) -> None:
        """Start programs together and wait until each answers 200. ProgramError after `limit` s."""
        started = [await self.start(program) for program in programs]
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            waits = [asyncio.create_task(_ready(one, client, limit)) for one in started]
            try:
                await asyncio.gather(*waits)
            finally:
                for wait in waits:
                    wait.cancel()
                await asyncio.gather(*waits, return_exceptions=True)

    def keepers(self, say: Callable[[str], None]) -> list[Coroutine[object, object, None]]:
        """Return one endless task a program: it starts the program again when that ends."""
        return [self._keep(one, say) for one in self._running]

    async def _keep(self, one: RunningProgram, say: Callable[[str], None]) -> None:
        pause = _PAUSE
        while True:
            await one.wait()
            if one.stopping:
                return
            # Killed from outside, it may come back at once; one that falls over waits longer.
            fell_over = not one.killed and time.monotonic() - one.started < _STEADY
            pause = min(pause * 2, _LONGEST_PAUSE) if fell_over else _PAUSE
            say(f"{one.end()}; started again in {pause:g} s")
            await asyncio.sleep(pause)
            self._running.remove(one)
            one = await self.start(one.program)

    async def stop(self, *, limit: float = 10.0) -> list[str]:
        """SIGTERM to all, SIGKILL after `limit` seconds; names those that had to be killed."""
        for one in self._running:
            one.stopping = True
            _signal(one, signal.SIGTERM)
        waits = {asyncio.create_task(one.process.wait()): one for one in self._running}
        late = (await asyncio.wait(waits, timeout=limit))[1] if waits else set()
        stubborn = sorted(waits[wait].program.name for wait in late)
        for one in self._running:
            _kill_group(one)
            await one.wait()
        await asyncio.gather(*waits)
        self._running.clear()
        return stubborn

    def kill(self) -> None:
        """SIGKILL everything now."""
        for one in self._running:
            _kill_group(one)


def _signal(one: RunningProgram, number: signal.Signals) -> None:
    if not one.ended:
        with suppress(ProcessLookupError):
            one.process.send_signal(number)


def _kill_group(one: RunningProgram) -> None:
    # Also when the program has ended: its children may still be there.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(one.process.pid, signal.SIGKILL)


async def _ready(one: RunningProgram, client: httpx.AsyncClient, limit: float) -> None:
    deadline = time.monotonic() + limit
    answer = "nothing"
    while time.monotonic() < deadline:
        if one.ended:
            await one.wait()
            raise ProgramError(one.obituary())
        try:
            response = await client.get(one.program.ready_url)
        except httpx.HTTPError as error:
            answer = type(error).__name__
        else:
            if response.status_code == 200:
                return
            answer = f"{response.status_code} {response.text[:300]}"
        await asyncio.sleep(0.1)
    raise ProgramError(
        f"{one.program.name} was not ready after {limit:g} s ({one.program.ready_url}: {answer}). "
        f"Its last lines:\n{one.last_lines()}"
    )
