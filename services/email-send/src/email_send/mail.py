"""From a command to the bytes that go out. No I/O: files come as bytes.

The bytes are made once: what is signed is what is sent. Source: RFC 5322, 2045, 8058, 3834.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

from workers_contracts.email import Mailbox, SendEmail

from . import text as plain
from .addresses import Checked, check, check_all, unique
from .errors import MailInvalidError
from .lines import check_headers, one_line
from .templating import Content, Templates

_UNFOLDED = frozenset({"message-id", "in-reply-to", "references", "list-unsubscribe"})
"""Made of long words that must not be cut or encoded; they are ASCII and below 998 bytes a word."""


_PEOPLE = frozenset({"from", "to", "cc", "reply-to"})
"""Written by us, an address a line: see `Checked.header`."""

_ONE_HEADER = re.compile(r"[!-9;-~]+:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")
"""The last gate: whatever the library made of a value, it is one header and nothing behind it."""


class _Policy(EmailPolicy):
    """The library's SMTP policy, but ids and links are folded at blanks only."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        # The library would take addresses apart again, and loses the quotes of long names:
        # what stood in a name became a recipient (CVE-2025-1795 and its like).
        if name.lower() in _PEOPLE:
            return name, value
        return super().header_store_parse(name, value)

    def fold(self, name: str, value: str) -> str:
        if name.lower() in _PEOPLE:
            made = f"{name}: {value}\r\n"
            if not _ONE_HEADER.fullmatch(made):
                raise ValueError(f"{name} would become more than one header")
            return made
        if name.lower() in _UNFOLDED:
            return f"{name}: " + "\r\n ".join(str(value).split()) + "\r\n"
        made = str(super().fold(name, value))
        if not _ONE_HEADER.fullmatch(made):
            raise ValueError(f"{name} would become more than one header")
        return made

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii")


@dataclass(frozen=True)
class File:
    """An attachment, or an image of the HTML when it has a cid."""

    name: str
    media_type: str
    content: bytes
    cid: str = ""


@dataclass(frozen=True)
class Plan:
    """A command, checked: who gets what. Everything but its files."""

    sender: Checked
    to: list[Checked]
    cc: list[Checked]
    bcc: list[Checked]
    reply_to: list[Checked]
    content: Content
    command: SendEmail = field(repr=False)

    @property
    def recipients(self) -> list[Checked]:
        """Everybody who gets it, once, in the order to, cc, bcc."""
        return unique([*self.to, *self.cc, *self.bcc])

    @property
    def needs_utf8(self) -> bool:
        """Whether the server must know SMTPUTF8."""
        shown = [self.sender, *self.to, *self.cc, *self.bcc, *self.reply_to]
        return any(one.needs_utf8 for one in shown)


def plan(command: SendEmail, own_sender: Checked, templates: Templates) -> Plan:
    """Check a command.

    Raises:
        MailInvalidError: with the field that is wrong.
    """
    check_headers(command.headers)
    ids = {f"references.{n}": value for n, value in enumerate(command.references)}
    ids |= {
        "in_reply_to": command.in_reply_to or "",
        "unsubscribe_url": command.unsubscribe_url or "",
    }
    for place, value in ids.items():
        if not one_line(value, place).isascii():
            raise MailInvalidError("must be ASCII", field=place)
    content = _content(command, templates)
    for number, image in enumerate(command.images):
        if f"cid:{image.cid}" not in (content.html or ""):
            raise MailInvalidError(
                f'the HTML does not show it: <img src="cid:{image.cid}">',
                field=f"images.{number}.cid",
            )
    return Plan(
        sender=check(command.sender, "sender") if command.sender else own_sender,
        to=check_all(command.to, "to"),
        cc=check_all(command.cc, "cc"),
        bcc=check_all(command.bcc, "bcc"),
        reply_to=check_all(command.reply_to, "reply_to"),
        content=content,
        command=command,
    )


