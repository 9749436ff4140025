"""Statements compiled once: the same rows as SQLAlchemy gives, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from potluck import settings
from potluck.db.base import Base
from potluck.db.engine import Database
from potluck.db.prepared import Prepared, among, as_ids
from potluck.settings import Settings
from potluck.social.model import Hashtag

_SOME = Prepared(select(Hashtag.id, Hashtag.name).where(
    among(Hashtag.id, "ids"), Hashtag.name.in_(("a", "b", "c")), Hashtag.id > bindparam("above")).order_by(Hashtag.id))


@pytest.fixture(params=["sqlite", "postgresql"])
async def db(request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[Database]:
    """An empty database of either kind, with four hashtags."""
    url = request.getfixturevalue("empty_postgres_url") if request.param == "postgresql" else ""
    made = Database(settings.use(Settings(url="https://potluck.test", data=tmp_path, database_url=url)))
    async with made.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with made.write() as session:
        session.add_all([Hashtag(id=number, name=name, display=name) for number, name in enumerate("abcd", 1)])
    yield made
    await made.close()


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
