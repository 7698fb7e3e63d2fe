"""Every row of Slack's tables of answers, from its meaning to the error of the runtime."""

import pytest

from notify_slack.answers import LONGEST_WAIT, USUAL_WAIT, raise_for, retry_after
from notify_slack.errors import (
    SlackAnswerLostError,
    SlackConfigurationError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackUnavailableError,
)
from notify_slack.outcomes import WEB_API, WEBHOOK, Meaning, of_web_api, of_webhook
from workers_runtime.errors import OutcomeUnknownError, PermanentError, TransientError

PERMANENT = {
    400: "invalid_payload no_text invalid_blocks invalid_blocks_format too_many_attachments "
    "user_not_found",
    410: "channel_is_archived",
}
CONFIGURATION = {
    403: "action_prohibited invalid_token posting_to_general_channel_denied team_disabled",
    404: "no_service no_team channel_not_found",
}
WEB = {
    TransientError: "ratelimited rate_limited service_unavailable request_timeout",
    OutcomeUnknownError: "internal_error fatal_error",
    SlackConfigurationError: "invalid_auth not_authed token_revoked token_expired account_inactive "
    "missing_scope no_permission org_login_required ekm_access_denied team_access_not_granted",
    PermanentError: "channel_not_found not_in_channel is_archived restricted_action "
    "restricted_action_read_only_channel restricted_action_thread_only_channel "
    "restricted_action_non_threadable_channel restricted_action_thread_locked msg_too_long no_text "
    "invalid_blocks msg_blocks_too_long invalid_blocks_format too_many_attachments "
    "invalid_arguments thread_not_found duplicate_channel_not_found metadata_too_large "
    "as_user_not_supported",
}
HOOK_ROWS = [
    *((s, word, SlackRefusedError) for s, words in PERMANENT.items() for word in words.split()),
    *((s, w, SlackConfigurationError) for s, words in CONFIGURATION.items() for w in words.split()),
    (429, "rate_limited", SlackRateLimitedError),
    (500, "rollup_error", SlackUnavailableError),
]
WEB_ROWS = [(word, kind) for kind, words in WEB.items() for word in words.split()]


@pytest.mark.parametrize(("status", "word", "kind"), HOOK_ROWS)
def test_row_of_the_webhook_table(status, word, kind):
    with pytest.raises(kind, match=word):
        raise_for(of_webhook(status, f"{word}\n"), status, word, {})


@pytest.mark.parametrize(("word", "kind"), WEB_ROWS)
def test_row_of_the_web_api_table(word, kind):
    status = 429 if word.startswith("rate") else 200
    with pytest.raises(kind, match=word):
        raise_for(of_web_api(status, word), status, word, {})


@pytest.mark.parametrize("word", ["<html>" + "x" * 100_000, "a" * 100, "a\nb", ""])
def test_page_is_never_told_as_slacks_word(word):
    with pytest.raises(SlackRefusedError, match="with a page") as refused:
        raise_for(of_webhook(403, word), 403, word, {})
    assert len(str(refused.value)) < 200


def test_unknown_word_of_a_breakdown_leaves_the_outcome_open():
    assert of_web_api(500, "new_error") is Meaning.UNKNOWN
    assert of_web_api(200, "new_error") is Meaning.REFUSED


def test_tests_know_every_row():
    assert {(s, w) for s, w, _ in HOOK_ROWS} | {(200, "ok")} == set(WEBHOOK)
    assert {word for word, _ in WEB_ROWS} == set(WEB_API)


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, "ok", Meaning.DONE),
        (200, "<html>proxy</html>", Meaning.UNKNOWN),
        (429, "", Meaning.LIMITED),
        (502, "<html>", Meaning.UNKNOWN),
        (500, "internal", Meaning.UNKNOWN),
        (400, "something_new", Meaning.REFUSED),
        (302, "", Meaning.UNKNOWN),
    ],
)
def test_other_answers_of_a_webhook(status, body, meaning):
    assert of_webhook(status, body) is meaning


@pytest.mark.parametrize(
    ("status", "word", "meaning"),
    [
        (429, "ratelimited", Meaning.LIMITED),
        (429, None, Meaning.LIMITED),
        (502, None, Meaning.UNKNOWN),
        (200, None, Meaning.UNKNOWN),
        (404, None, Meaning.REFUSED),
        (200, "something_new", Meaning.REFUSED),
    ],
)
def test_other_answers_of_the_web_api(status, word, meaning):
    assert of_web_api(status, word) is meaning


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("60", 60), ("0", 1), ("1.5", 1.5), ("soon", USUAL_WAIT), ("", USUAL_WAIT), ("-1", USUAL_WAIT),
     ("1e9", LONGEST_WAIT), ("nan", USUAL_WAIT)],
)  # fmt: skip
def test_retry_after_is_believed_within_reason(value, seconds):
    assert retry_after({"retry-after": value}) == seconds
    assert retry_after({}) == USUAL_WAIT


def test_places_that_slack_names_reach_the_sender():
    data = {
        "errors": ["failed to match all allowed schemas [json-pointer:/blocks/3/text]"],
        "response_metadata": {"messages": ["[ERROR] must be a string"]},
    }
    with pytest.raises(SlackRefusedError, match=r"json-pointer:/blocks/3/text.*must be a") as error:
        raise_for(Meaning.REFUSED, 200, "invalid_blocks", {}, data)
    assert error.value.field == "blocks"


def test_scope_that_is_missing_reaches_the_operator():
    with pytest.raises(SlackConfigurationError, match="needs the scope chat:write"):
        raise_for(Meaning.CONFIGURATION, 200, "missing_scope", {}, {"needed": "chat:write"})


def test_unknown_outcome_is_never_a_plain_retry():
    with pytest.raises(SlackAnswerLostError):
        raise_for(Meaning.UNKNOWN, 502, "", {})
