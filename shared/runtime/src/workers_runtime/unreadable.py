"""Messages whose AMQP properties cannot be decoded: delivered and refused, not fatal.

pamqp raises on text that is not UTF-8, on odd timestamps and on deeply nested headers; aiormq then
closes the connection, and the broker delivers the same message, with its innocent neighbours,
again and again. One careless publisher would stop a worker.

A routing key that is not UTF-8 does the same to whoever fetches the message one by one; the
broker's own names for queues and exchanges are text.
"""

from typing import Any

from pamqp.commands import Basic

UNREADABLE = "x-unreadable"
"""Header that is put on such a message; its value is the kind of problem."""

_NAME = "unmarshal"
_KEY_AFTER = 9


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
    _tolerate_keys()


def _tolerate_keys() -> None:
    original = getattr(Basic.GetOk, _NAME)

    def unmarshal(self: Any, data: bytes) -> None:
        try:
            original(self, data)
        except UnicodeDecodeError:
            original(self, _with_plain_key(data))

    setattr(Basic.GetOk, _NAME, unmarshal)


def _with_plain_key(data: bytes) -> bytes:
    """Return a frame of Basic.GetOk whose routing key has a question mark for what is no ASCII."""
    # Delivery tag (8 bytes), redelivered (1), exchange and routing key, each after its length.
    start = _KEY_AFTER + 1 + data[_KEY_AFTER] + 1
    end = start + data[start - 1]
    key = bytes(byte if byte < 128 else ord("?") for byte in data[start:end])
    return data[:start] + key + data[end:]
