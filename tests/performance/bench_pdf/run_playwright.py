"""Playwright with one browser and a context for each document."""

import asyncio

from playwright.async_api import async_playwright

from bench_pdf.job import WARM, clocked, options


async def main() -> None:
    """Measure."""
    given = options()
    html = given.html.read_text("utf-8")
    arguments = ["--no-sandbox"] if given.no_sandbox else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=given.chromium, args=arguments)

        async def one() -> int:
            context = await browser.new_context()
            page = await context.new_page()
            await page.set_content(html)
            margin = dict.fromkeys(("top", "right", "bottom", "left"), "10mm")
            pdf = await page.pdf(format="A4", print_background=True, margin=margin)
            await context.close()
            return len(pdf)

        for _ in range(WARM):
            await one()
        await clocked(one, given.documents, given.parallel)
        await browser.close()


asyncio.run(main())
