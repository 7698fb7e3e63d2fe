"""What can go wrong at a look-up, each with a stable code."""

from workers_runtime.errors import PermanentError, TransientError


class RegisterUnavailableError(TransientError):
    """ANAF's register answered with an error, a firewall's page, or something not understood."""

    code = "anaf_unavailable"


class RegisterRefusedError(PermanentError):
    """ANAF refused the request as malformed: a defect of this worker."""

    code = "anaf_call_refused"


class ViesUnavailableError(TransientError):
    """VIES, or the member state behind it, does not answer; nothing is known of the number."""

    code = "vies_unavailable"


class ViesBlockedError(PermanentError):
    """VIES blocks this address or this number; ask the Commission's help desk."""

    code = "vies_blocked"
