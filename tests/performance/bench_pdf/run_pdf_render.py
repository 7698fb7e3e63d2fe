"""The product's own way from command to stored PDF, without the bus."""

import asyncio
import tempfile

from pdf_render.app import chromium_of, rendering_of
from pdf_render.client import WebClient
from pdf_render.config import Settings
from workers_contracts.pdf import RenderPdf

from .job import WARM, clocked, options


async def main() -> None:
    """Measure."""
    given = options()
    command = RenderPdf(html=given.html.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            rmq_url="amqp://127.0.0.1:1/",
            artifacts_url=f"file://{folder}",
            chromium_path=given.chromium,
            parallel=given.parallel,
            sandbox=not given.no_sandbox,
        )
        chromium = chromium_of(settings)
        rendering = rendering_of(settings, chromium, WebClient(()))

        async def one() -> int:
            return (await rendering.render(command)).artifact.size

        for _ in range(WARM):
            await one()
        await clocked(one, given.documents, given.parallel)
        await chromium.close()


asyncio.run(main())
