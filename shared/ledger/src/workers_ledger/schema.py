"""The tables; the same on SQLite and PostgreSQL."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TextClause,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without zone; store UTC."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC."""
        del dialect
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


ANSWERED = text("outcome IN ('accepted', 'refused')")
LOST = text("(outcome IS NULL OR outcome = 'unknown')")
"""What the indices of `AttemptRow` hold; a query that says the same words is answered by them."""


_ROWS = "rows"


def partial(name: str, column: str, rows: TextClause) -> Index:
    """Return an index of some rows; see `restrict`."""
    return Index(name, column, info={_ROWS: rows})


def restrict(tables: MetaData, dialect: str) -> None:
    """Tell indices of some rows which, in a database's own words.

    Only when tables are made: naming a dialect loads it, and a worker needs one of them.
    """
    for index in (index for table in tables.tables.values() for index in table.indexes):
        if _ROWS in index.info:
            index.dialect_kwargs[f"{dialect}_where"] = index.info[_ROWS]


class Base(DeclarativeBase):
    """Base of the tables."""


class DocumentRow(Base):
    """A document on its way to an authority."""

    __tablename__ = "document"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    service: Mapped[str] = mapped_column(String(40))
    tenant: Mapped[str] = mapped_column(String(128))
    business_key: Mapped[str] = mapped_column(String(512))
    """What makes it the same document to the authority, for example seller, number and date."""
    content_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(24))
    version: Mapped[int] = mapped_column(default=1)
    """Grows with each change; a writer that read an older one is refused."""
    cif: Mapped[str] = mapped_column(String(20), default="")
    number: Mapped[str | None] = mapped_column(String(255))
    issue_date: Mapped[date | None]
    authority_id: Mapped[str | None] = mapped_column(String(64))
    """What the authority calls it: upload index, UIT, receipt."""
    deadline: Mapped[datetime | None] = mapped_column(Moment)
    unknown_since: Mapped[datetime | None] = mapped_column(Moment)
    correlation_id: Mapped[str] = mapped_column(String(255), default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What only the one service needs: parameters, artifact references, errors."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_document_business", "service", "tenant", "business_key", unique=True),
        Index("ix_document_state", "service", "state"),
        Index("ix_document_authority", "service", "authority_id"),
        Index("ix_document_number", "service", "cif", "number"),
    )


class AttemptRow(Base):
    """One try at an outside effect; a row without an end is an effect in doubt."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document_id: Mapped[str] = mapped_column(
        ForeignKey("document.id", ondelete="CASCADE"), index=True
    )
    action: Mapped[str] = mapped_column(String(24))
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None] = mapped_column(String(24))
    detail: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        partial("ix_attempt_answered", "detail", ANSWERED),
        partial("ix_attempt_lost", "started_at", LOST),
    )


class SightingRow(Base):
    """What the authority holds under one of its ids, whoever sent it."""

    __tablename__ = "sighting"

    service: Mapped[str] = mapped_column(String(40), primary_key=True)
    authority_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_sha256: Mapped[str] = mapped_column(String(64), default="")
    """Empty when it holds nothing that can be read."""
    seen_at: Mapped[datetime] = mapped_column(Moment)


class NoticeRow(Base):
    """Something that is told once, and the message that tells it."""

    __tablename__ = "notice"

    service: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A document's id, or the name of a secret."""
    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    told_by: Mapped[str] = mapped_column(String(36), default="")
    """Made from the message's id; empty for a moment, while the first one takes it."""
    told_at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
    """After this moment another message may take it over; never when empty."""


class ArchiveRow(Base):
    """A file that the authority gave, in its place in the tenant's chain."""

    __tablename__ = "archive"

    service: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(128), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1 for the tenant's first entry."""
    download_id: Mapped[str] = mapped_column(String(80))
    cif: Mapped[str] = mapped_column(String(20), default="")
    direction: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(24))
    upload_index: Mapped[str] = mapped_column(String(64), default="")
    document_id: Mapped[str] = mapped_column(String(36), default="")
    partner: Mapped[str] = mapped_column(String(64), default="")
    number: Mapped[str | None] = mapped_column(String(255))
    issue_date: Mapped[date | None]
    uri: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(80))
    seal: Mapped[str] = mapped_column(String(24), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    archived_at: Mapped[datetime] = mapped_column(Moment)
    retain_until: Mapped[date]
    previous_hash: Mapped[str] = mapped_column(String(64))
    entry_hash: Mapped[str] = mapped_column(String(64))
    erased_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the bytes were erased by law; outside the hash, the chain has an entry of its own."""
    copies: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """What was made of the document and stored: an erasure takes it along."""

    __table_args__ = (
        Index("ix_archive_download", "service", "tenant", "download_id", unique=True),
        Index("ix_archive_number", "service", "tenant", "cif", "number"),
        Index("ix_archive_issued", "service", "tenant", "issue_date"),
        Index("ix_archive_upload", "service", "tenant", "upload_index"),
        Index("ix_archive_document", "service", "tenant", "document_id"),
        Index("ix_archive_content", "sha256"),
    )


class ArchiveHeadRow(Base):
    """The end of a tenant's chain; locked by whoever appends."""

    __tablename__ = "archive_head"

    service: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(128), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    entry_hash: Mapped[str] = mapped_column(String(64))


class MessageRow(Base):
    """A command that was handled, or is being handled."""

    __tablename__ = "message"

    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    owner: Mapped[str] = mapped_column(String(128), default="")
    token: Mapped[str] = mapped_column(String(32), default="")
    deaths: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(Text, default="")
    """What was published for it: the outbox. The broker's redelivery publishes it again."""
    updated_at: Mapped[datetime] = mapped_column(Moment, index=True)


class StampRow(Base):
    """The id that was made for a message without one."""

    __tablename__ = "stamp"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(36))
    updated_at: Mapped[datetime] = mapped_column(Moment)


class InstanceRow(Base):
    """A worker process that proves its life."""

    __tablename__ = "instance"

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    alive_until: Mapped[datetime] = mapped_column(Moment)


class SecretRow(Base):
    """A secret that changes, with a lease: one process renews it, the others wait."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text, default="")
    """Encrypted by its owner; empty when there is none yet."""
    locked_by: Mapped[str] = mapped_column(String(128), default="")
    locked_until: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
