"""What can go wrong in this program: what, why, and the command to run next."""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the shell sees."""

    OK = 0
    WRONG = 1
    """Something is wrong with the system that was looked at."""
    USAGE = 2
    """Wrong use, or the other side cannot be reached."""
    REJECTED = 3
    FAILED = 4
    TIMED_OUT = 5


class CliError(Exception):
    """An error for the person at the terminal; never shown with a traceback.

    Args:
        message: what is wrong, and why.
        next_step: the command to run, or what to change.
        field: the command's field that is wrong, when one is.
        ro: both sentences in Romanian, where a report takes them to an accountant.
    """

    code: ClassVar[str] = "cli_error"
    exit_code: ClassVar[ExitCode] = ExitCode.USAGE

    def __init__(
        self,
        message: str,
        next_step: str,
        *,
        field: str | None = None,
        ro: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.field = field
        self.ro = ro


class UsageError(CliError):
    """The options or arguments do not fit together."""

    code = "usage"


class ConfigurationError(CliError):
    """An address, from an option, the environment or `.run/stack.json`, cannot be used."""

    code = "configuration"


class BrokerUnreachableError(CliError):
    """No RabbitMQ answers at the address."""

    code = "broker_unreachable"


class BrokerRefusedError(CliError):
    """RabbitMQ answers, but not to this user, virtual host or action."""

    code = "broker_refused"


class BrokerLostError(CliError):
    """The connection to RabbitMQ ended in the middle."""

    code = "broker_lost"


class TopologyMissingError(CliError):
    """An exchange or queue that the product needs is not there."""

    code = "topology_missing"


class NotConfirmedError(CliError):
    """RabbitMQ did not take the message, or did not say so in time."""

    code = "publish_not_confirmed"


class UnknownKeyError(CliError):
    """No command has this routing key."""

    code = "unknown_command"


class InputError(CliError):
    """The file or standard input cannot be read as the body of a command."""

    code = "unreadable_input"


class ContractError(CliError):
    """The body does not fit the command's contract; nothing was sent."""

    code = "invalid_command"


class BodyTooLargeError(CliError):
    """The body is over the limit of a message; nothing was sent."""

    code = "body_too_large"


class NoSuchQueueError(CliError):
    """The queue is not one that keeps dead letters, or is not on this broker."""

    code = "no_such_queue"


class NoSuchMessageError(CliError):
    """The queue holds no message with this id."""

    code = "no_such_message"


class UnknownCodeError(CliError):
    """Nothing installed here knows this error code."""

    code = "unknown_error_code"


class ConflictError(CliError):
    """The broker holds something of the same name with other arguments; nothing was changed."""

    code = "declaration_conflict"
    exit_code = ExitCode.WRONG


class NotReplayedError(CliError):
    """A dead letter stays where it is, because its queue did not take it."""

    code = "not_replayed"
    exit_code = ExitCode.WRONG


class TimedOutError(CliError):
    """What was waited for did not come in time."""

    code = "timed_out"
    exit_code = ExitCode.TIMED_OUT


class RedisUnreachableError(CliError):
    """No Redis answers at the address."""

    code = "redis_unreachable"


class RegistryError(CliError):
    """The registry does not answer, or not with what was asked."""

    code = "registry_unavailable"
