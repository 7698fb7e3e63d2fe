"""A buyer who writes to his supplier: handlers, ledger and client are real, ANAF is the sandbox."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from anaf_efactura.answering.handlers import send_message
from workers_contracts.base import Event
from workers_contracts.efactura_messages import SendMessage

BUYER = "87654329"
WORDS = "Cantitatea facturată la linia 2 este mai mare decât cea livrată."


@dataclass
class Pen:
    """Publishes messages, and works on them at a desk."""

    desk: Any
    about: str
    """Index of the supplier's invoice."""

    def ask(self, text: str = WORDS, message_id: str = "m1", **fields: Any) -> Any:
        """Publish the command."""
        job = self.desk.submit("<x/>", message_id, tenant=fields.pop("tenant", None))
        job.identity = replace(job.identity, replay=fields.pop("replay", 0))
        job.command = SendMessage(
            **{"cif": BUYER, "about_index": self.about, "text": text} | fields
        )
        return job

    async def write(self, text: str = WORDS, message_id: str = "m1", **fields: Any) -> Event | None:
        """Publish and work until nothing is left; returns the last event."""
        self.ask(text, message_id, **fields)
        await self.desk.work()
        return self.desk.events[-1] if self.desk.events else None


def pen_at(desk: Any, about: str) -> Pen:
    """Return a pen at a desk, which then knows what to do with messages."""
    others = desk.call

    async def call(job: Any) -> Any:
        if not isinstance(job.command, SendMessage):
            return await others(job)
        parts = (desk.parts[name] for name in ("sending", "login"))
        task = replace(desk.task(job.identity), replay=job.identity.replay)
        return desk._set_aside(job, await send_message(job.command, task, *parts))

    desk.call = call
    return Pen(desk, about)


@pytest.fixture
def about(sandbox: Any) -> str:
    """Index of an invoice that the buyer received."""
    sandbox.control.inbound(BUYER)
    (invoice,) = sandbox.control.planted()
    return str(invoice["index"])


@pytest.fixture
def pen(desk: Any, about: str) -> Pen:
    """A pen at one worker's desk."""
    return pen_at(desk, about)


@pytest.fixture
def make_pen(make_desk: Any, efactura_settings: Any, about: str):
    """Make a worker with other settings, and a pen at its desk."""

    async def make(**changes: Any) -> Pen:
        return pen_at(await make_desk(efactura_settings.model_copy(update=changes)), about)

    return make
