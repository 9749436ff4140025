"""Alembic's entry: runs the migrations on the connection `potluck.db.migrate` hands over."""

from __future__ import annotations

from alembic import context

from potluck.db.base import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=False,
                  render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
