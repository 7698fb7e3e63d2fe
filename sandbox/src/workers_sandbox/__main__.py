"""`python -m workers_sandbox`: serve the sandbox."""

import sys

from .server import run
from .settings import read


def main() -> None:
    """Serve until interrupted; `--help` lists the options."""
    run(read(sys.argv[1:]))


if __name__ == "__main__":
    main()
