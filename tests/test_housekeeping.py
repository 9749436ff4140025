"""Housekeeping: every chore runs in its time, and one that fails stops no other."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import housekeeping
from potluck.db.base import now
from potluck.db.ids import ids
from potluck.housekeeping import Housekeeping
from potluck.kinds.note.model import Poll, PollDraft
from potluck.social import feeds
from potluck.social.model import EmailToken, FeedEntry, LiveEvent, Mute, Notification, WebSession
from support.cast import Cast, ago


async def _count(cast: Cast, table: type) -> int:
    async with cast.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def _chores(cast: Cast) -> None:
    keeper = Housekeeping(cast.database)
    for _, chore in keeper.chores:
        await keeper._run_one(chore)


async def test_what_is_over_is_swept(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old live events, mutes, sign-ins, tokens, notifications and feed entries go; what still holds stays."""
    monkeypatch.setattr(feeds, "KEEP", -198)  # so that three entries are too many
    await cast.store(*[cast.draft(cast.alice, str(number)) for number in range(3)])
    await cast.mute(cast.alice, cast.carol, expires_at=ago(minutes=1))
    await cast.mute(cast.alice, cast.frank, expires_at=now() + timedelta(hours=1))
    async with cast.database.write() as session:
        for number, moment in enumerate((ago(days=1), now() + timedelta(days=1))):
            values = {"user_id": cast.alice.owner_id, "token_hash": str(number), "expires_at": moment}
            session.add_all([WebSession(id=ids.new(), **values), EmailToken(id=ids.new(), purpose="reset", **values)])
        for moment in (ago(days=300), now()):
            session.add(Notification(id=ids.new(), reader_id=cast.alice.id, type="follow", actor_id=cast.bob.id,
                                     group_key="x", created_at=moment))
        session.add(LiveEvent(type="x", created_at=ago(hours=1)))
    before = await _count(cast, LiveEvent)
    monkeypatch.setattr(feeds, "sweep", _sweep_to_one)
    await _chores(cast)
    for table in (Mute, WebSession, EmailToken, Notification):
        assert await _count(cast, table) == 1, table
    assert await _count(cast, LiveEvent) == before - 1
    assert await _count(cast, FeedEntry) == 2


async def _sweep_to_one(session: AsyncSession, feed_id: int) -> None:
    newest = await session.scalar(select(func.max(FeedEntry.entry_id)).where(FeedEntry.feed_id == feed_id))
    await session.execute(FeedEntry.__table__.delete().where(
        FeedEntry.feed_id == feed_id, FeedEntry.entry_id != newest))


async def test_polls_are_closed(cast: Cast) -> None:
    """A poll whose time is over is closed by itself."""
    soon = now() + timedelta(milliseconds=1)
    row = await cast.say(cast.alice, type="Question", kind_data=PollDraft([("a", 0), ("b", 0)], expires_at=soon))
    await _chores(cast)
    async with cast.database.read() as session:
        assert (await session.get_one(Poll, row.id)).closed_at is not None


async def test_a_failing_chore_is_logged(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    """A chore that fails undoes its own work, is logged, and the next one runs."""
    keeper = Housekeeping(cast.database)

    async def fail(session: AsyncSession) -> None:
        session.add(LiveEvent(type="x"))
        await session.flush()
        raise RuntimeError("broom broke")

    await keeper._run_one(fail)
    assert "broom broke" in "".join(capsys.readouterr())
    assert await _count(cast, LiveEvent) == 0


def test_every_chore_has_its_time() -> None:
    """No chore runs all the time, none is forgotten for more than a day."""
    for every, chore in Housekeeping.chores:
        assert 1 <= every <= 86400, chore
    assert housekeeping.Housekeeping.chores
