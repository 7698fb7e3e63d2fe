"""What the played mail server holds, and how it was asked to misbehave."""

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from hashlib import sha256
from typing import Any

USER = "sandbox"
PASSWORD = "sandbox-smtp-password"  # noqa: S105 - a documented constant, opens nothing real
STEPS = ("mail", "rcpt", "data", "accepted")
FAULTS = ("lost", "hang", "garbage")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that somebody would get."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    tls: bool
    user: str

    @property
    def parsed(self) -> EmailMessage:
        """As a mail reader takes it apart."""
        made = email.message_from_bytes(self.content, policy=email.policy.default)
        if not isinstance(made, EmailMessage):
            raise TypeError("the policy makes EmailMessage")
        return made

    def shown(self) -> dict[str, Any]:
        """As the control API shows it."""
        message = self.parsed
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        files = [one for one in message.walk() if one.get_filename()]
        return {
            "sender": self.sender,
            "recipients": list(self.recipients),
            "message_id": str(message["Message-ID"] or "").strip("<>"),
            "subject": str(message["Subject"] or ""),
            "headers": {name: str(value) for name, value in message.items()},
            "text": text.get_content() if text else None,
            "html": html.get_content() if html else None,
            "files": [_file(one) for one in files],
            "size": len(self.content),
            "tls": self.tls,
            "user": self.user,
        }


def _file(part: Any) -> dict[str, Any]:
    content: bytes = part.get_payload(decode=True) or b""
    return {
        "name": part.get_filename(),
        "media_type": part.get_content_type(),
        "sha256": sha256(content).hexdigest(),
        "size": len(content),
        "cid": (part["Content-ID"] or "").strip("<>"),
    }


@dataclass(slots=True)
class Trouble:
    """An answer that was asked for; `left` is None when it is given without end."""

    step: str
    answer: str
    recipient: str | None
    left: int | None


class Mailbox:
    """State of the played mail server."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.troubles: list[Trouble] = []
        self.sessions = 0
        self.logins = 0
        self.refused_logins = 0

    def trouble(self, wish: dict[str, Any]) -> None:
        """Ask for an answer: `{step, answer, recipient, times}`; ValueError when it is wrong."""
        unknown = set(wish) - {"step", "answer", "recipient", "times"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        step, answer, times = (
            wish.get("step", "rcpt"),
            str(wish.get("answer")),
            wish.get("times", 1),
        )
        if step not in STEPS:
            raise ValueError(f"'step' must be one of {', '.join(STEPS)}")
        if answer not in FAULTS and not (answer[:3].isdigit() and answer[0] in "245"):
            raise ValueError(f"'answer' must be a reply as '450 4.2.0 Later', or one of {FAULTS}")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError("'times' must be a whole number of 1 or more, or null for no end")
        self.troubles.append(Trouble(step, answer, wish.get("recipient"), times))

    def next_trouble(self, step: str, recipients: list[str]) -> str | None:
        """The answer asked for, if any is left."""
        for one in self.troubles:
            fits = one.recipient is None or one.recipient in recipients
            if one.step == step and one.left != 0 and fits:
                one.left = None if one.left is None else one.left - 1
                return one.answer
        return None
