"""What was told once, so that nothing is told twice; documents by their number."""

import sqlalchemy as sa
from alembic import op

from workers_ledger.schema import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table and the index."""
    op.create_table(
        "notice",
        sa.Column("service", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("mark", sa.String(64), primary_key=True),
        sa.Column("told_by", sa.String(36), nullable=False),
        sa.Column("told_at", Moment, nullable=False),
        sa.Column("until", Moment, nullable=True),
        # A new ledger gets all tables at once, whatever mark it is given afterwards.
        if_not_exists=True,
    )
    op.create_index(
        "ix_document_number", "document", ["service", "cif", "number"], if_not_exists=True
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_document_number", "document")
    op.drop_table("notice")
