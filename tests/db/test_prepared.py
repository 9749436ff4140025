"""Statements compiled once: the same rows as SQLAlchemy gives, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import bindparam, select, text

from potluck.db.engine import Database
from potluck.db.prepared import Prepared, among, as_ids
from potluck.social.model import Hashtag

_SOME = Prepared(select(Hashtag.id, Hashtag.name).where(
    among(Hashtag.id, "ids"), Hashtag.name.in_(("a", "b", "c")), Hashtag.id > bindparam("above")).order_by(Hashtag.id))


@pytest.fixture
async def db(database: Database) -> Database:
    """A database of either kind with four hashtags."""
    async with database.write() as session:
        session.add_all([Hashtag(id=number, name=name, display=name) for number, name in enumerate("abcd", 1)])
    return database


async def test_lists_and_constants_are_parameters(db: Database) -> None:
    """Ids of any number, constants and bound values find the rows; again with other values."""
    assert [tuple(row) for row in await db.fetch(_SOME, ids=as_ids([1, 2, 4, 9]), above=0)] == [(1, "a"), (2, "b")]
    assert [tuple(row) for row in await db.fetch(_SOME, ids=as_ids([1, 2, 3, 4]), above=1)] == [(2, "b"), (3, "c")]
    assert list(await db.fetch(_SOME, ids=as_ids([]), above=0)) == []


async def test_what_was_committed_is_seen(db: Database) -> None:
    """A fetch sees every transaction that ended before it."""
    await db.fetch(_SOME, ids=as_ids([1]), above=0)
    async with db.write() as session:
        (await session.get_one(Hashtag, 1)).name = "c2"
    assert list(await db.fetch(_SOME, ids=as_ids([1]), above=0)) == []


async def test_a_fetch_survives_a_lost_connection(db: Database) -> None:
    """When the database was started again, the next fetch opens a new connection instead of failing."""
    await db.fetch(_SOME, ids=as_ids([1]), above=0)
    if not db.is_sqlite:
        async with db.write() as session:
            await session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                       " WHERE pid <> pg_backend_pid() AND datname = current_database()"))
    assert [tuple(row) for row in await db.fetch(_SOME, ids=as_ids([1]), above=0)] == [(1, "a")]


async def test_more_fetches_than_connections_wait_in_line(db: Database) -> None:
    """Many fetches at once are all answered, whatever the number of connections; a cancelled one holds up nobody."""
    many = [asyncio.ensure_future(db.fetch(_SOME, ids=as_ids([1]), above=0)) for _ in range(30)]
    await asyncio.sleep(0)
    many[0].cancel()
    found = await asyncio.gather(*many, return_exceptions=True)
    assert [[tuple(row) for row in rows] for rows in found if not isinstance(rows, BaseException)][-29:] == \
        [[(1, "a")]] * 29
