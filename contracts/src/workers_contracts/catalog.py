"""Every message class by routing key; found by walking the package, nothing to register."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from .base import Command, Event, Failed, Message


def _subclasses(base: type[Message]) -> Iterator[type[Message]]:
    for child in base.__subclasses__():
        yield child
        yield from _subclasses(child)


@cache
def messages() -> dict[str, type[Message]]:
    """Return every message class of this package by its routing key."""
    package = __name__.rsplit(".", 1)[0]
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")
    found: dict[str, type[Message]] = {}
    for message in _subclasses(Message):
        if not message.key or not message.__module__.startswith(f"{package}."):
            continue
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
    event = messages()[f"{command.domain()}.failed"]
    if not issubclass(event, Failed):
        raise TypeError(f"{event.__name__} must derive from Failed")
    return event
