"""Composition root: makes the parts of this worker and hands them to its handlers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from workers_anaf.limits import Turns
from workers_runtime.app import Worker, create_app
from workers_runtime.config import load
from workers_runtime.outbound import Outbound
from workers_runtime.redis_pool import connect

from .batching import Batcher
from .cache import Cache
from .client import RegisterClient, ViesClient
from .config import Settings
from .handlers import router
from .lookup import Lookup


def build(settings: Settings | None = None) -> Worker:
    """Put the worker together; reads the environment when no settings are given."""
    settings = settings or load(Settings, "anaf-taxpayer")
    shared = connect(settings.redis_url.get_secret_value())
    # ANAF's public host resets reused connections.
    outbound = Outbound(
        "ANAF register", settings.anaf_public_url, keep_alive=False, read_seconds=20
    )

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[Mapping[str, Any]]:
        vies = ViesClient(settings.vies_url, requester=settings.requester())
        # One row of turns for both registers: ANAF's limit is for the whole host.
        turns = Turns(shared, "anaf.lookup", seconds=settings.lookup_seconds)
        client = RegisterClient(outbound)
        register, efactura = Batcher(client.look_up, turns), Batcher(client.registrations, turns)
        cache = Cache(
            shared,
            found_seconds=settings.found_ttl_seconds,
            not_found_seconds=settings.not_found_ttl_seconds,
            past_seconds=settings.past_ttl_seconds,
            stale_seconds=settings.stale_seconds,
        )
        try:
            yield {"lookup": Lookup(register, efactura, vies, cache)}
        finally:
            await register.close()
            await efactura.close()
            await vies.close()
            await outbound.close()
            await shared.aclose()

    return create_app(settings, router, lifespan=lifespan)
