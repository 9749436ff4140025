"""Databases with Potluck's tables that tests use one after another: emptying one costs far less than copying one.

A copy of the template is hundreds of files, made and removed again; a test writes into a few tables. A database that
cannot be emptied to be as it was (its tables are others now, somebody holds a lock) is dropped, and so is one that has
been used often or holds much, since deleted rows still take room.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg

from support.postgres import Connection, Line, Server

_USES = 60
_BYTES = 16 * 2**20
_TEMPLATE = "potluck_template"

_SCHEMA = """
SELECT (SELECT string_agg(version_num, ',') FROM alembic_version)
       || (SELECT md5(string_agg(concat(relname, relkind, relnatts, relhastriggers), ',' ORDER BY oid))
           FROM pg_class WHERE relnamespace = 'public'::regnamespace)
       || (SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace)
"""
_WRITTEN = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
      AND pg_relation_size(oid) > 0
"""
_COUNTED = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass
class Lent:
    """A database in use by a test.

    Attributes:
        name: of the database.
        line: a superuser's connection to it.
        schema: what its tables were like when it was new.
        uses: by how many tests so far.
    """

    name: str
    line: Line
    schema: str
    uses: int = 0


@dataclass
class Pool:
    """The databases of one process of the run.

    Attributes:
        server: where they are.
        migrate: gets the URL of an empty database and gives it its tables.
    """

    server: Server
    migrate: Callable[[str], None]
    _free: list[Lent] = field(default_factory=list)

    def take(self) -> Lent:
        """An empty database that has all tables, for one test."""
        lent = self._free.pop() if self._free else self._made()
        lent.uses += 1
        return lent

    def give_back(self, lent: Lent) -> None:
        """Empty a database for the next test, or remove it."""
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            if lent.uses < _USES and lent.line.run(lambda connection: _emptied(connection, lent.schema)):
                self._free.append(lent)
                return
        lent.line.close()
        self.server.drop(lent.name)

    def _made(self) -> Lent:
        name = self.server.create(self.server.template(_TEMPLATE, self.migrate))
        line = Line(self.server.port, name)
        return Lent(name, line, line.run(lambda connection: connection.fetchval(_SCHEMA)))


async def _emptied(connection: Connection, schema: str) -> bool:
    """Remove all rows; gives whether the database is as good as new."""
    await connection.execute(_END_OTHERS)
    written = await connection.fetch(_WRITTEN)
    if sum(size for _, size in written) > _BYTES or await connection.fetchval(_SCHEMA) != schema:
        return False
    empty = [f'DELETE FROM "{name}"' for name, _ in written]
    restart = [f'ALTER SEQUENCE "{row[0]}" RESTART' for row in await connection.fetch(_COUNTED)]
    # Without the triggers of foreign keys the order of the tables does not matter.
    start = ["SET LOCAL lock_timeout = '5s'", "SET LOCAL session_replication_role = replica"]
    async with connection.transaction():
        await connection.execute(";".join([*start, *empty, *restart]))
    return True
