"""What can go wrong at a look-up, each with a stable code."""

from workers_runtime.errors import PermanentError, TransientError


class RegisterUnavailableError(TransientError):
    """ANAF's register answered with an error, a page, or something not understood."""

    code = "anaf_unavailable"


class RegisterFirewallError(RegisterUnavailableError):
    """ANAF's firewall answered in the register's place, with HTTP 200; its support id is told."""

    code = "anaf_firewall"


class RegisterBusyError(RegisterUnavailableError):
    """ANAF says that it is asked too often."""

    code = "anaf_rate_limited"


class RegisterIncompleteError(RegisterUnavailableError):
    """ANAF's answer says nothing about a code that was asked, neither found nor not found."""

    code = "anaf_answer_incomplete"


class RegisterRefusedError(PermanentError):
    """ANAF refused the request as malformed: a defect of this worker."""

    code = "anaf_call_refused"


class LookupTimeoutError(TransientError):
    """The authority did not answer about a number of many within the command's time."""

    code = "taxpayer_lookup_timeout"


class DayRefusedError(PermanentError):
    """Nobody answers for the day that was asked: it is to come, or not today's at VIES."""

    code = "taxpayer_day_refused"


class ViesUnavailableError(TransientError):
    """VIES does not answer; nothing is known of the number."""

    code = "vies_unavailable"


class ViesMemberStateUnavailableError(ViesUnavailableError):
    """The member state behind VIES does not answer; nothing is known of the number."""

    code = "vies_member_state_unavailable"


class ViesTimeoutError(ViesUnavailableError):
    """The member state behind VIES did not answer in time; nothing is known of the number."""

    code = "vies_timeout"


class ViesBusyError(ViesUnavailableError):
    """VIES has too many requests, from everybody; nothing is known of the number."""

    code = "vies_busy"


class ViesMemberStateBusyError(ViesUnavailableError):
    """The member state has too many requests, from everybody; nothing is known of the number."""

    code = "vies_member_state_busy"


class ViesRequesterRefusedError(PermanentError):
    """VIES does not know the requester: VIES_REQUESTER must be your own valid VAT number."""

    code = "vies_requester_refused"


class ViesBlockedError(PermanentError):
    """VIES blocks this address; ask the Commission's help desk."""

    code = "vies_blocked"


class ViesNumberBlockedError(PermanentError):
    """VIES blocks this VAT number; ask the Commission's help desk."""

    code = "vies_number_blocked"
