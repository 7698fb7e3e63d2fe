"""A command on its way."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import aio_pika

from workers_contracts.base import Command
from workers_contracts.catalog import commands
from workers_runtime.identity import TENANT


@dataclass(frozen=True)
class Parcel:
    """A command on its way."""

    key: str
    body: bytes
    message_id: str
    correlation_id: str
    tenant: str | None

    @classmethod
    def of(cls, key: str, body: bytes, tenant: str | None) -> "Parcel":
        """Return one with ids of its own."""
        return cls(key, body, str(uuid.uuid4()), str(uuid.uuid4()), tenant)

    @property
    def command(self) -> type[Command] | None:
        """Its contract; None for a key that nobody knows."""
        return commands().get(self.key)

    def message(self) -> aio_pika.Message:
        """Return the AMQP message."""
        return aio_pika.Message(
            self.body,
            headers={TENANT: self.tenant} if self.tenant else {},
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=self.message_id,
            correlation_id=self.correlation_id,
            timestamp=datetime.now(UTC),
            type=self.key,
            app_id="workers-cli",
        )
