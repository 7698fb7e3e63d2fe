"""What can go wrong, each with a stable code."""

from workers_runtime.errors import OutcomeUnknownError, PermanentError, TransientError


class MailInvalidError(PermanentError):
    """The mail cannot be made as it was asked for; `field` names what is wrong."""

    code = "email_invalid"


class AccountUnroutableError(PermanentError):
    """There is no account that this tenant, or this sender, may use."""

    code = "email_account_unroutable"


class MailRefusedError(PermanentError):
    """The server refused the mail, or every recipient, for good: the message has its words."""

    code = "email_refused"


class MailGaveUpError(PermanentError):
    """Nobody got the mail until its term; the message has the last words about each recipient."""

    code = "email_gave_up"


class MailUncertainError(PermanentError):
    """The server's last answer was lost: the mail may have gone out. A replay sends it again."""

    code = "email_uncertain"


class BusinessKeyReusedError(PermanentError):
    """Another mail was sent under this business key; this one was not sent."""

    code = "email_key_reused"


class MailDeferredError(TransientError):
    """The server refused some recipients for now (4xx); those alone are tried again."""

    code = "email_deferred"


class MailPacedError(TransientError):
    """The account's pace is used up; this mail waits for its turn."""

    code = "email_paced"


class MailBusyError(TransientError):
    """Another command with the same business key is being sent at this moment."""

    code = "email_busy"


class RelayUnavailableError(TransientError):
    """The mail server was not reached, or cannot now; nothing was sent."""

    code = "email_relay_unavailable"


class RelayConfigurationError(TransientError):
    """The mail server refuses the account or its TLS. Mails wait, an operator has to mend it."""

    code = "email_configuration"


class MailAnswerLostError(OutcomeUnknownError):
    """The mail was handed over and the last answer lost; the stated policy says what follows."""

    code = "email_answer_lost"


class SharedStateError(TransientError):
    """Redis does not answer: without it nobody knows what was sent, so nothing is sent."""

    code = "email_state_unavailable"
