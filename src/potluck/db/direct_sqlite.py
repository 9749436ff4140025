"""A SQLAlchemy dialect that asks SQLite directly, on the event loop's own thread, for short reads.

A read by primary key or index takes SQLite some ten microseconds; handing each statement to a thread and back (as
aiosqlite does, which our writer uses because commits wait for the disk) takes ten times that. WAL readers never wait
for a lock, so nothing here blocks for longer than the query runs.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

DRIVER = "direct"


class _Cursor(sqlite3.Cursor):
    async def _async_soft_close(self) -> None:
        """What SQLAlchemy awaits before it hands out a result; all rows are there already."""


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


class DirectSQLite(SQLiteDialect_pysqlite):
    """`sqlite+direct`: pysqlite under SQLAlchemy's asyncio interface."""

    driver = DRIVER
    supports_statement_cache = True
    is_async = True

    def create_connect_args(self, url: URL) -> Any:
        """Arguments of `sqlite3.connect`."""
        positional, named = super().create_connect_args(url)
        return positional, {**named, "factory": _Connection}


registry.register(f"sqlite.{DRIVER}", __name__, DirectSQLite.__name__)
