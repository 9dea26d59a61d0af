"""Alembic's entry: run on the connection that `connector.store.migrate` hands over."""

from alembic import context

from connector.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata
)
with context.begin_transaction():
    context.run_migrations()
