"""Places where a test may end the process, to prove what a crash there leaves behind."""

import os
import signal

NAMES = ("after_claim", "after_handler", "after_record", "after_publish", "before_ack")


def hit(name: str, environment: str) -> None:
    """End the process as SIGKILL does, when ``WORKERS_FAILPOINT`` names this place.

    ``WORKERS_FAILPOINT=after_record@FILE`` acts once: the file is made first, and while it is
    there nothing happens. Only in the environment ``test``.
    """
    if environment != "test":
        return
    wanted, _, marker = os.environ.get("WORKERS_FAILPOINT", "").partition("@")
    if wanted != name:
        return
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
