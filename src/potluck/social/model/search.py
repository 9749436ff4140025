"""The index that posts are found by, and what of it is still to be written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, ForeignKey, Text, event
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, now


class PostIndex(Base):
    """The words and marks of an object that somebody here may find (`social.post_index`).

    On SQLite the FTS5 table `post_index_fts` follows this one by triggers; on PostgreSQL `terms` has a GIN index.
    """

    __tablename__ = "post_index"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    terms: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))


class PostIndexFill(Base):
    """Objects that are to be indexed in the background: all of them, or those of an author."""

    __tablename__ = "post_index_fill"

    actor_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 0: of everyone
    below_id: Mapped[int | None]  # what is older than this remains; None: not begun
    total: Mapped[int] = mapped_column(default=0)  # objects when it began
    done: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


SQLITE_INDEX = (
    ("CREATE VIRTUAL TABLE post_index_fts USING fts5("
     "terms, content='post_index', content_rowid='object_id', tokenize='ascii', columnsize=0)"),
    ("CREATE TRIGGER post_index_insert AFTER INSERT ON post_index BEGIN"
     " INSERT INTO post_index_fts(rowid, terms) VALUES (new.object_id, new.terms); END"),
    ("CREATE TRIGGER post_index_delete AFTER DELETE ON post_index BEGIN"
     " INSERT INTO post_index_fts(post_index_fts, rowid, terms) VALUES ('delete', old.object_id, old.terms); END"),
    ("CREATE TRIGGER post_index_update AFTER UPDATE ON post_index BEGIN"
     " INSERT INTO post_index_fts(post_index_fts, rowid, terms) VALUES ('delete', old.object_id, old.terms);"
     " INSERT INTO post_index_fts(rowid, terms) VALUES (new.object_id, new.terms); END"),
)
POSTGRESQL_INDEX = ("CREATE INDEX post_index_fts ON post_index USING gin (terms)",)

_table: Any = PostIndex.__table__
for _dialect, _statements in (("sqlite", SQLITE_INDEX), ("postgresql", POSTGRESQL_INDEX)):
    for _statement in _statements:
        _ddl: Any = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(_table, "after_create", _ddl.execute_if(dialect=_dialect))
