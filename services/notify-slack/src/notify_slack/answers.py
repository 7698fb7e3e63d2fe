"""From what an answer means to the error that the command ends or waits with. No I/O."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from .errors import (
    SlackAnswerLostError,
    SlackConfigurationError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackUnavailableError,
)
from .outcomes import Meaning
from .pace import CONFIGURATION_SECONDS

USUAL_WAIT = 30.0
"""Seconds to wait when Slack says that it was too fast and not for how long."""

LONGEST_WAIT = 3600.0
_WORD = re.compile(r"[\w .:-]{1,80}")
_FIELDS = {
    "channel": ("channel_", "not_in_channel", "is_archived", "restricted_action", "duplicate_"),
    "blocks": ("invalid_blocks", "msg_blocks_too_long"),
    "thread": ("thread_",),
    "text": ("msg_too_long", "no_text"),
}


def raise_for(
    meaning: Meaning,
    status: int,
    word: str,
    headers: Mapping[str, str],
    data: Mapping[str, Any] | None = None,
) -> NoReturn:
    """Raise what an answer that is no success means.

    Args:
        meaning: its class.
        status: of HTTP.
        word: Slack's own word for it; empty when a page came instead.
        headers: of the answer, for `Retry-After`.
        data: the Web API's answer, which may name the places that are wrong.
    """
    # A word of Slack's is short; something before Slack answers with a page of any length.
    told = word if _WORD.fullmatch(word) else "with a page"
    said = f"Slack answered {told} (HTTP {status})"
    match meaning:
        case Meaning.LIMITED:
            raise SlackRateLimitedError(said, retry_after=retry_after(headers))
        case Meaning.RETRY:
            raise SlackUnavailableError(said)
        case Meaning.CONFIGURATION:
            raise SlackConfigurationError(
                f"{said}{_scopes(data)}: an operator has to give a valid token or webhook",
                word=word,
                retry_after=CONFIGURATION_SECONDS,
            )
        case Meaning.REFUSED:
            raise SlackRefusedError(said + _places(data), word=word, field=_field(word))
        case _:
            raise SlackAnswerLostError(f"{said}: it may have been posted")


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that Slack asks to wait; the usual ones when it names none."""
    text = next((v for name, v in headers.items() if name.lower() == "retry-after"), "")
    try:
        seconds = float(text)
    except ValueError:
        return USUAL_WAIT
    # The next second at the earliest: 0 has been seen, and means "soon".
    return min(max(seconds, 1.0), LONGEST_WAIT) if seconds >= 0 else USUAL_WAIT


def _field(word: str) -> str | None:
    return next((name for name, starts in _FIELDS.items() if word.startswith(starts)), None)


def _places(data: Mapping[str, Any] | None) -> str:
    """Return what Slack says of each place that is wrong, with its JSON pointer."""
    metadata = (data or {}).get("response_metadata")
    told = metadata.get("messages") if isinstance(metadata, dict) else None
    found = [*_texts((data or {}).get("errors")), *_texts(told)]
    return f": {'; '.join(dict.fromkeys(found))}"[:500] if found else ""


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _scopes(data: Mapping[str, Any] | None) -> str:
    needed = (data or {}).get("needed")
    return f" (it needs the scope {needed})" if needed else ""