def _content(command: SendEmail, templates: Templates) -> Content:
    if command.template:
        made = templates.render(command.template, command.language, command.data)
        subject, where = command.subject or made.subject, "subject" if command.subject else "data"
        return Content(one_line(subject, where), made.text, made.html)
    subject = one_line(command.subject or "", "subject")
    text = command.text or plain.from_html(command.html or "")
    return Content(subject, text, command.html)


def mail_id(job: str, domain: str) -> str:
    """Return the Message-ID of a job, without <>; the same in every try."""
    return f"{hashlib.sha256(job.encode()).hexdigest()[:32]}@{domain}"


def build(plan: Plan, files: Sequence[File], *, identity: str, moment: datetime) -> bytes:
    """Return the mail as it goes out, without a signature.

    Args:
        plan: what it says.
        files: attachments, and images by their cid.
        identity: its Message-ID, without <>.
        moment: for Date; the same in every try.
    """
    message = EmailMessage(policy=_Policy(linesep="\r\n", utf8=plan.needs_utf8))
    try:
        _head(message, plan, identity, moment)
        _body(message, plan.content, files)
        return message.as_bytes()
    except (ValueError, UnicodeError) as error:
        # The library refuses line ends in headers by itself: the gate before it missed something.
        raise MailInvalidError(f"cannot be made a mail: {error}") from None


def _head(message: EmailMessage, plan: Plan, identity: str, moment: datetime) -> None:
    command = plan.command
    message["Date"] = format_datetime(moment.astimezone(UTC))
    message["Message-ID"] = f"<{identity}>"
    message["From"] = plan.sender.header
    for name, people in (("To", plan.to), ("Cc", plan.cc), ("Reply-To", plan.reply_to)):
        if people:
            message[name] = ",\r\n ".join(one.header for one in people)
    message["Subject"] = plan.content.subject
    if command.in_reply_to:
        message["In-Reply-To"] = _bracketed(command.in_reply_to)
    thread = [*command.references, *([command.in_reply_to] if command.in_reply_to else [])]
    if thread:
        message["References"] = " ".join(dict.fromkeys(map(_bracketed, thread)))
    if not command.awaits_answer:
        message["Auto-Submitted"] = "auto-generated"
    if command.importance != "normal":
        message["Importance"] = command.importance
        message["X-Priority"] = "1" if command.importance == "high" else "5"
    _unsubscribe(message, command)
    for name, value in command.headers.items():
        message[name] = value


def _unsubscribe(message: EmailMessage, command: SendEmail) -> None:
    ways = [f"<{command.unsubscribe_url}>"] if command.unsubscribe_url else []
    if command.unsubscribe_email:
        address = check(Mailbox(address=command.unsubscribe_email), "unsubscribe_email")
        ways.append(f"<mailto:{address.wire}>")
    if ways:
        message["List-Unsubscribe"] = ", ".join(ways)
    if command.unsubscribe_url:
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _body(message: EmailMessage, content: Content, files: Sequence[File]) -> None:
    message.set_content(content.text, cte="quoted-printable")
    if content.html is not None:
        message.add_alternative(content.html, subtype="html", cte="quoted-printable")
        shown = list(message.iter_parts())[-1]
        for image in (one for one in files if one.cid):
            main, sub = _kind(image.media_type)
            shown.add_related(
                image.content,
                main,
                sub,
                cid=f"<{image.cid}>",
                filename=image.name,
                disposition="inline",
            )
    for one in (one for one in files if not one.cid):
        main, sub = _kind(one.media_type)
        message.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name)


def _kind(media_type: str) -> tuple[str, str]:
    main, _, sub = media_type.partition(";")[0].strip().lower().partition("/")
    known = main in {"application", "audio", "font", "image", "text", "video"}
    words = sub.replace("-", "").replace(".", "").replace("+", "")
    # What is no media type, or a mail inside the mail, goes as plain bytes.
    if known and words.isascii() and words.isalnum():
        return main, sub
    return "application", "octet-stream"


def _bracketed(value: str) -> str:
    return f"<{value.strip('<>')}>"
