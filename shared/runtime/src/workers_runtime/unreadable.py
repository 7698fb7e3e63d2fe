"""Messages whose AMQP properties cannot be decoded: delivered and refused, not fatal.

pamqp raises on text that is not UTF-8, on odd timestamps and on deeply nested headers; aiormq then
closes the connection, and the broker delivers the same message, with its innocent neighbours,
again and again. One careless publisher would stop a worker.
"""

from typing import Any

from pamqp.commands import Basic

UNREADABLE = "x-unreadable"
"""Header that is put on such a message; its value is the kind of problem."""

_NAME = "unmarshal"


def tolerate() -> None:
    """Make this process's AMQP connections deliver such messages; may be called repeatedly."""
    original = getattr(Basic.Properties, _NAME)
    if getattr(original, "tolerant", False):
        return

    def unmarshal(self: Any, flags: int, data: bytes) -> None:
        try:
            original(self, flags, data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the connection
            # What was decoded before the problem is kept: often the ids.
            self.headers = {**(self.headers or {}), UNREADABLE: type(error).__name__}

    unmarshal.tolerant = True  # type: ignore[attr-defined]
    setattr(Basic.Properties, _NAME, unmarshal)
