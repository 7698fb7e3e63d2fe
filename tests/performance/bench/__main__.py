"""Run the benchmark: `./justw bench [--messages N] [--rounds N] [--json FILE]`."""

import argparse
import asyncio
import json
import os
import platform
import random
import sys
from pathlib import Path

from rich.console import Console

from workers_stack.servers import PrivateBroker, PrivateRedis

from . import __doc__ as about
from .contenders import Contender, contenders
from .environment import celery_python
from .job import PREFETCH
from .measure import connected
from .report import medians, result, table

WIDTH = 110
"""Columns of the table, also where no terminal says how wide it is."""


async def measure(
    taking_part: list[Contender], *, messages: int, rounds: int
) -> dict[str, list[dict[str, float]]]:
    """Run all contenders, interleaved, on servers of their own."""
    samples: dict[str, list[dict[str, float]]] = {one.name: [] for one in taking_part}
    async with PrivateBroker() as broker, PrivateRedis() as redis:
        servers = {
            "RMQ_URL": broker.url,
            "REDIS_URL": redis.url,
            "PREFETCH": str(PREFETCH),
            "HTTP_PORT": "0",
        }
        queues = [one.queue for one in taking_part]
        async with connected(broker.url, servers, queues) as bench:
            for number in range(rounds):
                for contender in random.sample(taking_part, len(taking_part)):
                    print(f"round {number + 1} of {rounds}: {contender.name}", file=sys.stderr)
                    samples[contender.name].append(await bench.run(contender, messages))
    return samples


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="justw bench", description=(about or "").split("\n")[0])
    parser.add_argument("--messages", type=int, default=2000, help="of one burst")
    parser.add_argument("--rounds", type=int, default=3, help="bursts for each contender")
    parser.add_argument("--json", type=Path, help="write the result to this file, too")
    options = parser.parse_args()
    taking_part = contenders(celery_python())
    samples = asyncio.run(measure(taking_part, messages=options.messages, rounds=options.rounds))
    settings = {
        "messages": options.messages,
        "rounds": options.rounds,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(table(medians(samples)))
    text = json.dumps(result(samples, settings))
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
