"""The e-Factura worker with its own kernel, ledger and handlers, fed by a simulated bus."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import Any

from faststream.rabbit import RabbitBroker

import anaf_efactura.app
import workers_runtime.app
import workers_runtime.outbound
from anaf_efactura.config import Settings
from workers_runtime.delivery import Lane
from workers_runtime.injecting import injecting
from workers_runtime.router import Router

from .bus import Due, SimulatedBus, SimulatedPublisher


class SimulatedWorker:
    """Handles one delivery after another."""

    def __init__(self, bus: SimulatedBus, kernel: Any, router: Router, broker: RabbitBroker):
        self._bus = bus
        self._kernel = kernel
        self._lanes = {
            handler.command.queue(): (
                Lane(handler, handler.command.queue()),
                injecting(broker, handler.function),
            )
            for handler in router.handlers
        }

    async def handle(self, due: Due) -> None:
        """Settle a delivery; everything that it publishes is on the bus afterwards."""
        lane, call = self._lanes[due.queue]
        raw = self._bus.delivery(due)
        self._kernel.take(lane, raw, call)
        await asyncio.gather(*self._kernel.running)
        assert raw.delivery_tag in self._bus.acknowledged, "a delivery was left unsettled"


@asynccontextmanager
async def simulated_worker(settings: Settings, monkeypatch: Any) -> AsyncIterator[Any]:
    """Build the worker as its program does, and keep what it is made of; yields worker and bus."""
    made: dict[str, Any] = {}

    def keep(_settings: Settings, router: Router, **parts: Any) -> SimpleNamespace:
        made.update(parts, router=router)
        return SimpleNamespace()

    monkeypatch.setattr(anaf_efactura.app, "create_app", keep)
    monkeypatch.setattr(workers_runtime.app, "Publisher", SimulatedPublisher)
    # A circuit that rests for a second must rest in simulated time too.
    clock = SimpleNamespace(monotonic=time.time, perf_counter=time.perf_counter)
    monkeypatch.setattr(workers_runtime.outbound, "time", clock)
    anaf_efactura.app.build(settings)
    router: Router = made["router"]
    bus = SimulatedBus({handler.command.key: handler.command for handler in router.handlers})
    SimulatedPublisher.bus = bus
    supplies = workers_runtime.app._supplies(
        settings, router.service, "anaf.efactura", "simulated", made["journal"]
    )
    kernel = workers_runtime.app._kernel(settings, "anaf.efactura", supplies)
    broker = RabbitBroker("amqp://127.0.0.1:1/")
    async with AsyncExitStack() as stack:
        stack.callback(supplies.tracing.close)
        stack.push_async_callback(supplies.results.close)
        stack.push_async_callback(supplies.waiting.close)
        for name, value in (await stack.enter_async_context(made["lifespan"]())).items():
            broker.context.set_global(name, value)
        await supplies.journal.start()
        stack.push_async_callback(supplies.journal.stop)
        yield SimulatedWorker(bus, kernel, router, broker), bus
