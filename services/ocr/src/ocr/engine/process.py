"""What a process does first: limits itself, and ends when its worker is gone."""

import os
import resource
import signal
import threading

LOOK_SECONDS = 1.0


def begin(megabytes: int) -> None:
    """Prepare this process; runs before its first page."""
    # The worker tells when to end; a terminal's Ctrl-C reaches the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_watch, args=[os.getppid()], daemon=True).start()


def _watch(parent: int) -> None:
    """End this process with the one that made it: a killed worker leaves nobody behind."""
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(LOOK_SECONDS)
    os._exit(0)
