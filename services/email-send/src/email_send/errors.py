"""What can go wrong, each with a stable code."""

from workers_runtime.errors import TransientError


class EmailUnavailableError(TransientError):
    """The other side does not answer; the command is tried again."""

    code = "email_unavailable"
