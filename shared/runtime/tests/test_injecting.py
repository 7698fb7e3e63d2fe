"""A handler gets what it asks the context for, by the short way and by the library's."""

from typing import Annotated

import pytest
from faststream import Context, Depends
from faststream.exceptions import ContextError
from faststream.rabbit import RabbitBroker

from workers_contracts.taxpayer import ValidateTaxpayer
from workers_runtime.identity import Task
from workers_runtime.injecting import injecting, plain_contexts

COMMAND = ValidateTaxpayer(number="12345674")
TASK = Task("m", "c", "", 1, in_doubt=False, first_seen_ms=0)


@pytest.fixture
def broker():
    made = RabbitBroker()
    made.context.set_global("client", {"name": "the client"})
    return made


async def test_names_are_looked_up_at_each_call(broker):
    async def handler(
        command: ValidateTaxpayer,
        client: Annotated[dict, Context("client")],
        task: Annotated[Task, Context("task")],
        name: Annotated[str, Context("client.name")],
    ):
        return command, client, task, name

    assert plain_contexts(handler) == {"client": "client", "task": "task", "name": "client.name"}
    call = injecting(broker, handler)
    assert await call(COMMAND, TASK) == (COMMAND, {"name": "the client"}, TASK, "the client")
    broker.context.set_global("client", {"name": "another"})
    assert (await call(COMMAND, TASK))[3] == "another"


async def test_parameter_s_own_name_is_the_default(broker):
    async def handler(command: ValidateTaxpayer, client: Annotated[dict, Context()]):
        return client

    assert await injecting(broker, handler)(COMMAND, TASK) == {"name": "the client"}


async def test_whatever_else_is_asked_for_goes_the_library_s_way(broker):
    def doubled(client: Annotated[dict, Context("client")]) -> str:
        return client["name"] * 2

    async def handler(
        command: ValidateTaxpayer,
        name: Annotated[str, Depends(doubled)],
        task: Annotated[Task, Context("task")],
        absent: Annotated[str, Context("absent", default="none")],
    ):
        return name, task, absent

    assert plain_contexts(handler) is None
    call = injecting(broker, handler)
    assert await call(COMMAND, TASK) == ("the clientthe client", TASK, "none")


async def test_name_that_the_lifespan_did_not_yield_is_an_error(broker):
    async def handler(command: ValidateTaxpayer, other: Annotated[dict, Context("other")]):
        return other

    with pytest.raises(ContextError):
        await injecting(broker, handler)(COMMAND, TASK)
