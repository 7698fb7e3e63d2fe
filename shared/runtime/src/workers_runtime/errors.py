"""What can go wrong, in four classes. One question decides: could it work later?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from .router import After


class WorkerError(Exception):
    """Base of the errors that handlers and clients raise; ``code`` is stable for ever."""

    code: ClassVar[str] = "worker_error"

    follow_ups: Sequence[After] = ()
    """What the worker asks of itself although this command failed. A try that is repeated sends
    them again under the same ids: their content must then be the same."""


class TransientError(WorkerError):
    """It may work later: the command is tried again after a delay.

    Args:
        message: what failed, for a person.
        retry_after: seconds that the other side asked for; the delay ladder when None.
        rest: seconds that pass at the least, while the delay ladder may say more; five minutes
            is the longest wait of this kind.
        give_up_at: moment after which a retry is pointless, for example a legal deadline.
    """

    code = "temporarily_unavailable"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        rest: float | None = None,
        give_up_at: datetime | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.rest = rest
        self.give_up_at = give_up_at


class QuotaError(WorkerError):
    """An authority's allowance is used up: the command waits until ``until``."""

    code = "quota_exhausted"

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class OutcomeUnknownError(WorkerError):
    """The effect may have happened: the handler is told so when the command comes again."""

    code = "outcome_unknown"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class HandlerTimeoutError(OutcomeUnknownError):
    """The handler did not end within its limit; how far it came is not known."""

    code = "handler_timeout"


class PermanentError(WorkerError):
    """It can never work as it is: dead letter and ``<domain>.failed``.

    Args:
        message: what is wrong and what to do, for the person who sent the command.
        field: the command's field that is wrong, when one is.
    """

    code = "permanent"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class InvalidMessageError(PermanentError):
    """The bytes are not a valid command: not JSON, too large, or a field is wrong."""

    code = "invalid_message"


class MessageTooLargeError(InvalidMessageError):
    """The body is over the limit; the content belongs in an artifact."""

    code = "message_too_large"


class MessageIdReusedError(PermanentError):
    """Another command, with other content, was published under this message id before."""

    code = "message_id_reused"


class HandlerContractError(PermanentError):
    """A handler returned something it did not declare: a bug in the worker."""

    code = "handler_contract"


class KilledItsWorkerError(PermanentError):
    """Worker processes died while they handled this message, even alone."""

    code = "killed_its_worker"


class RetriesExhaustedError(PermanentError):
    """A transient failure lasted past its term: the age limit, or the document's legal deadline."""

    code = "retries_exhausted"


class InternalError(PermanentError):
    """The worker failed repeatedly in a way nobody foresaw: a defect; its log has the details."""

    code = "internal_error"


class TopologyError(WorkerError):
    """The broker holds a queue or exchange with other arguments than the product's."""

    code = "topology_conflict"


class JournalUnavailableError(WorkerError):
    """The journal cannot be asked, so nothing may be started."""

    code = "journal_unavailable"


def error_codes() -> dict[str, type[WorkerError]]:
    """Return every error code of the loaded packages with its class, for the reference."""
    found: dict[str, type[WorkerError]] = {}
    pending: list[type[WorkerError]] = [WorkerError]
    while pending:
        error = pending.pop()
        found.setdefault(error.code, error)
        pending.extend(error.__subclasses__())
    return dict(sorted(found.items()))
