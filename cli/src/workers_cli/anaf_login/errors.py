"""What can go wrong when a person logs in at ANAF."""

from workers_cli.errors import CliError, ExitCode


class LoginFailedError(CliError):
    """The log-in at ANAF came to nothing; whatever was stored before is still in force."""

    code = "anaf_login_failed"
    exit_code = ExitCode.FAILED


class WrongStateError(CliError):
    """ANAF's answer belongs to another log-in: an older tab, or somebody else's link."""

    code = "anaf_login_wrong_state"
    exit_code = ExitCode.FAILED


class LedgerUnreachableError(CliError):
    """The workers' ledger does not answer; nothing was changed."""

    code = "ledger_unreachable"
