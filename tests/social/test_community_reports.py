"""What is reported in communities reaches those who look after them, and nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import reports
from potluck.social.communities import making, moderating, reporting
from potluck.social.communities.making import Wishes
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, Report, User
from potluck.social.paging import Page


@pytest.fixture
async def people(session, local):
    """Alice leads soups, Bob posts, Charlie belongs to nobody's staff, Mona to the server's."""
    made = {}
    for number, name in enumerate(("alice", "bob", "charlie", "mona"), 1):
        actor = await local(name)
        session.add(User(id=number, email=f"{name}@mail.test", actor_id=actor.id, password_hash="x",
                         role="owner" if name == "mona" else "user"))
        actor.owner_id = number
        made[name] = actor
    await session.flush()
    return made


@pytest.fixture
async def soups(session, people, pairs) -> Actor:
    """A community that Alice leads."""
    return await making.create(session, people["alice"], "soups", Wishes("Soups"), pairs=pairs)


@pytest.fixture
async def post(session, people, soups):
    """Bob's post."""
    return await links.compose(session, people["bob"], LinkRequest(soups.id, "A broth", link="https://soup.example/a"))


async def seen(session, viewer: Actor, **wanted) -> list[int]:
    return [entry.object.id for entry in await reporting.page(session, viewer, Page(), **wanted)]


async def test_only_moderators_and_staff_see_the_queue(session, people, soups, post) -> None:
    """With the thing as it was when it was reported; neither its author nor who reported it sees anything."""
    reply = await notes.compose(session, people["bob"], NoteRequest("Salt!", in_reply_to_id=post.id))
    await reports.create(session, people["charlie"], people["bob"], object_ids=[post.id, reply.id], comment="spam")
    for name in ("bob", "charlie"):
        assert await seen(session, people[name]) == []
        assert await reporting.counts(session, people[name]) == (0, 0)
    for name in ("alice", "mona"):
        assert set(await seen(session, people[name])) == {post.id, reply.id}
        assert await reporting.counts(session, people[name], community_id=soups.id) == (1, 1)
    assert await seen(session, people["alice"], posts=True) == [post.id]
    [entry] = await reporting.page(session, people["alice"], Page(), object_id=post.id)
    assert (entry.row.title, entry.row.link, entry.report.comment) == ("A broth", "https://soup.example/a", "spam")
    with pytest.raises(NotFound):
        await reporting.one(session, people["charlie"], entry.row.id)


async def test_a_matter_of_the_community_alone_is_done_when_its_moderators_are(session, people, post) -> None:
    """What breaks the server's rules stays with its staff."""
    mild = await reports.create(session, people["charlie"], people["bob"], object_ids=[post.id])
    grave = await reports.create(session, people["charlie"], people["bob"], object_ids=[post.id], category="legal")
    for entry in await reporting.page(session, people["alice"], Page()):
        await reporting.resolve(session, people["alice"], entry)
    assert await seen(session, people["alice"]) == []
    assert len(await seen(session, people["alice"], unresolved=False)) == 2
    assert (mild.resolved_at is not None, grave.resolved_at is None) == (True, True)
    [entry, _] = await reporting.page(session, people["alice"], Page(), unresolved=False)
    await reporting.resolve(session, people["alice"], entry, resolved=False)
    assert await seen(session, people["alice"]) == [post.id]


async def test_nobody_resolves_what_is_said_about_themselves(session, people, soups) -> None:
    """Staff hears of it; and a moderator's report is never hidden from staff by another moderator."""
    own = await links.compose(session, people["alice"], LinkRequest(soups.id, "My broth"))
    report = await reports.create(session, people["bob"], people["alice"], object_ids=[own.id])
    [entry] = await reporting.page(session, people["alice"], Page())
    with pytest.raises(NotAllowed):
        await reporting.resolve(session, people["alice"], entry)
    await moderating.appoint(session, people["alice"], soups, people["charlie"])
    await reporting.resolve(session, people["charlie"], entry)
    assert report.resolved_at is None
    await reporting.resolve(session, people["mona"], entry)
    assert report.resolved_at is not None


async def test_what_is_taken_down_needs_no_further_look(session, people, soups, post) -> None:
    """By removal, and by a ban with everything that was said."""
    other = await links.compose(session, people["bob"], LinkRequest(soups.id, "Another broth"))
    for row in (post, other):
        await reports.create(session, people["charlie"], people["bob"], object_ids=[row.id])
    await moderating.remove(session, people["alice"], post.id, "no")
    assert await seen(session, people["alice"]) == [other.id]
    await moderating.ban(session, people["alice"], soups, people["bob"], with_content=True)
    assert await seen(session, people["alice"]) == []
    assert (await session.scalars(select(Report).where(Report.resolved_at.is_(None)))).all() == []
