"""`workers doctor`: look at everything, say what to run next."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from workers_cli.addresses import resolve, stack_addresses
from workers_cli.checks.broker import broker_checks, gather_checks
from workers_cli.checks.fleet import fleet_checks
from workers_cli.checks.others import redis_check, sandbox_check
from workers_cli.checks.result import Check
from workers_cli.checks.waits import waiting_checks
from workers_cli.errors import ExitCode
from workers_cli.options import Json, RedisUrl, RegistryUrl, RmqUrl, Token
from workers_cli.output import console, emit, line

_MARKS = {"ok": ("✓", "ok   ", "green"), "wrong": ("✗", "WRONG", "bold red"),
          "unchecked": ("-", "-    ", "dim")}  # fmt: skip


def doctor(
    listen: Annotated[
        float, typer.Option("--listen", min=0.1, help="Seconds to wait for a heartbeat.")
    ] = 3,
    token: Token = None,
    registry_url: RegistryUrl = None,
    rmq_url: RmqUrl = None,
    redis_url: RedisUrl = None,
    as_json: Json = False,
) -> int:
    """Check broker, queues, Redis, what waits, registry, workers and clocks.

    Exits with 1 for any problem. An authority that is down is said, and is none: what waits for
    it goes on by itself.
    """
    broker, redis = resolve("amqp_url", rmq_url), resolve("redis_url", redis_url)
    parts = (
        broker_checks(broker),
        redis_check(redis),
        waiting_checks(redis),
        fleet_checks(resolve("registry_url", registry_url), token, broker, listen),
        sandbox_check(stack_addresses().get("sandbox_url")),
    )
    checks = asyncio.run(gather_checks(*parts))
    well = all(check.state != "wrong" for check in checks)
    if as_json:
        emit({"ok": well, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            _print(check)
    return ExitCode.OK if well else ExitCode.WRONG


def _print(check: Check) -> None:
    sign, word, style = _MARKS[check.state]
    mark = sign if console().is_terminal else word
    line(f"{mark} {check.name:<13} {check.detail}", style=style)
    if check.next:
        line(f"{' ' * len(mark)} next: {check.next}")
