"""What was uploaded is found by the authority's id, and what is lost at once, among any number."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ANSWERED = sa.text("outcome IN ('accepted', 'refused')")
LOST = sa.text("(outcome IS NULL OR outcome = 'unknown')")
INDEXES = {"ix_attempt_answered": ("detail", ANSWERED), "ix_attempt_lost": ("started_at", LOST)}


def upgrade() -> None:
    """Create the indices."""
    for name, (column, rows) in INDEXES.items():
        op.create_index(
            name,
            "attempt",
            [column],
            sqlite_where=rows,
            postgresql_where=rows,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Drop them."""
    for name in INDEXES:
        op.drop_index(name, "attempt")
