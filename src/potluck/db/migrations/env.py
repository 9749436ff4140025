"""Alembic's entry: runs the migrations on the connection `potluck.db.migrate` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from potluck.db.base import Base, BigInt, Json, UtcTime


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write our own column types by their names, in new migrations."""
    if kind != "type":
        return False
    if isinstance(item, UtcTime):
        return "UtcTime()"
    for known, name in ((Json, "Json"), (BigInt, "BigInt")):
        if isinstance(item, type(known)) and repr(item) == repr(known):
            return name
    return False


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Indexes for full text are made by hand: SQLite has tables for them that the model does not know."""
    return kind not in {"table", "index"} or "_fts" not in (name or "")


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render_item,
    compare_type=False,
    include_name=include_name,
)
with context.begin_transaction():
    context.run_migrations()
