"""Pyppeteer as its README shows it: a browser for each document."""

import asyncio
import warnings

from bench_pdf.job import clocked, options

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyppeteer import launch


async def main() -> None:
    """Measure."""
    given = options()
    html = given.html.read_text("utf-8")
    arguments = ["--no-sandbox"] if given.no_sandbox else []

    async def one() -> int:
        browser = await launch(executablePath=given.chromium, args=arguments, headless=True)
        page = await browser.newPage()
        await page.setContent(html)
        margin = dict.fromkeys(("top", "right", "bottom", "left"), "10mm")
        pdf = await page.pdf(format="A4", printBackground=True, margin=margin)
        await browser.close()
        return len(pdf)

    await clocked(one, given.documents, given.parallel)


asyncio.run(main())
