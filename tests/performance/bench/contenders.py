"""Who takes part: the program, its interpreter, and how a command for it looks on the wire."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aio_pika

from .environment import ROOT
from .job import COMMAND, queue_of

PLAIN = json.dumps(COMMAND).encode()


def plain(number: int) -> aio_pika.Message:
    """Return a command as another team publishes it."""
    return aio_pika.Message(
        PLAIN,
        message_id=f"bench-{number}",
        correlation_id=f"c-{number}",
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )


def celery_task(number: int) -> aio_pika.Message:
    """Return the same command as Celery's own client would publish it (protocol 2)."""
    task_id = f"bench-{number}"
    options = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    return aio_pika.Message(
        json.dumps([[PLAIN.decode()], {}, options]).encode(),
        headers={
            "lang": "py", "task": "bench.validate", "id": task_id, "root_id": task_id,
            "parent_id": None, "group": None, "retries": 0, "eta": None, "expires": None,
            "timelimit": [None, None], "argsrepr": "()", "kwargsrepr": "{}", "origin": "bench",
        },
        message_id=task_id,
        correlation_id=task_id,
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )  # fmt: skip


@dataclass(frozen=True)
class Contender:
    """One program that consumes commands and publishes events."""

    name: str
    module: str
    python: str = sys.executable
    message: Callable[[int], aio_pika.Message] = plain

    @property
    def queue(self) -> str:
        """Queue that it consumes."""
        return queue_of(self.name)

    @property
    def command(self) -> list[str]:
        """Command line of its worker."""
        return [self.python, "-m", f"bench.{self.module}"]

    def environment(self, servers: dict[str, str]) -> dict[str, str]:
        """Return the environment of its worker: this program's, its own code, the servers."""
        folders = (Path(__file__).parents[1], ROOT / "contracts/src")
        return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))} | servers


def contenders(celery_python: Path) -> list[Contender]:
    """Return all contenders; the kernel first, the others are compared to it."""
    return [
        Contender("kernel", "worker_kernel"),
        Contender("faststream-default", "worker_faststream"),
        Contender("aio-pika", "worker_aio_pika"),
        Contender("celery", "worker_celery", str(celery_python), celery_task),
    ]
