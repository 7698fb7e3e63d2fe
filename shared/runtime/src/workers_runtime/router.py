"""The list of a worker's handlers; `create_app` binds it to a broker."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
    tenant: str | None = None
    """Whose it is, when not of the message that asks for it; empty: nobody's."""


@dataclass(frozen=True)
class Send:
    """A command to another worker, published as any other team would.

    Its answer is read from the results (`workers_runtime.results.answer_to`) by a follow-up, which
    knows how long to wait.
    """

    command: Command
    message_id: str
    """The same id is the same wish: made with `derived_id` from what it is about, so that a wish
    that is sent again meets the answer of the first."""


Item = Event | After | Send
FailedFields = Callable[[str], Mapping[str, Any]]
"""Fields of a domain's own failed event, by the error's code."""
Outcome = Item | Sequence[Item] | None
"""What a handler returns: facts to publish, follow-ups to schedule, wishes to other workers."""


@dataclass(frozen=True)
class Handler:
    """One command, its function, and the events it may return."""

    command: type[Command]
    function: Callable[..., Awaitable[Any]]
    emits: tuple[type[Event], ...]
    sends: tuple[type[Command], ...] = ()
    """Commands of other workers that it may send."""
    failed: FailedFields | None = None
    """What `<domain>.failed` says of a code beside what every failed event says."""


class Router:
    """Collects handlers. The function is returned unchanged: a test may call it."""

    def __init__(self, service: str, *, failed: FailedFields | None = None) -> None:
        self.service = service
        self.failed = failed
        self.handlers: list[Handler] = []

    def handles(
        self,
        command: type[Command],
        *,
        emits: Sequence[type[Event]] = (),
        sends: Sequence[type[Command]] = (),
    ) -> Callable[[HandlerType], HandlerType]:
        """Register the decorated coroutine function as the handler of ``command``."""
        if any(known.command is command for known in self.handlers):
            raise ValueError(f"{self.service} has two handlers of {command.key}")

        def register(function: HandlerType) -> HandlerType:
            handler = Handler(command, function, tuple(emits), tuple(sends), self.failed)
            self.handlers.append(handler)
            return function

        return register

    def include(self, other: "Router") -> None:
        """Add another list's handlers to this one's, for a worker with several modules of them."""
        for handler in other.handlers:
            self.handles(handler.command, emits=handler.emits, sends=handler.sends)(
                handler.function
            )
