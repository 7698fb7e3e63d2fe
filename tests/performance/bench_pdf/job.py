"""The job that all contenders do: one invoice of one page, A4, 10 mm around, backgrounds."""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

WARM = 3
"""Documents before the clock starts; none for who starts a browser for each."""


def options() -> argparse.Namespace:
    """Read a contender's command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--chromium", required=True)
    parser.add_argument("--html", type=Path, required=True)
    parser.add_argument("--documents", type=int, required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--no-sandbox", action="store_true")
    return parser.parse_args()


async def clocked(one: Callable[[], Awaitable[int]], documents: int, parallel: int) -> None:
    """Do the job so many times, so many at once, and print what it took."""
    left, sizes = list(range(documents)), []

    async def work() -> None:
        while left:
            left.pop()
            sizes.append(await one())

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(parallel)))
    seconds = time.perf_counter() - started
    print(json.dumps({"per_second": documents / seconds, "bytes": min(sizes)}))
