"""``python -m registry_service``: serve; ``… token``: make an access token."""

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator

import uvicorn

from workers_runtime.config import load
from workers_runtime.logs import configure_logs

from .app import build
from .config import Settings, SettingsError, TokenSettings, check_addresses, configured_key
from .tokens import ADMIN, SCOPES, Keyring

PROGRAM = "registry-service"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
MAX_TTL_SECONDS = 30 * 86_400


class Server(uvicorn.Server):
    """Ends with 0 after a clean stop; uvicorn would end by the signal itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals while serving."""
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def main(arguments: list[str] | None = None) -> int:
    """Run the program; return 2 when a setting is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return _token(options) if options.command == "token" else _serve()
    except SettingsError as problem:
        sys.stderr.write(f"{PROGRAM}: {problem}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m registry_service", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve (the default)")
    token = commands.add_parser("token", help="print an access token for the configured secret")
    token.add_argument("--scope", action="append", choices=SCOPES, help=f"default: {ADMIN}")
    token.add_argument("--ttl", type=_ttl, default=3600, help="seconds; default: %(default)s")
    token.add_argument("--subject", default="operator", help="default: %(default)s")
    return parser


def _ttl(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MAX_TTL_SECONDS:
        raise argparse.ArgumentTypeError(f"give 1 to {MAX_TTL_SECONDS} seconds")
    return int(text)


def _token(options: argparse.Namespace) -> int:
    settings = load(TokenSettings, PROGRAM)
    if configured_key(settings) is None:
        raise SettingsError(
            "REGISTRY_JWT_SECRET (or REGISTRY_JWT_SECRET_FILE) is not set: set the secret that "
            "the registry runs with; without one it makes a random secret that nobody else knows"
        )
    scope = " ".join(options.scope or [ADMIN])
    token = Keyring.of(settings).issue(scope, options.ttl, options.subject)
    sys.stdout.write(f"{token}\n")
    return 0


def _serve() -> int:
    settings = load(Settings, PROGRAM)
    check_addresses(settings)
    app = build(settings)
    configure_logs(service=PROGRAM, level=settings.log_level, log_format=settings.log_format)
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    Server(config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
