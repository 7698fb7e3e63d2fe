"""ANAF's limits of a day, counted for all replicas. Source: ANAF's list of limits."""

from dataclasses import dataclass

import redis.asyncio as redis

from workers_anaf.limits import Allowance


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
