"""Who is told of new and changed objects: the mentioned, the quoted, those who asked for every post, boosters."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import conversations
from potluck.social.model import Actor, Announce, Follow, Mention, Object
from potluck.social.notifications import Notice, notify
from potluck.social.visibility import FOLLOWERS, LOCAL, OPEN


async def for_new(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Tell people of new objects, in bulk; private ones also enter their conversations."""
    mentioned = await _mentions(session, rows)
    notices = [Notice(reader, "mention", row.author_id, row.id, row.thread_root_id)
               for row in rows for reader in mentioned.get(row.id, ())]
    notices += await _quoted(session, rows)
    told = {(notice.reader_id, notice.object_id) for notice in notices}
    notices += [notice for notice in await _subscribed(session, rows)
                if (notice.reader_id, notice.object_id) not in told]
    await notify(session, notices)
    await conversations.add(session, [row for row in rows if row.visibility == "direct"])


async def _mentions(session: AsyncSession, rows: Sequence[Object]) -> dict[int, list[int]]:
    """Local actors named in each object."""
    query = select(Mention.object_id, Mention.actor_id).join(Actor, Actor.id == Mention.actor_id).where(
        Mention.object_id.in_([row.id for row in rows]), ~Mention.silent, Actor.host == "")
    found: dict[int, list[int]] = {}
    for object_id, actor_id in (await session.execute(query)).all():
        found.setdefault(object_id, []).append(actor_id)
    return found


async def _quoted(session: AsyncSession, rows: Sequence[Object]) -> list[Notice]:
    quoted = {row.quote_id for row in rows if row.quote_id}
    if not quoted:
        return []
    authors = dict((await session.execute(
        select(Object.id, Object.author_id).where(Object.id.in_(quoted), Object.local))).all())
    return [Notice(authors[row.quote_id], "quote", row.author_id, row.id, row.thread_root_id)
            for row in rows if row.quote_id in authors]


async def _subscribed(session: AsyncSession, rows: Sequence[Object]) -> list[Notice]:
    """Followers who want a notification for every post of the author (top-level posts, as Mastodon)."""
    posts: dict[int, list[Object]] = {}
    for row in rows:
        if row.visibility in (*OPEN, FOLLOWERS, LOCAL) and row.in_reply_to_uri is None:
            posts.setdefault(row.author_id, []).append(row)
    if not posts:
        return []
    found = await session.execute(select(Follow.follower_id, Follow.followed_id).where(
        Follow.followed_id.in_(posts), Follow.notify, Follow.state == "accepted"))
    return [Notice(follower, "status", author, row.id, row.thread_root_id)
            for follower, author in found.all() for row in posts[author]]


async def _quoting(session: AsyncSession, row: Object) -> list[Notice]:
    """Local authors of posts that quote this one; each is told with their own post, as Mastodon does."""
    found = await session.execute(select(Object.id, Object.author_id, Object.thread_root_id).where(
        Object.quote_id == row.id, Object.local, Object.deleted_at.is_(None),
        or_(Object.quote_state.is_(None), Object.quote_state == "accepted")).order_by(Object.id.desc()).limit(1000))
    return [Notice(author_id, "quoted_update", row.author_id, object_id, root)
            for object_id, author_id, root in found.all()]


async def for_edit(session: AsyncSession, row: Object, newly_mentioned: Sequence[int]) -> None:
    """Tell local people that what they boosted or quoted was changed, and people who are mentioned only now."""
    boosters = (await session.scalars(select(Announce.actor_id).join(Actor, Actor.id == Announce.actor_id).where(
        Announce.object_id == row.id, Actor.host == ""))).all()
    notices = [Notice(reader, "update", row.author_id, row.id, row.thread_root_id) for reader in boosters]
    notices += [Notice(reader, "mention", row.author_id, row.id, row.thread_root_id) for reader in newly_mentioned]
    notices += await _quoting(session, row)
    await notify(session, notices)
    if row.visibility == "direct" and newly_mentioned:
        await conversations.forget_objects(session, [row.id])  # with more people it is part of another one
        await conversations.add(session, [row])
