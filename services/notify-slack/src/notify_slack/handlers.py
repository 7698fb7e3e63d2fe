"""Everything this worker can do: post to Slack."""

from typing import Annotated

from faststream import Context

from workers_contracts.notify import NotifySlack, SlackNotified
from workers_runtime.identity import Task
from workers_runtime.router import Router

from .posting import Poster

router = Router("notify-slack")


@router.handles(NotifySlack, emits=[SlackNotified])
async def notify_slack(
    command: NotifySlack,
    task: Annotated[Task, Context("task")],
    poster: Annotated[Poster, Context("poster")],
) -> SlackNotified:
    """Post the message, or what is still missing of it."""
    return await poster.post(command, task)
