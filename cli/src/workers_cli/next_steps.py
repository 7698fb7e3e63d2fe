"""What a person can do about a code or a deduction: one table for every command that tells it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """What helps."""

    next: str
    """The command to run, or what to change."""
    acts: bool = True
    """Whether a person must act; False where the command goes on by itself."""


_LOGIN = Step("workers efactura login, with --tenant where the reason names one")
_LOG = Step("look into the worker's log under the message id; a defect, or a machine too slow")
_REDIS = Step("bring Redis back: workers doctor")
_ITSELF = Step("nothing: it goes on by itself", acts=False)
_AUTHORITY = Step("nothing: it goes on when the other side answers again", acts=False)
_PACE = Step("nothing: it waits for its turn", acts=False)

_OF_CODES = {
    # The log-in at ANAF.
    "anaf_login_required": _LOGIN,
    "anaf_login_missing": _LOGIN,
    "anaf_login_unreadable": Step(
        "give the workers the ANAF_CLIENT_SECRET of that log-in, or: workers efactura login"
    ),
    "anaf_token_refused": Step(
        "see the reason: the application at ANAF's portal, or a new workers efactura login"
    ),
    "anaf_credentials_unreadable": Step("mend the file of ANAF_CREDENTIALS_FILE; see the reason"),
    # What this installation provides.
    "artifact_store_unavailable": Step("bring the store of ARTIFACTS_URL back"),
    "email_configuration": Step("mend SMTP_HOST, SMTP_USERNAME, SMTP_PASSWORD; see the reason"),
    "email_state_unavailable": _REDIS,
    "journal_unavailable": Step("bring Redis, or the database of DATABASE_URL, back"),
    "ledger_unavailable": Step("bring the database of DATABASE_URL back"),
    "ocr_disk_unavailable": Step("make room on the disk of the worker ocr"),
    "ocr_models_unavailable": Step("install the models of the worker ocr; see its log"),
    "pdf_browser_unavailable": Step("look into the log of pdf.render: Chromium does not start"),
    "results_unavailable": _REDIS,
    "slack_configuration": Step("mend SLACK_BOT_TOKEN or SLACK_WEBHOOK_URL; see the reason"),
    "slack_state_unavailable": _REDIS,
    # A defect, or something too slow.
    "handler_timeout": _LOG,
    "internal_error": _LOG,
    # The other side is away, or its answer is.
    "anaf_answer_incomplete": _AUTHORITY,
    "anaf_firewall": _AUTHORITY,
    "anaf_login_unavailable": _AUTHORITY,
    "anaf_unavailable": _AUTHORITY,
    "answer_lost": _AUTHORITY,
    "circuit_open": _AUTHORITY,
    "email_answer_lost": _AUTHORITY,
    "email_deferred": _AUTHORITY,
    "email_relay_unavailable": _AUTHORITY,
    "outcome_unknown": _AUTHORITY,
    "pdf_page_unavailable": _AUTHORITY,
    "slack_answer_lost": _AUTHORITY,
    "slack_unavailable": _AUTHORITY,
    "taxpayer_lookup_timeout": _AUTHORITY,
    "temporarily_unavailable": _AUTHORITY,
    "unreachable": _AUTHORITY,
    "vies_blocked": _AUTHORITY,
    "vies_busy": _AUTHORITY,
    "vies_member_state_busy": _AUTHORITY,
    "vies_member_state_unavailable": _AUTHORITY,
    "vies_timeout": _AUTHORITY,
    "vies_unavailable": _AUTHORITY,
    # Allowances, and one's own pace.
    "anaf_daily_limit": Step("nothing: the allowance is back on the next day", acts=False),
    "anaf_rate_limited": _PACE,
    "email_busy": _PACE,
    "email_paced": _PACE,
    "ocr_overloaded": _PACE,
    "quota_exhausted": Step("nothing: it goes on when the allowance is back", acts=False),
    "slack_paced": _PACE,
    "slack_rate_limited": _PACE,
    # As planned.
    "anaf_upload_uncertain": Step(
        "nothing: ANAF's lists are searched before anything is sent again", acts=False
    ),
    "efactura_archive_unreadable": _ITSELF,
    "efactura_filing_in_progress": _ITSELF,
    "follow_up": Step("nothing: the worker asks again as planned", acts=False),
    "ledger_conflict": _ITSELF,
    "ocr_pages_unavailable": _ITSELF,
}

_OF_DEDUCTIONS = {
    "anaf_login": "workers efactura login",
    "chromium": "look into the log of pdf.render: Chromium does not start",
    "consuming": "look at RabbitMQ, then at the worker's log; when it stays, start the worker anew",
    "failures": "workers dead list",
    "heartbeat_missing": "workers tail --heartbeats",
    "inbox": "workers waiting anaf.efactura",
    "journal": "bring Redis, or the database of DATABASE_URL, back",
    "models": "install the models of the worker ocr; see its log",
    "publisher": "look at RabbitMQ, then at the worker's log",
    "slack": "mend SLACK_BOT_TOKEN or SLACK_WEBHOOK_URL",
    "smtp": "mend SMTP_HOST, SMTP_USERNAME, SMTP_PASSWORD, or bring the mail server back",
}


def of_code(code: str) -> Step:
    """Return what helps a command that waits with a code.

    One that nobody described is looked at by a person: better once too often.
    """
    return _OF_CODES.get(code) or Step(f"workers errors {code}")


def is_described(code: str) -> bool:
    """Say whether the table has a code."""
    return code in _OF_CODES


def of_deduction(reason: str) -> str:
    """Return what helps against what a worker says of itself."""
    return _OF_DEDUCTIONS.get(reason, "look into the worker's log and at its page /health/ready")
