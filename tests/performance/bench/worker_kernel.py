"""The kernel: a worker as the product runs it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from workers_contracts.taxpayer import TaxpayerValidated, ValidateTaxpayer
from workers_runtime.app import Worker, create_app
from workers_runtime.config import WorkerSettings, load
from workers_runtime.router import Router
from workers_runtime.run import run

from .job import answer

router = Router("bench-worker")


@router.handles(ValidateTaxpayer, emits=[TaxpayerValidated])
async def validate(command: ValidateTaxpayer) -> TaxpayerValidated:
    """Answer."""
    return answer(command)


@asynccontextmanager
async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
    """Depend on nothing."""
    yield {}


def build() -> Worker:
    """Put the worker together."""
    return create_app(load(WorkerSettings, "bench-worker"), router, lifespan=lifespan)


if __name__ == "__main__":
    run(build)
