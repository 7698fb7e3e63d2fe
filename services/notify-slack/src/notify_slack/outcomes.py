"""What Slack's answers mean: certainly not posted, perhaps posted, never to be posted. No I/O.

Source: Slack's changelog "Improving error conditions for incoming webhooks" (2016-05-17) and its
reference of `chat.postMessage`.
"""

from collections.abc import Mapping
from enum import Enum


class Meaning(Enum):
    """Class of an answer."""

    DONE = "done"
    RETRY = "retry"
    LIMITED = "limited"
    UNKNOWN = "unknown"
    CONFIGURATION = "configuration"
    REFUSED = "refused"


_CONFIGURATION_403 = ("action_prohibited", "invalid_token", "posting_to_general_channel_denied",
                      "team_disabled")  # fmt: skip
_REFUSED_400 = ("invalid_payload", "no_text", "invalid_blocks", "invalid_blocks_format",
                "too_many_attachments", "user_not_found")  # fmt: skip

WEBHOOK: Mapping[tuple[int, str], Meaning] = {
    (200, "ok"): Meaning.DONE,
    **{(400, word): Meaning.REFUSED for word in _REFUSED_400},
    **{(403, word): Meaning.CONFIGURATION for word in _CONFIGURATION_403},
    **{(404, w): Meaning.CONFIGURATION for w in ("no_service", "no_team", "channel_not_found")},
    (410, "channel_is_archived"): Meaning.REFUSED,
    (429, "rate_limited"): Meaning.LIMITED,
    (500, "rollup_error"): Meaning.RETRY,
}
"""Status and body of a webhook's answer."""

_WEB_API: Mapping[Meaning, tuple[str, ...]] = {
    Meaning.LIMITED: ("ratelimited", "rate_limited"),
    Meaning.RETRY: ("service_unavailable", "request_timeout"),
    # Slack documents both as perhaps done in part.
    Meaning.UNKNOWN: ("internal_error", "fatal_error"),
    Meaning.CONFIGURATION: (
        "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive",
        "missing_scope", "no_permission", "org_login_required", "ekm_access_denied",
        "team_access_not_granted",
    ),
    Meaning.REFUSED: (
        "channel_not_found", "not_in_channel", "is_archived", "restricted_action",
        "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel", "restricted_action_thread_locked",
        "msg_too_long", "no_text", "invalid_blocks", "msg_blocks_too_long",
        "invalid_blocks_format", "too_many_attachments", "invalid_arguments", "thread_not_found",
        "duplicate_channel_not_found", "metadata_too_large", "as_user_not_supported",
    ),
}  # fmt: skip
WEB_API: Mapping[str, Meaning] = {
    word: meaning for meaning, words in _WEB_API.items() for word in words
}
"""The word in `error` of the Web API's answer."""


def of_webhook(status: int, body: str) -> Meaning:
    """Say what a webhook's answer means."""
    known = WEBHOOK.get((status, body.strip()))
    if known is not None:
        return known
    if status == 429:
        return Meaning.LIMITED
    # A page of something before Slack, or 200 with other words: the message may be there.
    return Meaning.REFUSED if 400 <= status < 500 else Meaning.UNKNOWN


def of_web_api(status: int, error: str | None) -> Meaning:
    """Say what an answer of the Web API means that is not `ok`."""
    if status == 429:
        return Meaning.LIMITED
    if error is None:
        return Meaning.REFUSED if 400 <= status < 500 else Meaning.UNKNOWN
    # A word that is not in the table says, like all of them, that it was not done; unless Slack
    # broke down over it.
    return WEB_API.get(error, Meaning.UNKNOWN if status >= 500 else Meaning.REFUSED)
