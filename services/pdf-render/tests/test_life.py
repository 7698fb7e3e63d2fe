"""Chromium is killed, crashes, hangs and grows: the work goes on and nothing is left behind."""

import asyncio
import contextlib
import os
import signal
import time

import psutil
import pytest

from pdf_render.chromium import Chromium, Limits, Waits
from pdf_render.chromium.process import BrowserProcess, Launch
from pdf_render.errors import (
    BrowserUnavailableError,
    DocumentCrashError,
    DocumentTimeoutError,
    DocumentTooHeavyError,
)

SLOW = Waits(delay=1.0)


async def until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.02)


def renderers(browser: Chromium) -> list[psutil.Process]:
    """The processes of documents."""
    found = []
    for one in psutil.Process(browser.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a zombie is one of these
            found += [one] if "--type=renderer" in " ".join(one.cmdline()) else []
    return found


def zombies(browser: Chromium) -> int:
    """How many dead processes nobody has fetched."""
    everyone = psutil.Process(browser.pid).children(recursive=True)
    return sum(one.status() == psutil.STATUS_ZOMBIE for one in everyone)


async def test_killed_chromium_is_replaced_and_the_same_document_printed(
    browser, job, family, all_gone
):
    assert await browser.problem() is None
    first = family(browser.pid)
    work = asyncio.create_task(browser.print(job("<p>x</p>", waits=SLOW), 10))
    await asyncio.sleep(0.4)
    os.kill(first[0].pid, signal.SIGKILL)
    assert (await work).pdf.startswith(b"%PDF")
    assert browser.pid != first[0].pid
    await all_gone(first)


async def test_chromium_that_is_killed_again_and_again_is_told_as_such(browser, job):
    work = asyncio.create_task(browser.print(job("<p>x</p>", waits=Waits(delay=20)), 30))
    killed = set()
    while not work.done():
        if browser.pid and browser.pid not in killed:
            await asyncio.sleep(0.3)
            killed.add(browser.pid)
            os.kill(browser.pid, signal.SIGKILL)
        await asyncio.sleep(0.02)
    with pytest.raises(BrowserUnavailableError, match="ended 3 times"):
        await work
    assert len(killed) == 3


async def test_crash_of_a_document_is_known_at_once_and_harms_no_other(browser, job):
    await browser.problem()
    known = []

    async def crash_all() -> None:
        for _ in range(2):
            await until(lambda: [r for r in renderers(browser) if r.pid not in known])
            await asyncio.sleep(0.3)
            for one in renderers(browser):
                known.append(one.pid)
                one.kill()

    work = asyncio.create_task(browser.print(job("<p>x</p>", waits=Waits(delay=15)), 20))
    await crash_all()
    killed_at = time.monotonic()
    with pytest.raises(DocumentCrashError):
        await work
    assert time.monotonic() - killed_at < 3
    assert (await browser.print(job("<p>next</p>"), 10)).pdf


@pytest.mark.parametrize(
    "html",
    [
        "<script>while (1) {}</script>",
        "<script>for (;;) history.pushState(0, 0, '/' + Math.random())</script>",
    ],
    ids=["endless loop", "endless history"],
)
async def test_document_that_hangs_is_given_up_in_time(browser, job, family, all_gone, html):
    await browser.problem()
    before = renderers(browser)
    started = time.monotonic()
    with pytest.raises(DocumentTimeoutError, match="not printed within 1 s"):
        await browser.print(job(html, scripts=True), 1)
    assert time.monotonic() - started < 6
    assert (await browser.print(job("<p>next</p>"), 10)).pdf
    await all_gone([one for one in before if one.is_running()], 8)


async def test_document_that_takes_too_much_memory_is_ended_alone(chromium, job):
    browser = Chromium(Launch(chromium), Limits(document_bytes=150 * 2**20))
    bomb = "<script>const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(7))</script>"
    try:
        await browser.problem()
        other = asyncio.create_task(browser.print(job("<p>x</p>", waits=Waits(delay=3)), 20))
        with pytest.raises(DocumentTooHeavyError, match="over 150 MiB"):
            await browser.print(job(bomb, scripts=True), 20)
        assert (await other).pdf
        assert (await browser.print(job("<p>next</p>"), 10)).pdf
    finally:
        await browser.close()


async def test_dialogue_does_not_block(browser, job):
    html = "<script>alert(1); confirm(2); prompt(3)</script><p>x</p>"
    assert (await browser.print(job(html, scripts=True), 10)).pdf


async def test_chromium_is_replaced_after_so_many_documents(chromium, job, family, all_gone):
    browser = Chromium(Launch(chromium), Limits(recycle_after=3))
    seen = []
    try:
        for _ in range(7):
            await browser.print(job("<p>x</p>"), 10)
            seen.append(browser.pid)
            old = family(browser.pid)
        assert len(set(seen)) == 3
    finally:
        await browser.close()
    await all_gone(old)


async def test_chromium_is_replaced_when_it_grew(chromium, job):
    browser = Chromium(Launch(chromium), Limits(recycle_bytes=1))
    try:
        for _ in range(27):
            await browser.print(job("<p>x</p>"), 10)
        first = browser.pid
        assert await browser._live.memory() > 2**20
        assert browser._live.served < 26
        assert first
    finally:
        await browser.close()


async def test_many_documents_leave_no_process_and_no_memory_behind(browser, job):
    """A small size of the soak in tests/performance."""

    async def some(count: int) -> None:
        await asyncio.gather(*(browser.print(job(f"<p>{n}</p>" * 50), 30) for n in range(count)))
        await browser._live.settle()

    await some(20)
    before = await browser._live.memory()
    await some(40)
    await until(lambda: len(renderers(browser)) <= 2)  # the next one's page is ready
    await until(lambda: zombies(browser) == 0)
    assert await browser._live.memory() < before * 1.25


async def test_end_of_the_worker_ends_chromium(chromium, job, family, all_gone):
    browser = Chromium(Launch(chromium))
    await browser.print(job("<p>x</p>"), 10)
    everyone, folder = family(browser.pid), browser._live._process._folder
    await browser.close()
    await all_gone(everyone)
    assert not folder.exists()


async def test_missing_program_is_told_with_what_to_do(job, tmp_path):
    browser = Chromium(Launch(tmp_path / "chrome"))
    with pytest.raises(BrowserUnavailableError, match="PDF_RENDER_CHROMIUM_PATH names"):
        await browser.print(job("x"), 5)
    assert "which cannot be run" in await browser.problem()


async def test_program_that_is_no_chromium_is_told_with_its_words(job, tmp_path):
    program = tmp_path / "chrome"
    program.write_text("#!/bin/sh\necho no usable sandbox >&2\nexit 1\n")
    program.chmod(0o755)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:3]:
        parent.chmod(0o755)
    browser = Chromium(Launch(program))
    with pytest.raises(BrowserUnavailableError, match="no usable sandbox"):
        await browser.print(job("x"), 5)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands over to another user")
async def test_unknown_user_is_told(chromium, job):
    browser = Chromium(Launch(chromium, user="nimeni-aici"))
    with pytest.raises(BrowserUnavailableError, match="PDF_RENDER_CHROMIUM_USER"):
        await browser.print(job("x"), 5)


async def test_chromium_knows_nothing_of_the_workers_environment(chromium, monkeypatch):
    monkeypatch.setenv("RMQ_URL", "amqp://user:hidden@127.0.0.1/")
    process = await BrowserProcess.start(Launch(chromium))
    try:
        await process.endpoint()
        environment = psutil.Process(process.pid).environ()
        assert "RMQ_URL" not in environment
        assert "hidden" not in str(environment)
        owner = psutil.Process(process.pid).uids().real
        assert owner != 0 or os.geteuid() != 0
    finally:
        await process.kill()


async def test_loop_is_not_held_up_while_chromium_starts(browser):
    gaps, last = [], time.monotonic()
    work = asyncio.create_task(browser.problem())
    while not work.done():
        await asyncio.sleep(0.005)
        now = time.monotonic()
        gaps.append(now - last)
        last = now
    assert await work is None
    assert max(gaps) < 0.5
