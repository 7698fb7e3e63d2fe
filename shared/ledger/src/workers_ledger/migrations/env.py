"""Alembic's entry: runs on the connection that `workers_ledger.migrate` hands in."""

from alembic import context

from workers_ledger.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
