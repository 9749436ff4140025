"""An actor is gone for good: everything it said, did and was is removed; its id stays, answered with 410.

Works through the actor's objects a thousand at a time, each with a fixed number of statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, case, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.social import conversations, events, feeds, post_index, registry
from potluck.social.communities import ranking, sweeping
from potluck.social.model import (
    AccountNote,
    Actor,
    ActorKey,
    Announce,
    Block,
    Blog,
    BlogAuthor,
    BlogSubscriber,
    Bookmark,
    Conversation,
    DomainMute,
    Endorsement,
    FeaturedTag,
    FeedEntry,
    Follow,
    HashtagFollow,
    KeptDraft,
    List,
    ListMember,
    Marker,
    Media,
    Mention,
    Mute,
    Notification,
    Object,
    ObjectDocument,
    ObjectTag,
    Pin,
    Reaction,
    RemovedPost,
    Revision,
    ScheduledPost,
    ThreadMute,
    Tombstone,
)
from potluck.social.severing import sever
from potluck.social.storing import remember_deleted
from potluck.social.visibility import COUNTED, OPEN

_OBJECT: Any = Object.__table__
_ENTRY: Any = FeedEntry.__table__
_CHUNK = 1000

# Tables with an actor's own things, by the column that says whose they are. What others wrote down about the actor
# (blocks, mutes) stays, so that somebody blocked does not come back unblocked under the same id.
_OWN: tuple[tuple[Any, Any], ...] = (
    (Block, Block.blocker_id), (Mute, Mute.muter_id), (DomainMute, DomainMute.actor_id),
    (ThreadMute, ThreadMute.actor_id), (AccountNote, AccountNote.actor_id), (AccountNote, AccountNote.target_id),
    (Endorsement, Endorsement.actor_id), (Endorsement, Endorsement.target_id), (ListMember, ListMember.actor_id),
    (Bookmark, Bookmark.actor_id), (Pin, Pin.actor_id), (HashtagFollow, HashtagFollow.actor_id),
    (FeaturedTag, FeaturedTag.actor_id), (Marker, Marker.actor_id), (Conversation, Conversation.reader_id),
    (Notification, Notification.actor_id), (Notification, Notification.reader_id), (Mention, Mention.actor_id),
    (Media, Media.owner_id), (BlogAuthor, BlogAuthor.blog_id), (BlogAuthor, BlogAuthor.actor_id),
    (BlogSubscriber, BlogSubscriber.blog_id), (Blog, Blog.actor_id),
    (KeptDraft, KeptDraft.owner_id), (ScheduledPost, ScheduledPost.owner_id), (RemovedPost, RemovedPost.owner_id),
    (RemovedPost, RemovedPost.author_id),
)


async def delete_local(session: AsyncSession, actor: Actor) -> None:
    """Delete a local actor. Other servers are told first, while its followers are still known."""
    row = await session.get_one(Actor, actor.id)
    if row.deleted_at is not None:
        return
    await events.emit(session, events.ActorDeleted(row))
    await _remove(session, row)


async def delete_remote(session: AsyncSession, actor: Actor) -> None:
    """A remote actor is gone, as its server says."""
    row = await session.get_one(Actor, actor.id)
    if row.deleted_at is not None:
        return
    await _remove(session, row)
    await session.execute(delete(ActorKey).where(ActorKey.actor_id == row.id))


async def _remove(session: AsyncSession, row: Actor) -> None:
    await sever(session, or_(Follow.follower_id == row.id, Follow.followed_id == row.id))
    await _take_back_reactions(session, row.id)
    await _take_back_boosts(session, row.id)
    last = 0
    while True:
        found = (await session.execute(select(Object.id, Object.kind).where(
            Object.author_id == row.id, Object.deleted_at.is_(None), Object.id > last)
            .order_by(Object.id).limit(_CHUNK))).all()
        if not found:
            break
        last = found[-1].id
        await _remove_objects(session, found)
    await _remove_own(session, row.id)
    await remember_deleted(session, row.uri, row.type, local=row.is_local)
    _empty(row)
    await session.flush()


def _less(column: Any, count: Any) -> Any:
    return case((column > count, column - count), else_=0)


async def _take_back_reactions(session: AsyncSession, actor_id: int) -> None:
    def given(kind: Any) -> Any:
        return select(func.count()).select_from(Reaction).where(
            Reaction.object_id == _OBJECT.c.id, Reaction.actor_id == actor_id, kind).scalar_subquery()

    await session.execute(update(_OBJECT).where(
        _OBJECT.c.id.in_(select(Reaction.object_id).where(Reaction.actor_id == actor_id))).values(
            likes_count=_less(_OBJECT.c.likes_count, given(Reaction.kind != "dislike")),
            dislikes_count=_less(_OBJECT.c.dislikes_count, given(Reaction.kind == "dislike")),
            version=_OBJECT.c.version + 1))
    await ranking.recount_all(session, select(Reaction.object_id).where(Reaction.actor_id == actor_id))
    await session.execute(delete(Reaction).where(Reaction.actor_id == actor_id))


async def _take_back_boosts(session: AsyncSession, actor_id: int) -> None:
    boosted = select(Announce.object_id).where(Announce.actor_id == actor_id)
    await session.execute(update(_OBJECT).where(_OBJECT.c.id.in_(boosted)).values(
        boosts_count=_less(_OBJECT.c.boosts_count, 1), version=_OBJECT.c.version + 1))
    await session.execute(delete(_ENTRY).where(
        _ENTRY.c.object_id.in_(boosted), _ENTRY.c.announce_id.in_(select(Announce.id).where(
            Announce.actor_id == actor_id))))
    await session.execute(delete(Announce).where(Announce.actor_id == actor_id))


async def _remove_objects(session: AsyncSession, found: Sequence[Any]) -> None:
    object_ids = [row.id for row in found]
    await _uncount(session, object_ids)
    await sweeping.forget(session, object_ids)
    await feeds.remove_objects(session, object_ids)
    for table in (Reaction, Announce, Bookmark, Pin, Notification, ObjectTag, Revision, ObjectDocument, Media):
        await session.execute(delete(table).where(table.object_id.in_(object_ids)))
    await post_index.forget(session, object_ids)
    await _forget_kinds(session, found)
    await session.execute(insert_or_ignore(session, Tombstone).from_select(
        ["uri", "former_type", "local", "deleted_at"],
        select(Object.uri, Object.type, Object.local, literal(now(), _OBJECT.c.deleted_at.type)).where(
            Object.id.in_(object_ids))))
    await session.execute(update(_OBJECT).where(_OBJECT.c.id.in_(object_ids)).values(
        deleted_at=now(), title=None, summary="", content="", source=None, emojis=[], extra={}, replies_count=0,
        likes_count=0, dislikes_count=0, boosts_count=0, quotes_count=0, version=_OBJECT.c.version + 1))
    await conversations.forget_objects(session, object_ids)
    await session.execute(delete(Mention).where(Mention.object_id.in_(object_ids)))


async def _uncount(session: AsyncSession, object_ids: list[int]) -> None:
    """Replies and quotes that others' objects counted."""
    child = aliased(Object)
    accepted = or_(child.quote_state.is_(None), child.quote_state == "accepted")
    for column, link, shown in ((_OBJECT.c.replies_count, child.in_reply_to_id, child.visibility.in_(COUNTED)),
                                (_OBJECT.c.quotes_count, child.quote_id, and_(child.visibility.in_(OPEN), accepted))):
        gone = and_(child.id.in_(object_ids), shown, child.state == "published")
        count = select(func.count()).select_from(child).where(gone, link == _OBJECT.c.id).scalar_subquery()
        await session.execute(update(_OBJECT).where(_OBJECT.c.id.in_(select(link).where(gone))).values(
            {column: _less(column, count), _OBJECT.c.version: _OBJECT.c.version + 1}))


