"""The command that writes to a supplier; joined to the worker's other handlers in `handlers`."""

from typing import Annotated

from faststream import Context

from anaf_efactura.login_watch import LoginWatch
from workers_contracts.efactura_messages import MessageRejected, MessageSent, SendMessage
from workers_runtime.identity import Task
from workers_runtime.router import Outcome, Router

from .sending import Sending

router = Router("anaf-efactura")


@router.handles(SendMessage, emits=[MessageSent, MessageRejected])
async def send_message(
    command: SendMessage,
    task: Annotated[Task, Context("task")],
    sending: Annotated[Sending, Context("sending")],
    login: Annotated[LoginWatch, Context("login")],
) -> Outcome:
    """Send a buyer's message to a supplier: uploaded at most once, then followed."""
    return await login.over(sending.send(command, task), task)
