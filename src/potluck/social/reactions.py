"""What people do with objects: like, dislike, react, boost, bookmark, pin. Doing a thing twice has no effect."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import events, feeds, live, notifications, policies, post_index
from potluck.social.addresses import activity_uri, announce_uri
from potluck.social.communities import ranking
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, Announce, Bookmark, Object, Pin, Reaction, ThreadMute
from potluck.social.notifications import Notice
from potluck.social.visibility import visible_to

_OBJECT: Any = Object.__table__

MAX_PINS = 5
MAX_DISTINCT_EMOJI = 50
"""Different emoji kept per object."""

_OPPOSITE = {"like": "dislike", "dislike": "like"}
_NOTICE = {"like": "favourite", "emoji": "reaction"}


async def visible_object(session: AsyncSession, actor: Actor, object_id: int) -> Object:
    """The object, if `actor` may see it.

    Raises:
        NotFound: it does not exist, or the actor may not see it.
    """
    row: Object | None = await session.scalar(
        _visible(local=actor.is_local), {"b_id": object_id, "b_viewer": actor.id})
    if row is None:
        raise NotFound
    return row


@cache
def _visible(*, local: bool) -> Any:
    """The statement of `visible_object`: putting it together takes longer than running it."""
    viewer: Any = bindparam("b_viewer", type_=BigInteger)
    return select(Object).where(Object.id == bindparam("b_id", type_=BigInteger),
                                visible_to(viewer, viewer_is_local=local))


async def react(
    session: AsyncSession,
    actor: Actor,
    object_id: int,
    kind: str = "like",
    emoji: str = "",
    *,
    uri: str | None = None,
    emoji_url: str | None = None,
    quiet: bool = False,
    row: Object | None = None,
) -> Reaction:
    """Like, dislike, or react with an emoji.

    Args:
        kind: like, dislike or emoji. A like and a dislike exclude each other.
        emoji: one emoji or `:shortcode:`, for kind emoji only.
        uri: id of the remote activity; made for local actors.
        quiet: an old like that somebody brings along: nobody is told, nothing is sent.
        row: the object, where the caller has seen that the actor may see it.

    Raises:
        NotFound: the object is not there for this actor.
        Invalid: too many different emoji on the object.
        Conflict: `uri` is the id of another reaction.
    """
    row = row or await visible_object(session, actor, object_id)
    found, opposite = await _given(session, actor.id, object_id, kind, emoji)
    if found:
        return found
    author = await session.get_one(Actor, row.author_id)  # before the policy asks for it, too
    if actor.is_local and await policies.verdict(session, row, actor, "like") == "denied":
        raise NotAllowed("The author does not want likes of this post")
    if opposite is not None:
        await _take_back(session, actor, opposite, row, author)
    if kind not in _OPPOSITE:
        await _check_room(session, object_id, emoji)
    if uri is not None and await session.scalar(select(Reaction.id).where(Reaction.uri == uri)):
        raise Conflict("This id belongs to another reaction")
    new_id = ids.new()
    reaction = Reaction(id=new_id, uri=uri or (activity_uri(new_id) if actor.is_local else None), actor_id=actor.id,
                        object_id=row.id, kind=kind, emoji=emoji, emoji_url=emoji_url, created_at=now())
    session.add(reaction)
    await session.flush()
    await _bump(session, row, kind, 1)
    if actor.is_local:
        await post_index.tie(session, row.id, actor.id)
    if quiet:
        return reaction
    if kind in _NOTICE and author.is_local:
        await notifications.notify(session, [
            Notice(author.id, _NOTICE[kind], actor.id, row.id, row.thread_root_id, emoji=emoji or None)])
    await events.emit(session, events.ReactionAdded(reaction, actor, row, author))
    return reaction


async def unreact(session: AsyncSession, actor: Actor, object_id: int, kind: str = "like", emoji: str = "") -> None:
    """Take a reaction back."""
    found, _ = await _given(session, actor.id, object_id, kind, emoji)
    if found is not None:
        row = await session.get_one(Object, object_id)
        await _take_back(session, actor, found, row, await session.get_one(Actor, row.author_id))


async def unvote(session: AsyncSession, actor: Actor, row: Object) -> None:
    """Take back a like or a dislike, whichever there is."""
    for found in await _given(session, actor.id, row.id, "like", ""):
        if found is not None:
            await _take_back(session, actor, found, row, await session.get_one(Actor, row.author_id))


async def _take_back(session: AsyncSession, actor: Actor, found: Reaction, row: Object, author: Actor) -> None:
    await session.execute(delete(Reaction).where(Reaction.id == found.id))
    await _bump(session, row, found.kind, -1)
    await _index(session, actor, row.id)
    if found.kind in _NOTICE:
        await notifications.remove(session, type=_NOTICE[found.kind], actor_id=actor.id, object_id=row.id)
    await events.emit(session, events.ReactionRemoved(found, actor, row, author))


async def _index(session: AsyncSession, actor: Actor, object_id: int) -> None:
    """People find what they did something with, and no longer when they took it back."""
    if actor.is_local:
        await post_index.refresh(session, [object_id])


async def _given(session: AsyncSession, actor_id: int, object_id: int, kind: str, emoji: str,
                 ) -> tuple[Reaction | None, Reaction | None]:
    """This reaction, and the vote that it excludes, as far as they are there."""
    kinds = (kind, _OPPOSITE[kind]) if kind in _OPPOSITE else (kind,)
    rows = (await session.scalars(select(Reaction).where(
        Reaction.actor_id == actor_id, Reaction.object_id == object_id, Reaction.kind.in_(kinds),
        Reaction.emoji == emoji))).all()
    found = {row.kind: row for row in rows}
    return found.get(kind), found.get(_OPPOSITE.get(kind, ""))


async def _check_room(session: AsyncSession, object_id: int, emoji: str) -> None:
    known = set((await session.scalars(select(Reaction.emoji).distinct().where(
        Reaction.object_id == object_id, Reaction.kind == "emoji"))).all())
    if emoji not in known and len(known) >= MAX_DISTINCT_EMOJI:
        raise Invalid("emoji", "This post has too many different reactions already")


async def _bump(session: AsyncSession, row: Object, kind: str, step: int) -> None:
    column = _OBJECT.c.dislikes_count if kind == "dislike" else _OBJECT.c.likes_count
    value = column + 1 if step > 0 else case((column > 0, column - 1), else_=0)
    counts = (await session.execute(update(_OBJECT).where(_OBJECT.c.id == row.id).values({
        column: value, _OBJECT.c.version: _OBJECT.c.version + 1}).returning(
        _OBJECT.c.likes_count, _OBJECT.c.dislikes_count))).one()
    if row.group_id is not None:
        await ranking.voted(session, row.id, *counts, post=row.in_reply_to_uri is None)


async def announce(
    session: AsyncSession,
    actor: Actor,
    object_id: int,
    visibility: str = "public",
    *,
    uri: str | None = None,
    published: datetime | None = None,
    quiet: bool = False,
) -> Announce:
    """Boost an object.

    Raises:
        NotFound: the object is not there for this actor.
        NotAllowed: it is not public or unlisted, and not the actor's own followers-only post.
        Conflict: `uri` is the id of another boost.
    """
    row = await visible_object(session, actor, object_id)
    own_private = row.author_id == actor.id and row.visibility == "followers"
    if row.visibility not in ("public", "unlisted", "local") and not own_private:
        raise NotAllowed("This post cannot be boosted")
    found: Announce | None = await session.scalar(select(Announce).where(
        Announce.actor_id == actor.id, Announce.object_id == object_id))
    if found:
        return found
    if actor.is_local and await policies.verdict(session, row, actor, "announce") == "denied":
        raise NotAllowed("The author does not want this post to be boosted")
    if uri is not None and await session.scalar(select(Announce.id).where(Announce.uri == uri)):
        raise Conflict("This id belongs to another boost")
    moment = published or now()
    new_id = ids.for_time(moment)
    boost = Announce(id=new_id, uri=uri or announce_uri(new_id), actor_id=actor.id, object_id=row.id,
                     visibility=row.visibility if own_private or row.visibility == "local" else visibility,
                     published=moment)
    session.add(boost)
    await session.flush()
    await session.execute(update(_OBJECT).where(_OBJECT.c.id == row.id).values(
        boosts_count=_OBJECT.c.boosts_count + 1, version=_OBJECT.c.version + 1))
    await _index(session, actor, row.id)
    author = await session.get_one(Actor, row.author_id)
    if not quiet:
        await feeds.add_announces(session, [boost.id])
        if actor.is_local:
            await feeds.add_own_announce(session, boost)
        await live.publish(session, "update", object_id=row.id, entry_id=boost.id)
    if author.is_local and actor.type != "Group" and not quiet:
        await notifications.notify(session, [Notice(author.id, "reblog", actor.id, row.id, row.thread_root_id)])
    await events.emit(session, events.Announced(boost, actor, row, author))
    return boost


async def unannounce(session: AsyncSession, actor: Actor, object_id: int) -> None:
    """Take a boost back."""
    found: Announce | None = await session.scalar(select(Announce).where(
        Announce.actor_id == actor.id, Announce.object_id == object_id))
    if found is None:
        return
    row = await session.get_one(Object, object_id)
    author = await session.get_one(Actor, row.author_id)
    holders = await feeds.remove_announce(session, found.id, object_id)
    await session.execute(delete(Announce).where(Announce.id == found.id))
    await session.execute(update(_OBJECT).where(_OBJECT.c.id == object_id).values(
        boosts_count=case((_OBJECT.c.boosts_count > 0, _OBJECT.c.boosts_count - 1), else_=0),
        version=_OBJECT.c.version + 1))
    await _index(session, actor, object_id)
    await notifications.remove(session, type="reblog", actor_id=actor.id, object_id=object_id)
    await live.publish(session, "delete", entry_id=found.id, data={
        "channels": [f"{prefix}:{feed_id}" for feed_id in holders for prefix in ("home", "list")]})
    await events.emit(session, events.AnnounceRemoved(found, actor, row, author))


async def bookmark(session: AsyncSession, actor: Actor, object_id: int) -> None:
    """Keep an object to come back to; nobody else learns of it."""
    await visible_object(session, actor, object_id)
    known = await session.scalar(select(Bookmark.id).where(
        Bookmark.actor_id == actor.id, Bookmark.object_id == object_id))
    if known is None:
        session.add(Bookmark(id=ids.new(), actor_id=actor.id, object_id=object_id))
        await session.flush()
        await _index(session, actor, object_id)


async def unbookmark(session: AsyncSession, actor: Actor, object_id: int) -> None:
    """Forget a bookmark."""
    await session.execute(delete(Bookmark).where(Bookmark.actor_id == actor.id, Bookmark.object_id == object_id))
    await _index(session, actor, object_id)


async def pin(session: AsyncSession, actor: Actor, object_id: int) -> None:
    """Feature one's own object on the profile.

    Raises:
        Invalid: not one's own, not readable by followers, or five are pinned already.
    """
    row = await visible_object(session, actor, object_id)
    if row.author_id != actor.id:
        raise Invalid("id", "Validation failed: Someone else's post cannot be pinned")
    if row.visibility == "direct":
        raise Invalid("id", "Validation failed: Posts that are only visible to mentioned users cannot be pinned")
    pinned = (await session.scalars(select(Pin.object_id).where(Pin.actor_id == actor.id))).all()
    if object_id in pinned:
        return
    if actor.is_local and len(pinned) >= MAX_PINS:
        raise Invalid("id", "Validation failed: You have already pinned the maximum number of posts")
    session.add(Pin(id=ids.new(), actor_id=actor.id, object_id=object_id))
    await session.flush()
    await events.emit(session, events.PinsChanged(actor, row, True))


async def unpin(session: AsyncSession, actor: Actor, object_id: int) -> None:
    """Take an object off the profile."""
    found = await session.scalar(select(Pin.id).where(Pin.actor_id == actor.id, Pin.object_id == object_id))
    if found is None:
        return
    await session.execute(delete(Pin).where(Pin.id == found))
    row = await session.get_one(Object, object_id)
    await events.emit(session, events.PinsChanged(actor, row, False))


async def mute_thread(session: AsyncSession, actor: Actor, object_id: int) -> None:
    """Want no more notifications from the conversation an object belongs to."""
    row = await visible_object(session, actor, object_id)
    root = row.thread_root_id or row.id
    if await session.get(ThreadMute, (actor.id, root)) is None:
        session.add(ThreadMute(actor_id=actor.id, thread_root_id=root))
        await session.flush()


async def unmute_thread(session: AsyncSession, actor: Actor, object_id: int) -> None:
    """Want notifications from a conversation again."""
    row = await visible_object(session, actor, object_id)
    await session.execute(delete(ThreadMute).where(
        ThreadMute.actor_id == actor.id, ThreadMute.thread_root_id == (row.thread_root_id or row.id)))


async def emoji_counts(session: AsyncSession, object_ids: list[int]) -> dict[int, list[tuple[str, str | None, int]]]:
    """Emoji reactions of objects: object id -> [(emoji, image of a custom one, count)], most first."""
    rows = await session.execute(
        select(Reaction.object_id, Reaction.emoji, func.max(Reaction.emoji_url), func.count()).where(
            Reaction.object_id.in_(object_ids), Reaction.kind == "emoji"
        ).group_by(Reaction.object_id, Reaction.emoji).order_by(func.count().desc(), Reaction.emoji))
    found: dict[int, list[tuple[str, str | None, int]]] = {}
    for object_id, emoji, url, count in rows.all():
        found.setdefault(object_id, []).append((emoji, url, count))
    return found
