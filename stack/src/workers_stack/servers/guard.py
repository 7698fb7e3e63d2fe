"""Nothing outlives its parent: a shell that kills what is registered when this process is gone.

The guard reads from a pipe whose other end only this process holds. When this process ends in any
way, SIGKILL included, the kernel closes the pipe and the guard kills every process group still on
its list. Unlike Linux's parent-death signal this works from any thread and on every Unix.
"""

import atexit
import os
import subprocess
import threading

_SCRIPT = """
groups=
while read -r verb group; do
  if [ "$verb" = add ]; then groups="$groups $group"; continue; fi
  kept=
  for one in $groups; do [ "$one" = "$group" ] || kept="$kept $one"; done
  groups=$kept
done
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
"""


class Guard:
    """Kills the registered process groups when this process ends, however it ends."""

    def __init__(self) -> None:
        self._shell: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def add(self, group: int) -> None:
        """Kill this process group when this process ends."""
        self._tell(f"add {group}\n")

    def remove(self, group: int) -> None:
        """Forget a process group: its processes have ended."""
        self._tell(f"del {group}\n")

    def close(self) -> None:
        """End the guard now; what is still registered is killed."""
        with self._lock:
            shell, self._shell = self._shell, None
        if shell is not None and self._owner == os.getpid():
            shell.communicate()

    def _tell(self, line: str) -> None:
        with self._lock:
            # After a fork the pipe belongs to the parent: the child gets a guard of its own.
            if self._shell is None or self._owner != os.getpid():
                self._start()
            if self._shell is not None and self._shell.stdin is not None:
                self._shell.stdin.write(line.encode())
                self._shell.stdin.flush()

    def _start(self) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Out of the terminal's group: Ctrl-C ends us, and the guard then does its work.
            start_new_session=True,
        )
        self._owner = os.getpid()
        atexit.register(self.close)


guard = Guard()
