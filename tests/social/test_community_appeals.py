"""Appeals against what moderators of a community decided: once, in time, decided by somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from potluck.db.base import now
from potluck.social.communities import appealing, moderating, roles
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound
from potluck.social.model import ModAction, Notification
from potluck.social.paging import Page

from .test_community_reports import people, post, soups

__all__ = ["people", "post", "soups"]


async def test_a_removal_is_taken_back(session, people, soups, post) -> None:
    """Its author is told, appeals once, and is told again."""
    alice, bob = people["alice"], people["bob"]
    await moderating.remove(session, alice, post.id, "spam")
    told = (await session.scalars(select(Notification).where(Notification.type == "community_measure"))).all()
    assert [(row.reader_id, row.actor_id, row.object_id) for row in told] == [(bob.id, soups.id, None)]
    [decision] = await appealing.decisions(session, bob.id, Page())
    assert (decision.action.reason, decision.in_force, decision.may_appeal) == ("spam", True, True)
    for text in (" ", "x" * 2001):
        with pytest.raises(Invalid):
            await appealing.make(session, bob, decision.action.id, text)
    with pytest.raises(NotFound):
        await appealing.make(session, people["charlie"], decision.action.id, "Not mine")
    appeal = await appealing.make(session, bob, decision.action.id, "It is soup")
    with pytest.raises(Conflict):
        await appealing.make(session, bob, decision.action.id, "Again")
    assert [found.appeal.id for found in await appealing.waiting(session, alice)] == [appeal.id]
    assert await appealing.waiting(session, people["charlie"]) == []
    assert len(await appealing.waiting(session, people["mona"], community_id=soups.id)) == 1
    with pytest.raises(NotAllowed):
        await appealing.decide(session, people["charlie"], appeal.id, accept=True)
    await appealing.decide(session, alice, appeal.id, accept=True)
    assert post.state == "published"
    with pytest.raises(Conflict):
        await appealing.decide(session, alice, appeal.id, accept=False)
    assert len((await session.scalars(select(Notification.id).where(
        Notification.type == "community_measure"))).all()) == 2
    [decision] = await appealing.decisions(session, bob.id, Page())
    assert (decision.in_force, decision.appeal.accepted) == (False, True)


async def test_a_ban_stands_or_ends(session, people, soups) -> None:
    """Refused, it stays; accepted, it is over."""
    alice, bob, charlie = people["alice"], people["bob"], people["charlie"]
    for person, accept in ((bob, False), (charlie, True)):
        await moderating.ban(session, alice, soups, person, reason="rude")
        [decision] = await appealing.decisions(session, person.id, Page())
        appeal = await appealing.make(session, person, decision.action.id, "Sorry")
        await appealing.decide(session, alice, appeal.id, accept=accept)
        assert await roles.is_banned(session, soups.id, person.id) is not accept


async def test_what_is_too_late(session, people, soups, post) -> None:
    """What was taken back already, and what is older than twenty days."""
    alice, bob = people["alice"], people["bob"]
    await moderating.remove(session, alice, post.id)
    [decision] = await appealing.decisions(session, bob.id, Page())
    await session.execute(update(ModAction).values(created_at=now() - timedelta(days=21)))
    with pytest.raises(NotAllowed):
        await appealing.make(session, bob, decision.action.id, "Late")
    await session.execute(update(ModAction).values(created_at=now()))
    await moderating.restore(session, alice, post.id)
    with pytest.raises(NotAllowed):
        await appealing.make(session, bob, decision.action.id, "No need")
