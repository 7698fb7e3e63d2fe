"""Chromium as a process: started without blocking, ended with all its children."""

import asyncio
import os
import pwd
import re
import shutil
import signal
import tempfile
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdf_render.errors import BrowserUnavailableError

from .flags import command_line

USUAL_PLACES = (
    "/usr/lib/chromium/chromium-headless-shell",
    # Not /usr/bin/chromium: that is a script, which adds flags of its own.
    "/usr/lib/chromium/chromium",
)
MISSING = (
    "Chromium is not installed: apt-get install chromium-headless-shell, or name its program in "
    "PDF_RENDER_CHROMIUM_PATH"
)
_START_SECONDS = 30.0
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
_LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")
_FOLDER = re.compile(r"pdf-render-(\d+)-")


@dataclass(frozen=True, slots=True)
class Launch:
    """How Chromium is started."""

    program: Path | None = None
    user: str = "nobody"
    sandbox: bool = True

    def found(self) -> Path:
        """Return the program. Raises BrowserUnavailableError when there is none."""
        if self.program is not None:
            if not os.access(self.program, os.X_OK):
                raise BrowserUnavailableError(
                    f"PDF_RENDER_CHROMIUM_PATH names {self.program}, which cannot be run"
                )
            return self.program
        for place in USUAL_PLACES:
            if os.access(place, os.X_OK):
                return Path(place)
        raise BrowserUnavailableError(MISSING)


class BrowserProcess:
    """One running Chromium."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._lines: deque[bytes] = deque(maxlen=20)
        self._listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read())
        self.gone = asyncio.create_task(process.wait())
        """Ends when the process has."""

    @classmethod
    async def start(cls, launch: Launch) -> "BrowserProcess":
        """Start Chromium with a profile of its own. Raises BrowserUnavailableError."""
        program = launch.found()
        folder = await asyncio.to_thread(_folder, launch)
        try:
            process = await asyncio.create_subprocess_exec(
                *_owner(launch),
                *command_line(program, folder / "profile", sandbox=launch.sandbox),
                # Nothing of the worker's environment: it holds its passwords.
                env={**_ENVIRONMENT, "HOME": str(folder), "TMPDIR": str(folder)},
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise BrowserUnavailableError(f"{program} does not start: {error.strerror}") from error
        return cls(process, folder)

    @property
    def pid(self) -> int:
        """The main process."""
        return self._process.pid

    async def endpoint(self) -> str:
        """Return the address of its debugging protocol. Raises BrowserUnavailableError."""
        ends: set[asyncio.Future[Any]] = {self._listening, self.gone}
        await asyncio.wait(
            ends,
            timeout=_START_SECONDS,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._listening.done():
            return self._listening.result()
        raise BrowserUnavailableError(f"Chromium does not start: {self._last_words()}")

    def _last_words(self) -> str:
        told = b" / ".join(self._lines).decode(errors="replace")[-300:]
        return told or f"nothing within {_START_SECONDS:g} s"

    async def kill(self) -> None:
        """End it with everything that it started, and remove its profile."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        await self.gone
        # To its end, so that nothing of the pipe is left when the loop closes.
        await asyncio.wait({self._reader}, timeout=1)
        self._reader.cancel()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _read(self) -> None:
        stream = self._process.stderr
        while stream is not None:
            try:
                line = await stream.readline()
            except ValueError:  # longer than the reader's limit
                continue
            if not line:
                return
            self._lines.append(line.strip())
            found = _LISTENING.search(line)
            if found and not self._listening.done():
                self._listening.set_result(found[1].decode())


def _folder(launch: Launch) -> Path:
    _remove_orphans()
    folder = Path(tempfile.mkdtemp(prefix=f"pdf-render-{os.getpid()}-"))
    if os.geteuid() == 0:
        owner = _account(launch.user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


def _remove_orphans() -> None:
    """Profiles of workers that were killed stay behind: theirs are taken away."""
    for path in Path(tempfile.gettempdir()).glob("pdf-render-*-*"):
        found = _FOLDER.match(path.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            shutil.rmtree(path, ignore_errors=True)


def _owner(launch: Launch) -> list[str]:
    """Put a program in front that hands over to another user and ties its life to ours."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    command = [setpriv, "--pdeathsig", "KILL"]
    if os.geteuid() == 0:
        owner = _account(launch.user)
        command += [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    return [*command, "--"]


def _account(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise BrowserUnavailableError(
            f"PDF_RENDER_CHROMIUM_USER names {user}, and there is no such user"
        ) from None
