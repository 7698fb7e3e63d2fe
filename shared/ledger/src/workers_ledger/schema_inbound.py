"""The tables of what an authority holds for a company: boxes, and the messages in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .schema import Base, Moment


class InboxRow(Base):
    """A box that is read for a tenant."""

    __tablename__ = "inbox"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    service: Mapped[str] = mapped_column(String(40))
    tenant: Mapped[str] = mapped_column(String(128))
    cif: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(default=True)
    turn: Mapped[int] = mapped_column(default=0)
    """The one reading that may take place; grows with each, so that an old one finds itself out."""
    turned_by: Mapped[str] = mapped_column(String(36), default="")
    """Made from the id of the message that set it; the same message finds its own turn again."""
    due_at: Mapped[datetime] = mapped_column(Moment)
    followed_at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the last complete reading began."""
    swept_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the last reading of everything that is listed began."""
    failures: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str] = mapped_column(String(64), default="")
    error: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (Index("ix_inbox_cif", "service", "tenant", "cif", unique=True),)


class InboundRow(Base):
    """A message in a box."""

    __tablename__ = "inbound"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    inbox_id: Mapped[str] = mapped_column(String(36))
    service: Mapped[str] = mapped_column(String(40))
    tenant: Mapped[str] = mapped_column(String(128))
    cif: Mapped[str] = mapped_column(String(20))
    message_id: Mapped[str] = mapped_column(String(64))
    """What the authority calls it."""
    upload_index: Mapped[str | None] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(12))
    listed_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    """When it was first read in a list."""
    hand: Mapped[int] = mapped_column(default=0)
    """How often it was handed out to be fetched; only the newest hand may store it."""
    handed_by: Mapped[str] = mapped_column(String(36), default="")
    handed_until: Mapped[datetime | None] = mapped_column(Moment)
    """After this moment the hand is taken for lost."""
    alarmed_by: Mapped[str] = mapped_column(String(36), default="")
    tries: Mapped[int] = mapped_column(default=0)
    """How often what was given could not be used."""
    error_code: Mapped[str] = mapped_column(String(64), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What only the one service needs: what was read from it, where it is kept."""
    updated_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_inbound_message", "service", "tenant", "cif", "message_id", unique=True),
        Index("ix_inbound_state", "inbox_id", "state", "listed_at"),
    )
