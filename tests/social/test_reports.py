"""Reports: what they may name, whom they reach, and how they end."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from potluck.social import audit, events, reports
from potluck.social.errors import Invalid, NotAllowed
from potluck.social.model import Notification, Report, User
from potluck.social.paging import Page


async def test_moderators_are_told_and_the_other_server_if_wished(cast, heard) -> None:
    """Only posts of the target that the reporter can see are named."""
    hers, his = await cast.say(cast.carol, "spam"), await cast.say(cast.bob, "fine")
    secret = await cast.say(cast.carol, "secret", visibility="direct", mentions=[cast.bob])
    heard.clear()
    async with cast.database.write() as session:
        row = await reports.create(session, cast.alice, cast.carol, object_ids=[hers.id, his.id, secret.id, 99],
                                   comment=" bad ", category="spam", forward=True)
    assert (row.object_ids, row.comment, row.forwarded) == ([hers.id], "bad", True)
    [event] = [item for item in heard if isinstance(item, events.Reported)]
    assert (event.forward, [item.id for item in event.objects]) == (True, [hers.id])
    async with cast.database.read() as session:
        told = (await session.execute(select(Notification.reader_id, Notification.report_id).where(
            Notification.type == "admin.report"))).all()
    assert [tuple(item) for item in told] == [(cast.mona.id, row.id)]


async def test_a_local_target_is_never_forwarded(cast) -> None:
    """There is nobody to forward to."""
    async with cast.database.write() as session:
        assert not (await reports.create(session, cast.alice, cast.bob, forward=True)).forwarded


async def test_the_same_flag_is_one_report(cast) -> None:
    """However often a server sends it."""
    async with cast.database.write() as session:
        for _ in range(2):
            await reports.create(session, cast.carol, cast.alice, uri="https://carol.example/flags/1",
                                 comment="x" * 6000)
        assert await session.scalar(select(func.count()).select_from(Report)) == 1


@pytest.mark.parametrize("bad", [{"category": "rude"}, {"comment": "x" * 5001}])
async def test_reports_are_checked(cast, bad) -> None:
    """And nobody reports themselves."""
    async with cast.database.write() as session:
        with pytest.raises(Invalid) as refused:
            await reports.create(session, cast.alice, cast.bob, **bad)
        assert refused.value.field in bad
        with pytest.raises(NotAllowed):
            await reports.create(session, cast.alice, cast.alice)


async def test_a_report_is_taken_on_resolved_and_reopened(cast) -> None:
    """By a moderator, with an entry in the log by whoever serves the page."""
    async with cast.database.write() as session:
        user = await session.scalar(select(User).where(User.actor_id == cast.mona.id))
        row = await reports.create(session, cast.alice, cast.bob)
        await reports.assign(session, row, user)
        await reports.resolve(session, row, user)
        assert (row.assigned_id, row.resolved_by_id, row.resolved_at is not None) == (user.id, user.id, True)
        await reports.reopen(session, row)
        assert row.resolved_at is None
        await audit.record(session, user.id, "report_resolve", str(row.id))
        [entry] = await audit.page(session, Page())
        assert (entry.user_id, entry.action, entry.details) == (user.id, "report_resolve", {})


async def test_other_servers_name_only_what_they_can_know_of(cast) -> None:
    """Letters and posts for followers that never reached a server are not shown to the staff on its word."""
    letter = await cast.say(cast.alice, "a letter", visibility="direct", mentions=[cast.bob])
    kept = await cast.say(cast.alice, "for followers", visibility="followers")
    told = await cast.say(cast.alice, "to you", visibility="direct", mentions=[cast.carol])
    said = await cast.say(cast.alice, "hello")
    async with cast.database.write() as session:
        row = await reports.create(session, cast.carol, cast.alice, object_ids=[
            letter.id, kept.id, told.id, said.id])
    assert row.object_ids == [told.id, said.id]
