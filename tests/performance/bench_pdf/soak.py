"""Many documents through one Chromium: what grows, and what is left behind."""

import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

import psutil

from pdf_render.app import chromium_of, rendering_of
from pdf_render.client import WebClient
from pdf_render.config import Settings
from workers_contracts.pdf import RenderPdf

_TABLE = "<table>" + "<tr><td>Țeavă<td>1.234,50</tr>" * 300 + "</table>"


async def soak(documents: int, chromium_path: Path, html: str) -> dict[str, object]:
    """Render so many, half of them long, without ever replacing the browser."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            rmq_url="amqp://127.0.0.1:1/",
            artifacts_url=f"file://{folder}",
            chromium_path=chromium_path,
            recycle_after=documents * 2,
            recycle_mb=100_000,
        )
        chromium = chromium_of(settings)
        rendering = rendering_of(settings, chromium, WebClient(()))
        commands = [RenderPdf(html=html), RenderPdf(html=_TABLE, tagged=True)]
        first = 0
        early, started = {}, time.monotonic()
        while first < documents:
            batch = [commands[number % 2] for number in range(first, min(first + 20, documents))]
            await asyncio.gather(*(rendering.render(one) for one in batch))
            first += len(batch)
            if not early and first * 5 >= documents:
                early = await _state(chromium.pid)
        late, browser = await _state(chromium.pid), chromium.pid
        seconds = time.monotonic() - started
        await chromium.close()
        return {
            "documents": documents,
            "per_second": round(documents / seconds, 2),
            "early": early,
            "late": late,
            "chromium_growth": round(late["chromium_mb"] / early["chromium_mb"] - 1, 3),
            "python_growth": round(late["python_mb"] / early["python_mb"] - 1, 3),
            "left_after_the_end": int(psutil.pid_exists(browser or 0)),
        }


async def _state(pid: int | None) -> dict[str, float]:
    await asyncio.sleep(2)  # until the last pages are closed
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    dead = [one for one in family if one.status() == psutil.STATUS_ZOMBIE]
    alive = [one for one in family if one not in dead]
    own = psutil.Process(os.getpid())
    return {
        "chromium_mb": round(sum(one.memory_full_info().uss for one in alive) / 2**20, 1),
        "python_mb": round(own.memory_full_info().uss / 2**20, 1),
        "processes": len(alive),
        "zombies": len(dead),
        "files": own.num_fds(),
    }


def run(documents: int, chromium_path: Path, html: str) -> dict[str, object]:
    """Run the soak and say what came out."""
    found = asyncio.run(soak(documents, chromium_path, html))
    print(json.dumps(found))
    return found
