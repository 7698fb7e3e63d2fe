"""Everything this worker can do: one function a command."""

from datetime import UTC, datetime
from typing import Annotated

from faststream import Context

from workers_contracts.email import EmailSent, SendEmail
from workers_runtime.router import Router

from .client import Client

router = Router("email-send")


@router.handles(SendEmail, emits=[EmailSent])
async def send_email(command: SendEmail, client: Annotated[Client, Context("client")]) -> EmailSent:
    """Ask the other side and tell its answer."""
    answer = await client.ask(command.reference)
    return EmailSent(reference=command.reference, answer=answer, done_at=datetime.now(UTC))
