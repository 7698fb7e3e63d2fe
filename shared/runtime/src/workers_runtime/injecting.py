"""Gives a handler what it asks the context for, without the price of a general injector."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from faststream import Context, apply_types
from faststream.rabbit import RabbitBroker

from workers_contracts.base import Command

from .identity import Task

_ASKED = type(Context())


def injecting(
    broker: RabbitBroker, function: Callable[..., Awaitable[Any]]
) -> Callable[[Command, Task], Awaitable[Any]]:
    """Return what calls a handler with its command and with what it asks the context for.

    The gate has checked the command already. The context is asked for each time: an app that takes
    the broker in gives it one of its own.
    """
    names = plain_contexts(function)
    if names is None:
        injected = apply_types(function, cast=False)

        async def by_library(command: Command, task: Task) -> Any:
            context = broker.context
            with context.scope("task", task):
                return await injected(command, context__=context)

        return by_library

    async def call(command: Command, task: Task) -> Any:
        find = broker.context.resolve
        found = {p: task if name == "task" else find(name) for p, name in names.items()}
        return await function(command, **found)

    return call


def plain_contexts(function: Callable[..., Awaitable[Any]]) -> dict[str, str] | None:
    """Return which name of the context each parameter asks for; None when one asks for more.

    Looking names up is all that most handlers need, and a tenth of the library's way.
    """
    _command, *others = inspect.signature(function, eval_str=True).parameters.values()
    names = {}
    for parameter in others:
        asked = [m for m in getattr(parameter.annotation, "__metadata__", ()) if type(m) is _ASKED]
        plain = len(asked) == 1 and not asked[0].cast and asked[0].required
        if not plain or asked[0].initial is not None:
            return None
        names[parameter.name] = f"{asked[0].prefix}{asked[0].name or parameter.name}"
    return names
