"""The index of what authorities gave, chained for each tenant."""

import sqlalchemy as sa
from alembic import op

from workers_ledger.schema import Moment

revision = "0005"
down_revision = "0003"

INDEXES = {
    "ix_archive_number": ["service", "tenant", "cif", "number"],
    "ix_archive_issued": ["service", "tenant", "issue_date"],
    "ix_archive_upload": ["service", "tenant", "upload_index"],
    "ix_archive_document": ["service", "tenant", "document_id"],
    "ix_archive_content": ["sha256"],
}


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "archive",
        sa.Column("service", sa.String(40), primary_key=True),
        sa.Column("tenant", sa.String(128), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("download_id", sa.String(80), nullable=False),
        sa.Column("cif", sa.String(20), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("upload_index", sa.String(64), nullable=False),
        sa.Column("document_id", sa.String(36), nullable=False),
        sa.Column("partner", sa.String(64), nullable=False),
        sa.Column("number", sa.String(255), nullable=True),
        sa.Column("issue_date", sa.Date, nullable=True),
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("media_type", sa.String(80), nullable=False),
        sa.Column("seal", sa.String(24), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("archived_at", Moment, nullable=False),
        sa.Column("retain_until", sa.Date, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("entry_hash", sa.String(64), nullable=False),
        sa.Column("erased_at", Moment, nullable=True),
        sa.Column("copies", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_index(
        "ix_archive_download",
        "archive",
        ["service", "tenant", "download_id"],
        unique=True,
        if_not_exists=True,
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "archive", columns, if_not_exists=True)
    op.create_table(
        "archive_head",
        sa.Column("service", sa.String(40), primary_key=True),
        sa.Column("tenant", sa.String(128), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("entry_hash", sa.String(64), nullable=False),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("archive_head")
    op.drop_table("archive")
