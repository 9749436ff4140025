"""A SQLAlchemy dialect that asks SQLite directly, on the event loop's own thread, for short reads.

A read by primary key or index takes SQLite some ten microseconds; handing each statement to a thread and back (as
aiosqlite does, which our writer uses because commits wait for the disk) takes ten times that. WAL readers never wait
for a lock, so nothing here blocks for longer than the query runs.
"""

from __future__ import annotations

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

DRIVER = "direct"


class DirectSQLite(SQLiteDialect_pysqlite):
    """`sqlite+direct`: pysqlite under SQLAlchemy's asyncio interface."""

    driver = DRIVER
    supports_statement_cache = True
    is_async = True


registry.register(f"sqlite.{DRIVER}", __name__, DirectSQLite.__name__)
