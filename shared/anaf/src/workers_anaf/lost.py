"""Why ANAF does not take a log-in, and what is raised meanwhile: the command waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workers_runtime.errors import TransientError

from .refusal_notes import Note

Cause = Literal[
    "refused", "renewal_lost", "token_refused", "certificate_refused", "certificate_ended"
]
"""The words of `efactura.login_lost`."""


class LoginRequiredError(TransientError):
    """ANAF no longer takes the refresh token: a person must log in with the certificate."""

    code = "anaf_login_required"


class TokenRefusedError(TransientError):
    """ANAF gives access tokens and takes none of them; it is asked again every 15 minutes."""

    code = "anaf_token_refused"


@dataclass(frozen=True)
class Lost:
    """A log-in that ANAF takes no longer."""

    reason: str
    """ANAF's words."""
    unsaved_since: datetime | None = None
    """When the renewal began whose answer nobody stored, if that is why."""
    cause: Cause = "refused"
    since: datetime | None = None
    """When ANAF began to refuse, if that may end by itself: without a new log-in."""


def not_taken(note: Note) -> TokenRefusedError:
    """Return what is raised while ANAF takes none of its own access tokens."""
    began = f" since {note.began:%Y-%m-%d %H:%M:%S} UTC" if note.since else ""
    return TokenRefusedError(
        f"ANAF gives access tokens and does not take them{began} ({note.reason}): is the clock of "
        "this machine right, is the application revoked in ANAF's portal? It is asked again every "
        "15 minutes; new tokens are asked for more and more seldom",
        retry_after=max(note.asked_again_in, 1.0),
    )
