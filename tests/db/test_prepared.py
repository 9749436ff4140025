"""Statements compiled once: the same rows as SQLAlchemy gives, on both databases."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import pytest
from sqlalchemy import bindparam, select, text

from potluck.db.base import fixed
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


async def test_lists_and_values(db: Database) -> None:
    """Ids of any number, constants and bound values find the rows; again with other values."""
    assert [tuple(row) for row in await db.fetch(_SOME, ids=as_ids([1, 2, 4, 9]), above=0)] == [(1, "a"), (2, "b")]
    assert [tuple(row) for row in await db.fetch(_SOME, ids=as_ids([1, 2, 3, 4]), above=1)] == [(2, "b"), (3, "c")]
    assert list(await db.fetch(_SOME, ids=as_ids([]), above=0)) == []


async def test_constants_stand_in_the_text(db: Database) -> None:
    """As themselves, whatever they hold, so that SQLite need not plan the statement anew; parameters do not."""
    quoted = Prepared(select(Hashtag.id).where(Hashtag.name.in_(("b", "it's")), Hashtag.display != "x:y ?",
                                               among(Hashtag.id, "ids"), Hashtag.id > bindparam("above")))
    async with db.write() as session:
        session.add(Hashtag(id=5, name="it's", display="it's"))
    parameters = {"ids": as_ids([1, 2, 5]), "above": 0}
    written, values = quoted.bound(db.engine_for_reading.dialect, parameters)
    assert "'it''s'" in written
    assert sorted(map(str, values)) == ["0", "[1,2,5]"]
    assert sorted(row[0] for row in await db.fetch(quoted, **parameters)) == [2, 5]
    assert (Hashtag.name == "b").compile().params == {"name_1": "b"}, "statements elsewhere are as they were"


async def test_ids_are_looked_up(db: Database) -> None:
    """By the primary key, and nothing is read through for them."""
    if not db.is_sqlite:  # PostgreSQL reads small tables through, whatever is asked of them
        return
    named = Prepared(select(Hashtag.display).where(among(Hashtag.id, "ids"), Hashtag.name != "a"))
    written, values = named.bound(db.engine_for_reading.dialect, {"ids": as_ids([1, 2])})
    with contextlib.closing(sqlite3.connect(str(db.engine.url.database))) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {written}", values)]
    assert "SEARCH hashtag USING INTEGER PRIMARY KEY (rowid=?)" in plan, plan


def test_fixed_words() -> None:
    """A constant of a condition is a plain word of the program, never something that was sent."""
    assert str(Hashtag.name == fixed("published")) == "hashtag.name = 'published'"
    for word in ("it's", "a b", "", "a;b", "\u00e9", "1a"):
        with pytest.raises(ValueError, match="is no plain word"):
            fixed(word)


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
