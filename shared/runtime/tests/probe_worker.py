"""A worker whose handler does as it is told; run as a process by the kernel's tests.

What it is told travels in ``number``: ``<behaviour>-<n>``. Every effect is a line in PROBE_EFFECTS.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from aio_pika.abc import AbstractIncomingMessage
from faststream import Context

from workers_contracts.taxpayer import TaxpayerFailed, TaxpayerValidated, ValidateTaxpayer
from workers_runtime.app import Worker, create_app
from workers_runtime.config import WorkerSettings, load
from workers_runtime.delivery import Lane
from workers_runtime.errors import (
    OutcomeUnknownError,
    PermanentError,
    QuotaError,
    TransientError,
    WorkerError,
)
from workers_runtime.identity import Task
from workers_runtime.kernel import Call, Kernel
from workers_runtime.router import After, Router
from workers_runtime.run import run

router = Router("probe-worker")
EFFECTS = Path(os.environ.get("PROBE_EFFECTS", "/dev/null"))
ARRIVALS = Path(os.environ.get("PROBE_ARRIVALS", "/dev/null"))
"""A line for each delivery that the kernel got: message id, the broker's flag, the process."""


def effect(number: str, task: Task) -> None:
    """Leave a mark of an outside effect, as one atomic write."""
    with EFFECTS.open("a") as file:
        file.write(f"{number} {task.attempt} {int(task.in_doubt)} {os.getpid()}\n")


def mark_count(word: str) -> int:
    """Count the marks with this word."""
    return sum(word in line.split() for line in EFFECTS.read_text().splitlines())


async def in_company(others: int) -> None:
    """Wait until this process has begun so many other commands; a second when it has not."""
    for _ in range(20):
        if mark_count(str(os.getpid())) > others:
            return
        await asyncio.sleep(0.05)


def note_arrivals() -> None:
    """Write each delivery down before anything else is done with it."""
    take = Kernel.take

    def noted(self: Kernel, lane: Lane, raw: AbstractIncomingMessage, call: Call) -> None:
        with ARRIVALS.open("a") as file:
            file.write(f"{raw.message_id} {int(bool(raw.redelivered))} {os.getpid()}\n")
        take(self, lane, raw, call)

    Kernel.take = noted  # type: ignore[method-assign]


@router.handles(ValidateTaxpayer, emits=[TaxpayerValidated])
async def validate(
    command: ValidateTaxpayer,
    task: Annotated[Task, Context("task")],
    told: Annotated[str, Context("told")],
) -> TaxpayerValidated:
    """Do as the number says."""
    behaviour = command.number.split("-")[0]
    effect(command.number, task)
    if behaviour == "slow":
        await asyncio.sleep(float(command.number.split("-")[1]))
    if behaviour == "patient" and mark_count(command.number) <= 2:
        await asyncio.sleep(10)
    if behaviour == "die":
        await in_company(int(command.number.split("-")[1]))
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "undeclared":
        return TaxpayerFailed.model_construct()  # type: ignore[return-value]
    fail(behaviour, command, task)
    today = datetime.now(UTC)
    return TaxpayerValidated(
        number=command.number,
        country="RO",
        valid=True,
        source="local",
        as_of=today.date(),
        checked_at=today,
    )


def asking(command: ValidateTaxpayer, error: WorkerError) -> WorkerError:
    """Return a failure that asks the worker to look at something all the same."""
    look = ValidateTaxpayer(number=f"good-{command.number}")
    error.follow_ups = (After(look, 0.1, reason="a look"),)
    return error


def fail(behaviour: str, command: ValidateTaxpayer, task: Task) -> None:
    """Raise what the behaviour asks for."""
    match behaviour:
        case "flaky" if task.attempt < 3:
            raise TransientError("not now", retry_after=0.2)
        case "watched" if task.attempt < 3:
            raise asking(command, TransientError("not now", retry_after=0.2))
        case "doomed":
            raise asking(command, PermanentError("never"))
        case "later" if task.attempt < 2:
            raise TransientError("later", retry_after=float(command.number.split("-")[1]))
        case "leaky":
            raise TransientError("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", retry_after=30)
        case "expired":
            raise TransientError("too late", give_up_at=datetime.now(UTC) - timedelta(seconds=1))
        case "quota" if task.attempt < 2:
            raise QuotaError("used up", until=datetime.now(UTC) + timedelta(seconds=2))
        case "unknown" if not task.in_doubt:
            raise OutcomeUnknownError("the answer was lost", retry_after=0.2)
        case "permanent":
            raise PermanentError(
                "never, token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", field="number"
            )
        case "bug":
            raise KeyError("oops")


@asynccontextmanager
async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
    """Give the handler something to ask for."""
    yield {"told": "so"}


def build() -> Worker:
    """Put the probe together from the environment."""
    return create_app(load(WorkerSettings, "probe-worker"), router, lifespan=lifespan)


if __name__ == "__main__":
    note_arrivals()
    run(build)
