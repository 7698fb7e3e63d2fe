"""Programs: readiness, output, crashes, the end."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workers_stack.programs import Program, ProgramError, Programs
from workers_stack.servers import free_port

SERVER = """
import sys, signal
sys.path.insert(0, {fakes!r})
from pages import serve
{before}
serve({port}, {{"/ready": lambda: {{}}}})
print("serving", flush=True)
signal.pause()
"""


@pytest.fixture
def printed() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def programs(printed):
    return Programs(lambda name, line: printed.append((name, line)))


@pytest.fixture
def program():
    def make(code: str | None = None, *, before: str = "", name: str = "tiny") -> Program:
        port = free_port()
        fakes = str(Path(__file__).with_name("fakes"))
        source = code or SERVER.format(fakes=fakes, port=port, before=before)
        command = [sys.executable, "-c", source]
        return Program(name=name, command=command, ready_url=f"http://127.0.0.1:{port}/ready")

    return make


async def test_output_carries_the_name_and_stop_ends_it(programs, program, printed):
    await programs.start_ready([program(), program(name="other")], limit=10)
    assert await programs.stop() == []
    assert sorted(printed) == [("other", "serving"), ("tiny", "serving")]


async def test_program_that_dies_at_start_shows_its_last_lines(programs, program):
    dying = program("raise SystemExit('no such setting: RMQ_URL')")
    with pytest.raises(ProgramError, match=r"tiny ended with 1(.|\n)*no such setting: RMQ_URL"):
        await programs.start_ready([dying], limit=10)
    await programs.stop()


async def test_program_that_is_never_ready_is_named(programs, program):
    silent = program("import time; print('thinking', flush=True); time.sleep(60)")
    with pytest.raises(ProgramError, match=r"tiny was not ready after 0.5 s(.|\n)*thinking"):
        await programs.start_ready([silent], limit=0.5)
    await programs.stop()


async def test_program_that_ignores_the_end_is_killed_and_named(programs, program):
    deaf = program(before="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    await programs.start_ready([deaf, program(name="polite")], limit=10)
    start = time.monotonic()
    assert await programs.stop(limit=0.3) == ["tiny"]
    assert time.monotonic() - start < 3


@pytest.fixture
async def kept(programs):
    """Keep programs running; returns what is said about it."""
    said: list[str] = []
    tasks: list[asyncio.Task[None]] = []

    def keep() -> list[str]:
        tasks.extend(asyncio.create_task(keeper) for keeper in programs.keepers(said.append))
        return said

    yield keep
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await programs.stop()


async def until(condition) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.02)


async def test_killed_program_is_started_again_and_said(programs, program, printed, kept):
    await programs.start_ready([program(), program(name="victim")], limit=10)
    said = kept()
    for times in (2, 3):
        next(one for one in programs._running if one.program.name == "victim").process.kill()
        await until(lambda times=times: printed.count(("victim", "serving")) == times)
    assert said == ["victim was killed by SIGKILL; started again in 0.2 s"] * 2
    assert printed.count(("tiny", "serving")) == 1


async def test_program_that_falls_over_again_and_again_waits_longer(programs, program, kept):
    await programs.start(program("raise SystemExit(3)", name="falling"))
    said = kept()
    await until(lambda: len(said) == 3)
    pauses = [line.removeprefix("falling ended with 3; started again in ") for line in said]
    assert pauses == ["0.4 s", "0.8 s", "1.6 s"]


def test_programs_die_with_a_parent_that_is_killed(program):
    port = free_port()
    child = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
    code = f"""
import asyncio
from workers_stack.programs import Program, Programs
async def main():
    programs = Programs(lambda name, line: print(one.process.pid, flush=True))
    one = await programs.start(Program("child", {child!r}, "http://127.0.0.1:{port}"))
    await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    stat = Path(f"/proc/{pid}/stat")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and stat.exists() and ") Z " not in stat.read_text():
        time.sleep(0.02)
    assert not stat.exists() or ") Z " in stat.read_text()
