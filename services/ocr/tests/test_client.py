"""The processes: each ended alone, none left behind, and the event loop never waits for them."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from ocr.client import Processes
from ocr.engine.problems import Problem
from ocr.errors import ModelsUnavailableError

pytestmark = pytest.mark.integration


def slow(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def greedy() -> int:
    return len(bytearray(4 * 2**30))


def lack() -> None:
    raise ImportError("libGL.so.1: cannot open shared object file")


def find() -> None:
    raise Problem("corrupt_file", "ț")


async def test_slow_page_is_ended_and_the_other_goes_on(processes):
    await processes.recognise(slow, 120, 0.0)  # the libraries are loaded once, for all
    other = asyncio.create_task(processes.recognise(slow, 30, 3.0))
    begun = time.monotonic()
    with pytest.raises(Problem) as found:
        await processes.recognise(slow, 1.0, 60.0)
    assert found.value.code == "page_timeout"
    assert time.monotonic() - begun < 10
    pid = await other
    assert psutil.pid_exists(pid)
    assert await processes.recognise(slow, 30, 0.0)


async def test_process_that_dies_costs_its_page_only(processes):
    with pytest.raises(Problem) as found:
        await processes.recognise(die, 30)
    assert found.value.code == "worker_crashed"
    assert await processes.recognise(slow, 30, 0.0)


async def test_processes_that_died_idle_are_made_anew_unnoticed():
    made = Processes(recognisers=2, recycle=99, megabytes=2048)
    try:
        for _ in range(3):
            pids = await asyncio.gather(*[made.read(slow, 60, 0.5) for _ in range(2)])
            for pid in set(pids):
                os.kill(pid, signal.SIGKILL)
            assert await made.read(slow, 60, 0.0) not in pids
    finally:
        await made.close()


async def test_greedy_page_gets_no_more_memory(processes):
    with pytest.raises(Problem, match="more memory") as found:
        await processes.recognise(greedy, 30)
    assert found.value.code == "worker_crashed"


async def test_machine_without_a_library_lets_documents_wait(processes):
    with pytest.raises(ModelsUnavailableError, match="libGL"):
        await processes.recognise(lack, 30)


async def test_what_a_process_found_comes_back_as_it_was(processes):
    with pytest.raises(Problem) as found:
        await processes.read(find, 10)
    assert (found.value.code, found.value.message) == ("corrupt_file", "ț")


async def test_event_loop_never_waits(desk, paper, saved):
    longest, running = 0.0, True

    async def watch():
        nonlocal longest
        while running:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    watching = asyncio.create_task(watch())
    event = await desk.read(saved(paper), words=True)
    running = False
    await watching
    assert event.pages[0].source == "ocr"
    # Reading took most of a second of another processor; a busy machine takes turns.
    assert longest < 0.5


def test_killed_worker_leaves_no_process_behind():
    program = (
        "import asyncio, os\nfrom ocr.client import Processes\n"
        "async def main():\n"
        "    made = Processes(recognisers=1, recycle=9, megabytes=2048)\n"
        "    pids = await made.read(os.getpid, 60), await made.recognise(os.getpid, 60)\n"
        "    print(*pids, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with worker:
        children = [int(pid) for pid in worker.stdout.readline().split()]
        assert len(children) == 2
        worker.kill()
    deadline = time.monotonic() + 15
    while any(psutil.pid_exists(pid) for pid in children):
        assert time.monotonic() < deadline, "a process outlived its worker"
        time.sleep(0.1)


async def test_closing_ends_every_process():
    made = Processes(recognisers=1, recycle=9, megabytes=2048)
    pid = await made.read(os.getpid, 60)
    await made.close()
    assert not psutil.pid_exists(pid)
