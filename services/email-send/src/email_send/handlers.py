"""Everything this worker can do: send a mail."""

from typing import Annotated

from faststream import Context

from workers_contracts.email import EmailSent, SendEmail
from workers_runtime.identity import Task
from workers_runtime.router import Router

from .sending import Sender

router = Router("email-send")


@router.handles(SendEmail, emits=[EmailSent])
async def send_email(
    command: SendEmail,
    task: Annotated[Task, Context("task")],
    sender: Annotated[Sender, Context("sender")],
) -> EmailSent:
    """Send the mail, to those who did not get it yet."""
    return await sender.send(command, task)
