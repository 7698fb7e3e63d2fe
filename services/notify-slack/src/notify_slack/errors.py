"""What can go wrong, each with a stable code."""

from workers_runtime.errors import OutcomeUnknownError, PermanentError, TransientError


class MessageRefusedError(PermanentError):
    """The message is over one of Slack's limits, or names something that cannot be sent."""

    code = "slack_message_invalid"


class ChannelUnroutableError(PermanentError):
    """The channel is not allowed here, or this worker has no way to it."""

    code = "channel_unroutable"


class SlackRefusedError(PermanentError):
    """Slack will never take this message: its message holds Slack's own word for it."""

    code = "slack_refused"

    def __init__(self, message: str, *, word: str, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.word = word


class SlackUncertainError(PermanentError):
    """Slack's answer was lost twice; a part may be posted once, twice or not at all."""

    code = "slack_uncertain"


class SlackUnavailableError(TransientError):
    """Slack says that it cannot now, or was not reached; nothing was posted."""

    code = "slack_unavailable"


class SlackPacedError(TransientError):
    """Slack takes about one message a second and channel; this one waits for its turn."""

    code = "slack_paced"


class SlackRateLimitedError(TransientError):
    """Slack asked to wait; all replicas leave this channel alone until then."""

    code = "slack_rate_limited"


class SlackConfigurationError(TransientError):
    """Token or webhook is refused. Commands wait, an operator has to give a valid one."""

    code = "slack_configuration"

    def __init__(self, message: str, *, word: str, retry_after: float) -> None:
        super().__init__(message, retry_after=retry_after)
        self.word = word


class SlackAnswerLostError(OutcomeUnknownError):
    """The message was sent and the answer lost: it is looked for before it is sent again."""

    code = "slack_answer_lost"


class SharedStateError(TransientError):
    """Redis does not answer: without it nobody knows what was posted, so nothing is sent."""

    code = "slack_state_unavailable"
