"""Every message class by routing key; found by walking the package, nothing to register."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from .base import Command, Event, Failed, Message

M = TypeVar("M", bound=Message)

TOOLS = frozenset({"__main__", "compatibility", "examples", "schema_changes", "schemas"})
"""Modules about messages, without one of their own: no worker needs to load them."""

_PACKAGE = __name__.rsplit(".", 1)[0]


def _known(base: type[M]) -> Iterator[type[M]]:
    """Yield the message classes below a base that are loaded and of this package."""
    for child in base.__subclasses__():
        if child.key and child.__module__.startswith(f"{_PACKAGE}."):
            yield child
        yield from _known(child)


@cache
def messages() -> dict[str, type[Message]]:
    """Return every message class of this package by its routing key."""
    for module in iter_modules(import_module(_PACKAGE).__path__):
        if module.name not in TOOLS:
            import_module(f"{_PACKAGE}.{module.name}")
    found: dict[str, type[Message]] = {}
    for message in _known(Message):
        if found.setdefault(message.key, message) is not message:
            raise RuntimeError(f"two message classes have the routing key {message.key}")
    return dict(sorted(found.items()))


def commands() -> dict[str, type[Command]]:
    """Return every command class by routing key."""
    return {key: m for key, m in messages().items() if issubclass(m, Command)}


def events() -> dict[str, type[Event]]:
    """Return every event class by routing key."""
    return {key: m for key, m in messages().items() if issubclass(m, Event)}


def failed_event(command: type[Command]) -> type[Failed]:
    """Return the ``<domain>.failed`` class of a command."""
    key = f"{command.domain()}.failed"
    # A worker that has the command has its failure too: the other workers' contracts stay unread.
    for failed in _known(Failed):
        if failed.key == key:
            return failed
    event = messages()[key]
    if not issubclass(event, Failed):
        raise TypeError(f"{event.__name__} must derive from Failed")
    return event
