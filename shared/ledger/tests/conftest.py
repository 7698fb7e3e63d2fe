"""The same tests on both databases: SQLite in a file, and a private PostgreSQL."""

import asyncio
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event

from workers_ledger.database import Database

POSTGRES = "postgresql"
_names = iter(range(10_000))


@dataclass
class PostgresServer:
    """A private cluster on a free loopback port, run by an unprivileged user."""

    programs: Path
    folder: Path
    port: int
    user: str | None
    process: subprocess.Popen | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://tester@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        subprocess.run(command, user=self.user, check=True, capture_output=True, cwd="/")

    def make(self) -> None:
        self.run(
            "initdb", "-D", str(self.folder), "-U", "tester", "-A", "trust", "-N", "-E", "UTF8"
        )

    def start(self) -> None:
        command = [
            *(str(self.programs / "postgres"), "-D", str(self.folder), "-p", str(self.port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"),
            *("-c", "fsync=off", "-c", "max_connections=200"),
        ]
        self.process = subprocess.Popen(
            command, user=self.user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                self.run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port))
            except subprocess.CalledProcessError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("PostgreSQL did not start within 10 s")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def new_database(self) -> str:
        name = f"test{next(_names)}"
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tester", name)
        return self.url(name)


def find_programs() -> Path | None:
    """The folder with initdb and postgres: on the PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def needed_programs() -> Path:
    """The programs; in CI they are installed where that is possible."""
    programs = find_programs()
    if programs is None and os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-q", "postgresql"], check=True)
        programs = find_programs()
    if programs is None:
        reason = "needs PostgreSQL: install the package postgresql"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return programs


def unprivileged() -> str | None:
    """A user for the server: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One server for all tests; databases of their own keep them apart."""
    programs = needed_programs()
    # Not below pytest's folder: that one belongs to us alone, the server runs as somebody else.
    folder = Path(
        subprocess.check_output(["mktemp", "-d", "/tmp/ledger-pg-XXXXXX"], text=True).strip()
    )
    user = unprivileged()
    if user:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = PostgresServer(programs, folder, port, user)
    server.make()
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", POSTGRES])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once of each kind."""
    if request.param == POSTGRES:
        return request.getfixturevalue("postgres").new_database()
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database with its tables."""
    opened = Database(database_url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def another(database: Database, database_url: str) -> AsyncIterator[Database]:
    """The same database, opened by another process."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def dead_database(tmp_path: Path) -> AsyncIterator[Database]:
    """A PostgreSQL address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    opened = Database(f"postgresql://nobody:geheim@127.0.0.1:{port}/nothing")
    yield opened
    await opened.close()


@pytest.fixture
async def locked_sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """A SQLite file whose write lock another connection holds; patience is short."""
    path = tmp_path / "locked.db"
    opened = Database(f"sqlite:///{path}")
    await opened.open()

    def impatient(connection, *_):
        connection.execute("PRAGMA busy_timeout=100")

    event.listen(opened.engine.sync_engine, "connect", impatient)
    await opened.engine.dispose()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield opened
    holder.execute("ROLLBACK")
    holder.close()
    await opened.close()


@pytest.fixture
def run_in_process(database_url: str):
    """Run a coroutine function of `claimer.py` in a process of its own; returns its lines."""

    async def run(*arguments: str) -> list[str]:
        script = Path(__file__).parent / "claimer.py"
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(script), database_url, *arguments, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        return out.decode().split()

    return run
