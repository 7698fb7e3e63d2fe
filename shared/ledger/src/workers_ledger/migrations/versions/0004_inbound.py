"""Boxes that are read, and the messages in them."""

import sqlalchemy as sa
from alembic import op

from workers_ledger.schema import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "inbox",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("cif", sa.String(20), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("turned_by", sa.String(36), nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("followed_at", Moment, nullable=False),
        sa.Column("read_at", Moment, nullable=True),
        sa.Column("swept_at", Moment, nullable=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("error_code", sa.String(64), nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_index(
        "ix_inbox_cif", "inbox", ["service", "tenant", "cif"], unique=True, if_not_exists=True
    )
    op.create_table(
        "inbound",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("inbox_id", sa.String(36), nullable=False),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("cif", sa.String(20), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("upload_index", sa.String(64), nullable=True),
        sa.Column("type", sa.String(24), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("listed_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("hand", sa.Integer, nullable=False),
        sa.Column("handed_by", sa.String(36), nullable=False),
        sa.Column("handed_until", Moment, nullable=True),
        sa.Column("alarmed_by", sa.String(36), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("error_code", sa.String(64), nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        if_not_exists=True,
    )
    op.create_index(
        "ix_inbound_message",
        "inbound",
        ["service", "tenant", "cif", "message_id"],
        unique=True,
        if_not_exists=True,
    )
    op.create_index(
        "ix_inbound_state", "inbound", ["inbox_id", "state", "listed_at"], if_not_exists=True
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("inbound")
    op.drop_table("inbox")
