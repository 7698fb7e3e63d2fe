"""The course of the year: publishers, ANAF's outages and accountants beside the worker."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aio_pika
import time_machine

from workers_cli.replaying import copy_of
from workers_contracts.topology import COMMANDS
from workers_sandbox.testing import Control

from .bus import SimulatedBus
from .worker import SimulatedWorker
from .year import DOWN_OPERATIONS, Invoice, Outage

FINAL = frozenset({"efactura.accepted", "efactura.rejected", "efactura.failed"})
HOUR = 3600.0


@dataclass
class Course:
    """Moves the clock from one happening to the next."""

    bus: SimulatedBus
    worker: SimulatedWorker
    anaf: Control
    clock: time_machine.Traveller
    dice: random.Random
    invoices: dict[str, Invoice] = field(default_factory=dict)
    """By correlation id."""
    final: dict[str, list[tuple[str, dict[str, Any]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Final events by correlation id."""
    replays: Counter[str] = field(default_factory=Counter)
    """How often an operator sent a command again, by correlation id."""
    told: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How many events of each key there were."""
    _to_come: list[Invoice] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _seen: int = 0

    async def run(self, invoices: Iterable[Invoice], outages: Iterable[Outage], end: float) -> None:
        """Let everything happen that is due before the end."""
        self._to_come = sorted(invoices, key=_published_at, reverse=True)
        switches = self._switches(outages)
        while True:
            while self._to_come and self._to_come[-1].published_at <= self.bus.next_at:
                self._publish(self._to_come.pop())
            if self.bus.next_at > end:
                return
            due = self.bus.take()
            while switches and switches[-1][0] <= due.at:
                moment, switch = switches.pop()
                self._move(moment)
                switch()
            self._move(due.at)
            await self.worker.handle(due)
            self._listen()

    def _publish(self, invoice: Invoice) -> None:
        """File an invoice; publishers that lost a confirmation publish it again."""
        self.invoices[invoice.key] = invoice
        message, at = invoice.message(), invoice.published_at
        self.bus.put(COMMANDS, "efactura.submit", message, at)
        if self.dice.random() < 0.01:
            self.bus.put(COMMANDS, "efactura.submit", message, at + self.dice.uniform(0, HOUR))

    def _switches(self, outages: Iterable[Outage]) -> list[tuple[float, Callable[[], None]]]:
        found: list[tuple[float, Callable[[], None]]] = []
        for outage in outages:
            found.append((outage.begins, partial(self._down, outage)))
            found.append((outage.ends, self.anaf.clear_scenarios))
        return sorted(found, key=lambda switch: switch[0], reverse=True)

    def _move(self, moment: float) -> None:
        self.clock.move_to(datetime.fromtimestamp(moment, UTC))

    def _down(self, outage: Outage) -> None:
        for operation in DOWN_OPERATIONS:
            token = operation == "token"
            scenario = "token-endpoint-slow-or-500" if token else outage.scenario
            self.anaf.scenario(scenario, operation=operation, times=None)

    def _listen(self) -> None:
        for at, key, message in self.bus.events[self._seen :]:
            # A redelivery repeats an event under its id: the same fact, not another.
            if message.message_id not in self._known:
                self._known.add(str(message.message_id))
                self.told[key] += 1
                if key in FINAL:
                    self._ended(at, key, message)
        self._seen = len(self.bus.events)

    def _ended(self, at: float, key: str, message: aio_pika.Message) -> None:
        subject, data = str(message.correlation_id), json.loads(message.body)["data"]
        self.final[subject].append((key, data))
        if key == "efactura.failed":
            self._replay(subject, data, at)
        if key == "efactura.rejected" and len(self.final[subject]) == 1:
            self._correct(self.invoices[subject], at)

    def _replay(self, subject: str, data: dict[str, Any], at: float) -> None:
        """An operator mends what was wrong and sends the dead letter again."""
        letter = next(each for each in self.bus.dead if each.message_id == data["message_id"])
        self.bus.dead.remove(letter)
        self.replays[subject] += 1
        queue = str(letter.headers["x-queue"])
        self.bus.put("", queue, copy_of(letter), at + self.dice.uniform(HOUR, 20 * HOUR))

    def _correct(self, invoice: Invoice, at: float) -> None:
        """An accountant reads why it was refused, mends it and files it again."""
        moment = at + self.dice.uniform(HOUR, 5 * HOUR)
        if invoice.broken:
            self._publish(replace(invoice, broken=False, edition=2, published_at=moment))
        elif invoice.refused_by_anaf:
            number = invoice.number.split("-SBX-")[0] + "-C"
            self._publish(replace(invoice, number=number, published_at=moment))


def _published_at(invoice: Invoice) -> float:
    return invoice.published_at
