"""The list of a worker's handlers; `create_app` binds it to a broker."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from workers_contracts.base import Command, Event

HandlerType = TypeVar("HandlerType", bound=Callable[..., Awaitable[Any]])


@dataclass(frozen=True)
class After:
    """A follow-up command to the worker itself, delivered after ``seconds``."""

    command: Command
    seconds: float
    reason: str = ""
    """What is waited for, in words for an operator."""


Outcome = Event | After | Sequence[Event | After] | None
"""What a handler returns: the facts to publish and the follow-ups to schedule."""


@dataclass(frozen=True)
class Handler:
    """One command, its function, and the events it may return."""

    command: type[Command]
    function: Callable[..., Awaitable[Any]]
    emits: tuple[type[Event], ...]


class Router:
    """Collects handlers. The function is returned unchanged: a test may call it."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.handlers: list[Handler] = []

    def handles(
        self, command: type[Command], *, emits: Sequence[type[Event]] = ()
    ) -> Callable[[HandlerType], HandlerType]:
        """Register the decorated coroutine function as the handler of ``command``."""
        if any(known.command is command for known in self.handlers):
            raise ValueError(f"{self.service} has two handlers of {command.key}")

        def register(function: HandlerType) -> HandlerType:
            self.handlers.append(Handler(command, function, tuple(emits)))
            return function

        return register
