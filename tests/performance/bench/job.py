"""The job of all contenders: what is asked, what is answered, and the queues it goes through."""

from datetime import UTC, datetime

from workers_contracts.taxpayer import TaxpayerValidated, ValidateTaxpayer

COMMAND = {"number": "12345674"}
DONE = "bench.done"
"""Routing key of the others' event; the kernel's is the contract's own."""

PREFETCH = 100


def queue_of(contender: str) -> str:
    """Return the queue that a contender consumes; the kernel's is its worker's own."""
    return ValidateTaxpayer.queue() if contender == "kernel" else f"bench.{contender}"


def answer(command: ValidateTaxpayer) -> TaxpayerValidated:
    """Do the job."""
    now = datetime.now(UTC)
    return TaxpayerValidated(
        number=command.number,
        country="RO",
        valid=True,
        source="local",
        as_of=now.date(),
        checked_at=now,
    )
