"""The look-up with the sandbox in the authorities' place."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import redis.asyncio as redis

from anaf_taxpayer.batching import Batcher
from anaf_taxpayer.cache import Cache
from anaf_taxpayer.client import RegisterClient, ViesClient
from anaf_taxpayer.handlers import validate_taxpayer
from anaf_taxpayer.lookup import Lookup
from workers_anaf.limits import Turns
from workers_contracts.taxpayer import TaxpayerValidated, ValidateTaxpayer
from workers_runtime.outbound import Outbound
from workers_runtime.redis_pool import connect
from workers_sandbox.settings import Settings as SandboxSettings
from workers_sandbox.testing import SandboxServer

VIES_PATH = "/taxation_customs/vies/services/checkVatService"


@pytest.fixture
def sandbox_settings() -> SandboxSettings:
    """A register that wants 0.2 s between look-ups, refuses what comes sooner and notes it."""
    return SandboxSettings(hang=0.1, lookup_policy="refuse", lookup_interval=0.2)


@dataclass
class Worker:
    """One replica."""

    lookup: Lookup
    register: Batcher
    vies: ViesClient
    client: redis.Redis

    async def ask(self, number: str, **fields) -> TaxpayerValidated:
        """Call the handler."""
        command = ValidateTaxpayer(number=number, **fields)
        return await validate_taxpayer(command, self.lookup)


MakeWorker = Callable[..., Worker]


@pytest.fixture
async def make_worker(sandbox: SandboxServer, redis_url: str) -> AsyncIterator[MakeWorker]:
    """Make replicas that share a Redis."""
    closing = []

    def make(
        *,
        redis_address: str = redis_url,
        seconds: float = 0.22,
        found_seconds: int = 60,
        not_found_seconds: int = 30,
        past_seconds: int = 600,
        stale_seconds: int = 300,
        requester: tuple[str, str] | None = None,
        vies_seconds: float = 5.0,
        vies_url: str = sandbox.url + VIES_PATH,
    ) -> Worker:
        client = connect(redis_address)
        outbound = Outbound("ANAF register", sandbox.url, keep_alive=False, read_seconds=5)
        turns = Turns(client, "anaf.lookup", seconds=seconds)
        authority = RegisterClient(outbound)
        register = Batcher(authority.look_up, turns)
        efactura = Batcher(authority.registrations, turns)
        vies = ViesClient(vies_url, requester=requester, seconds=vies_seconds)
        cache = Cache(
            client,
            found_seconds=found_seconds,
            not_found_seconds=not_found_seconds,
            past_seconds=past_seconds,
            stale_seconds=stale_seconds,
        )
        closing.extend([register.close, efactura.close, vies.close])
        closing.extend([outbound.close, client.aclose])
        return Worker(Lookup(register, efactura, vies, cache), register, vies, client)

    yield make
    for close in closing:
        await close()


@pytest.fixture
def worker(make_worker: MakeWorker) -> Worker:
    """One replica."""
    return make_worker()
