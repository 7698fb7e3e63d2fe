"""`python -m workers_stack dev|demo|servers`: run workers-core on this machine."""

import argparse
import asyncio
import logging
import sys

from .demo import demo
from .dev import AlreadyRunningError, dev
from .layout import LayoutError
from .programs import ProgramError
from .servers import ServerError, install_chromium, install_libraries, install_programs

_EXPECTED = (AlreadyRunningError, LayoutError, ProgramError, ServerError)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; every expected trouble ends in one message and exit code 1."""
    options = _parser().parse_args(arguments)
    # Asking a port that nobody listens on is no error here; what matters is said in one line.
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    try:
        return _run(options)
    except _EXPECTED as error:
        print(f"workers-stack: {error}", file=sys.stderr)  # noqa: T201 - for the person
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    install_libraries(_say, fonts=options.command == "servers")
    if options.command == "dev":
        return asyncio.run(dev())
    if options.command == "demo":
        return asyncio.run(demo(as_json=options.json, keep=options.keep))
    install_programs(_say)
    install_chromium(_say)
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - for the person


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers_stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("dev", help="keep everything running until Ctrl-C")
    show = commands.add_parser("demo", help="start everything, file documents, show, end")
    show.add_argument("--json", action="store_true", help="print events only, one a line")
    show.add_argument("--keep", action="store_true", help="keep the data and logs")
    commands.add_parser("servers", help="install RabbitMQ, Redis and Chromium where possible")
    return parser


if __name__ == "__main__":
    sys.exit(main())
