"""How large the database is: what it takes, less what was freed inside it and will be used again."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# What a table's living rows need of its pages, by the statistics that autovacuum keeps: PostgreSQL does not give
# freed pages back, so that the size of its files would never show that something was removed.
_POSTGRESQL = """
SELECT coalesce(sum(pg_total_relation_size(c.oid) * CASE
    WHEN c.reltuples <= 0 OR w.width IS NULL OR pg_relation_size(c.oid) = 0 THEN 1.0
    ELSE least(1.0, 1.2 * c.reltuples * (w.width + 28) / pg_relation_size(c.oid)) END), 0)::bigint
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
LEFT JOIN (SELECT tablename, sum(avg_width) AS width FROM pg_stats WHERE schemaname = current_schema()
           GROUP BY tablename) w ON w.tablename = c.relname
WHERE c.relkind = 'r'
"""


async def used(session: AsyncSession) -> int:
    """Bytes that the database's contents take."""
    if session.get_bind().dialect.name == "postgresql":
        return int(await session.scalar(text(_POSTGRESQL)) or 0)
    pages = int(await session.scalar(text("PRAGMA page_count")) or 0)
    free = int(await session.scalar(text("PRAGMA freelist_count")) or 0)
    return (pages - free) * int(await session.scalar(text("PRAGMA page_size")) or 0)


async def on_disk(session: AsyncSession) -> int:
    """Bytes of the database's files."""
    if session.get_bind().dialect.name == "postgresql":
        return int(await session.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    pages = int(await session.scalar(text("PRAGMA page_count")) or 0)
    return pages * int(await session.scalar(text("PRAGMA page_size")) or 0)
