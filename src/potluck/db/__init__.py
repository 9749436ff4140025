"""The database: engine, transactions, ids, column types and migrations, for SQLite and PostgreSQL alike."""

from potluck.db.base import Base
from potluck.db.engine import Database
from potluck.db.ids import ids

__all__ = ["Base", "Database", "ids"]