async def _forget_kinds(session: AsyncSession, found: Sequence[Any]) -> None:
    """Each kind removes its own rows of these objects."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for row in found:
        by_kind[row.kind].append(row.id)
    for name, object_ids in by_kind.items():
        kind = registry.kind_named(name)
        if kind.forget:
            await kind.forget(session, object_ids)


async def _remove_own(session: AsyncSession, actor_id: int) -> None:
    lists = select(List.id).where(List.owner_id == actor_id)
    await session.execute(delete(_ENTRY).where(or_(_ENTRY.c.feed_id == actor_id, _ENTRY.c.feed_id.in_(lists))))
    await session.execute(delete(ListMember).where(ListMember.list_id.in_(lists)))
    await session.execute(delete(List).where(List.owner_id == actor_id))
    for table, column in _OWN:
        await session.execute(delete(table).where(column == actor_id))


def _empty(row: Actor) -> None:
    row.deleted_at = row.updated_at = now()
    row.display_name = row.summary = row.avatar_description = row.header_description = ""
    row.summary_source = row.avatar_url = row.header_url = row.last_post_at = None
    row.fields, row.emojis, row.also_known_as, row.extra = [], [], [], {}
    row.followers_count = row.following_count = row.posts_count = 0
    row.remote_followers = row.remote_following = row.remote_posts = None
    row.discoverable = row.indexable = False
