"""The first tables: documents, attempts, messages, stamps, instances, secrets."""

import sqlalchemy as sa
from alembic import op

from workers_ledger.schema import Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "document",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("business_key", sa.String(512), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("cif", sa.String(20), nullable=False),
        sa.Column("number", sa.String(255)),
        sa.Column("issue_date", sa.Date),
        sa.Column("authority_id", sa.String(64)),
        sa.Column("deadline", Moment),
        sa.Column("unknown_since", Moment),
        sa.Column("correlation_id", sa.String(255), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
    )
    op.create_index(
        "ix_document_business", "document", ["service", "tenant", "business_key"], unique=True
    )
    op.create_index("ix_document_state", "document", ["service", "state"])
    op.create_index("ix_document_authority", "document", ["service", "authority_id"])
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "document_id",
            sa.String(36),
            sa.ForeignKey("document.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("action", sa.String(24), nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("outcome", sa.String(24)),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_attempt_document_id", "attempt", ["document_id"])
    op.create_table(
        "message",
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("owner", sa.String(128), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("deaths", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
    )
    op.create_index("ix_message_updated_at", "message", ["updated_at"])
    op.create_table(
        "stamp",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
    )
    op.create_table(
        "instance",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("alive_until", Moment, nullable=False),
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("locked_by", sa.String(128), nullable=False),
        sa.Column("locked_until", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("attempt", "document", "message", "stamp", "instance", "secret"):
        op.drop_table(table)
