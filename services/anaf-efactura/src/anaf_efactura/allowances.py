"""ANAF's limits of a day, counted for all replicas. Source: ANAF's list of limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import redis.asyncio as redis

from workers_anaf.errors import (
    LoginMissingError,
    LoginRequiredError,
    LoginUnreadableError,
    TokenEndpointError,
    TokenRefusedError,
)
from workers_anaf.limits import Allowance

_NOT_HEARD = (
    LoginMissingError,
    LoginRequiredError,
    LoginUnreadableError,
    TokenEndpointError,
    TokenRefusedError,
)
"""Without a log-in ANAF hears no question, and counts none."""


@asynccontextmanager
async def counted(allowance: Allowance, subject: str) -> AsyncIterator[None]:
    """Count the call that is made inside.

    Raises:
        DailyLimitError: ANAF would refuse it.
    """
    await allowance.take(subject)
    try:
        yield
    except _NOT_HEARD:
        await allowance.give_back(subject)
        raise


@dataclass(frozen=True)
class Allowances:
    """One counter for each kind of call."""

    states: Allowance
    """`stareMesaj`, by upload index."""
    downloads: Allowance
    """`descarcare`, by message."""
    pages: Allowance
    """`listaMesajePaginatieFactura`, by CIF."""
    lists: Allowance
    """`listaMesajeFactura`, by CIF."""
    answers: Allowance
    """Uploads with the standard RASP, by CIF."""

    @classmethod
    def of(cls, shared: "redis.Redis") -> "Allowances":
        """Return the counters in the Redis that all replicas share."""
        return cls(
            states=Allowance(shared, "efactura.state", limit=100),
            downloads=Allowance(shared, "efactura.download", limit=10),
            pages=Allowance(shared, "efactura.pages", limit=100_000),
            lists=Allowance(shared, "efactura.lists", limit=1500),
            answers=Allowance(shared, "efactura.rasp", limit=1000),
        )
