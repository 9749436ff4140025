"""The migration that parts conversations by who takes part."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from potluck.db.engine import Database
from potluck.db.migrate import config
from potluck.settings import Settings

ALICE, MIA, EVE, CAROL = 1, 2, 3, 4


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with an empty database of each kind in turn."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    return Settings(data=tmp_path, database_url=url)


def _before(connection: Connection) -> None:
    """A thread in which Alice talks with Mia, then with Mia and Carol, then with Eve; and one that is gone."""
    command.upgrade(config(connection), "0006")
    time = "0" if connection.dialect.name == "sqlite" else "now()"
    for actor, name in ((ALICE, "alice"), (MIA, "mia"), (EVE, "eve"), (CAROL, "carol")):
        connection.execute(text(
            "INSERT INTO actor (id, uri, type, name, host, handle, display_name, summary, fields, emojis,"
            " also_known_as, extra, avatar_description, header_description, locked, discoverable, indexable,"
            " hide_collections, memorial, followers_count, following_count, posts_count, created_at, updated_at)"
            " VALUES (:id, :name, 'Person', :name, '', :name, '', '', '[]', '[]', '[]', '{}', '', '',"
            f" false, false, false, false, false, 0, 0, 0, {time}, {time})"), {"id": actor, "name": name})
    for number, author, named in ((11, ALICE, [MIA]), (12, MIA, [ALICE]), (13, MIA, [ALICE, CAROL]),
                                  (14, EVE, [ALICE])):
        connection.execute(text(
            "INSERT INTO object (id, uri, kind, type, author_id, local, visibility, state, thread_root_id,"
            " quote_policy, summary, content, sensitive, emojis, extra, published, replies_count, likes_count,"
            " dislikes_count, boosts_count, quotes_count, version, created_at)"
            " VALUES (:id, :uri, 'note', 'Note', :author, true, 'direct', 'published', 11, 'public', '', '', false,"
            f" '[]', '{{}}', {time}, 0, 0, 0, 0, 0, 1, {time})"), {"id": number, "uri": f"o{number}", "author": author})
        for actor in named:
            connection.execute(text("INSERT INTO mention (object_id, actor_id, silent) VALUES (:o, :a, false)"),
                               {"o": number, "a": actor})
    for number, reader, root, last, others in ((21, ALICE, 11, 14, "[3]"), (22, MIA, 11, 13, "[1, 4]"),
                                               (23, EVE, 99, 99, "[1]")):
        connection.execute(text(
            "INSERT INTO conversation (id, reader_id, thread_root_id, last_object_id, participant_ids, unread)"
            f" VALUES ({number}, {reader}, {root}, {last}, '{others}', true)"))


async def test_conversations_part(empty_settings: Settings) -> None:
    """Each group of people has a conversation; the newest keeps the row and stays unread; nothing is lost."""
    database = Database(empty_settings)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(_before)
            await connection.run_sync(lambda sync: command.upgrade(config(sync), "0007"))
            rows = (await connection.execute(text(
                "SELECT reader_id, last_object_id, unread, id FROM conversation ORDER BY reader_id, last_object_id DESC"
            ))).all()
            assert [(row.reader_id, row.last_object_id, bool(row.unread)) for row in rows] == [
                (ALICE, 14, True), (ALICE, 13, False), (ALICE, 12, False), (MIA, 13, True), (MIA, 12, False),
                (EVE, 99, True)]
            assert [row.id for row in rows if row.unread] == [21, 22, 23]
            keys = (await connection.execute(text("SELECT participants FROM conversation"))).scalars().all()
            assert all(len(key) == 32 for key in keys)
            messages = (await connection.execute(text(
                "SELECT reader_id, object_id FROM conversation_message JOIN conversation ON id = conversation_id"
                " ORDER BY reader_id, object_id"))).all()
            assert [tuple(row) for row in messages] == [(1, 11), (1, 12), (1, 13), (1, 14), (2, 11), (2, 12), (2, 13)]
    finally:
        await database.close()
