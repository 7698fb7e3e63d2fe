"""What is said of a command that no worker knows."""

from .base import Failed


class CommandFailed(Failed):
    """Nobody takes this routing key, and its first word is no domain that is known.

    A key with a known first word, or one that is nearly right, fails as ``<domain>.failed``.
    """

    key = "command.failed"
