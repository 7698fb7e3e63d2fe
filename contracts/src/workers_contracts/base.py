"""The two kinds of message and what every message has."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from .types import UtcDateTime


class Message(BaseModel):
    """Base of everything on the wire; immutable, identified by its routing key."""

    model_config = ConfigDict(frozen=True)

    key: ClassVar[str] = ""
    """Routing key, for example ``efactura.submit``; empty on abstract bases."""

    @classmethod
    def domain(cls) -> str:
        """First word of the routing key; a command fails as ``<domain>.failed``."""
        return cls.key.split(".", 1)[0]


class Command(Message):
    """A wish: flat JSON, published to ``workers.commands``. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    tag: ClassVar[str] = ""
    """Tag of the worker that handles it; the public command's queue has this name."""

    verb: ClassVar[str | None] = None
    """Set on further commands of a worker: their queue is ``<tag>.<verb>``."""

    follow_up: ClassVar[bool | None] = None
    """Whether only the worker itself sends it; left out, every command with a verb is one."""

    about_field: ClassVar[str | None] = None
    """Field that says what it is about, to whoever looks after what waits; no personal data."""

    aside: ClassVar[bool] = False
    """A follow-up beside the public command's life: what it tells is not the command's result,
    and while it waits the command does not."""

    @classmethod
    def queue(cls) -> str:
        """Name of the queue that holds this command."""
        return f"{cls.tag}.{cls.verb}" if cls.verb else cls.tag

    def about(self) -> str:
        """Return what the command is about, for example a firm's fiscal code; empty if unsaid."""
        return str(getattr(self, self.about_field)) if self.about_field else ""

    @classmethod
    def is_public(cls) -> bool:
        """Say whether other teams may publish it (follow-ups are the worker's own)."""
        return not (bool(cls.verb) if cls.follow_up is None else cls.follow_up)

    def short_json(self, *, exclude: set[str] | None = None) -> str:
        """Return it as JSON without the fields that are at their default.

        The same text before and after a version that adds a field: a worker of the version
        before reads it while a new one is rolled out, and a digest of it stays what it was.
        """
        return self.model_dump_json(exclude_defaults=True, exclude=exclude)


class Event(Message):
    """A fact: the ``data`` of a CloudEvent on ``workers.events``. Unknown fields are ignored."""

    # What has a default is always sent all the same: subscribers may count on it.
    model_config = ConfigDict(extra="ignore", json_schema_serialization_defaults_required=True)

    subject_field: ClassVar[str | None] = None
    """Field whose value becomes the CloudEvent's ``subject``."""

    correlation_id: str = Field(
        default="", description="The command's correlation id; set when the event is published."
    )

    def subject(self) -> str | None:
        """Return what the event is about, for example the invoice's number."""
        value = getattr(self, self.subject_field) if self.subject_field else None
        return None if value is None else str(value)


class Failed(Event):
    """Base of the failed events: the command could not be done and is in a dead-letter queue."""

    subject_field = "message_id"

    command: str = Field(description="Routing key of the command that failed.")
    message_id: str = Field(description="AMQP message id of the command that failed.")
    code: str = Field(description="Stable error code; see the error reference.")
    message: str = Field(description="What is wrong and what to do, for a person.")
    field: str | None = Field(
        default=None, description="The command's field that is wrong, when one is."
    )
    attempts: int = Field(ge=0, description="How often the command was tried.")
    dead_letter_queue: str = Field(description="Queue that holds the command for replay.")
    failed_at: UtcDateTime = Field(description="When it was given up, UTC.")


def schema_of(message: type[Message]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a message as other teams see it."""
    if issubclass(message, Command):
        return message.model_json_schema(mode="validation")
    return message.model_json_schema(mode="serialization")
