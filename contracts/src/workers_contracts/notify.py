"""Slack: post a message, answer in a thread, change what was posted, share files."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from .base import Command, Event, Failed
from .types import ArtifactRef, UtcDateTime, Value

MessageTs = Annotated[
    str,
    Field(
        pattern=r"^\d{1,12}\.\d{1,9}$",
        description="Slack's ts of a message; `slack.notified` tells it.",
    ),
]


class SharedFile(Value):
    """A file to share, kept as an artifact."""

    artifact: ArtifactRef
    name: str = Field(
        min_length=1, max_length=120, pattern=r"^[^/\\\x00-\x1f]+$", description="File name."
    )
    title: str = Field(default="", max_length=200, description="Shown above it; the name if empty.")


class NotifySlack(Command):
    """Post a message to Slack, once; or change one that was posted."""

    key = "notify.slack"
    tag: ClassVar[str] = "notify.slack"

    text: str = Field(
        min_length=1,
        max_length=200_000,
        description="What is said; beside blocks it is what notifications show. Plain text: "
        "no character of it is taken for formatting or for a mention.",
    )
    channel: str | None = Field(
        default=None,
        min_length=1,
        max_length=81,
        description="Name or id of a channel that the operator allowed; their default if absent.",
    )
    markdown: bool = Field(
        default=False, description="The text is Slack's mrkdwn: bold, links. Mentions stay inert."
    )
    allow_mentions: bool = Field(
        default=False, description="Let <!channel>, <@U…> and the like alert people."
    )
    blocks: list[dict[str, Any]] | None = Field(
        default=None, min_length=1, max_length=50, description="Slack's Block Kit."
    )
    thread: MessageTs | None = Field(default=None, description="Answer in this message's thread.")
    broadcast: bool = Field(default=False, description="Show the answer in the channel as well.")
    update: MessageTs | None = Field(
        default=None, description="Replace this message, posted earlier, instead of a new one."
    )
    files: list[SharedFile] = Field(
        default_factory=list, max_length=10, description="Shared after the text. Needs a bot token."
    )
    overflow: Literal["refuse", "split", "attach"] = Field(
        default="refuse",
        description="A text over 4000 characters: refuse it, post it in parts, or post its "
        "beginning and attach all of it as a file (needs a bot token).",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "NotifySlack":
        if self.broadcast and self.thread is None:
            raise ValueError("broadcast is about an answer in a thread: give thread too")
        if self.update and (self.thread or self.files or self.overflow != "refuse"):
            raise ValueError("update replaces one message: leave thread, files and overflow out")
        return self


class SlackNotified(Event):
    """Slack took everything in."""

    key = "slack.notified"
    subject_field = "channel"

    channel: str | None = Field(
        description="Where it was posted: Slack's id, or the name asked for; null for the "
        "webhook's own channel."
    )
    transport: Literal["webhook", "web_api"] = Field(description="How it was sent.")
    ts: str | None = Field(description="Slack's id of the first message; a webhook tells none.")
    parts: list[str | None] = Field(description="The ts of each message, in order.")
    files: list[str] = Field(default_factory=list, description="Slack's ids of the shared files.")
    updated: bool = Field(default=False, description="An earlier message was replaced.")
    maybe_duplicate: bool = Field(
        default=False,
        description="An answer of Slack's was lost, and a part was sent again without a way to "
        "find out: it may be there twice.",
    )
    notified_at: UtcDateTime = Field(description="When the last part was taken in, UTC.")


class NotifyFailed(Failed):
    """The message could not be posted, or not all of it."""

    key = "notify.failed"
