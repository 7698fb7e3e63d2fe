"""What was found in the authority's lists, so that nothing there is looked into twice."""

import sqlalchemy as sa
from alembic import op

from workers_ledger.schema import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "sighting",
        sa.Column("service", sa.String(40), primary_key=True),
        sa.Column("authority_id", sa.String(64), primary_key=True),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        # For a time a new ledger got this table at once, under the mark of the migration before.
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sighting")
