"""Actors: made here, learned from elsewhere, changed, moved, silenced, suspended, deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import events, feeds
from potluck.social.addresses import actor_uri, instance_actor_uri, profile_url, shared_inbox_uri
from potluck.social.drafts import ActorDraft
from potluck.social.errors import Conflict, Invalid, NotFound
from potluck.social.keys import make_keys
from potluck.social.model import (
    Actor,
    ActorKey,
    Announce,
    Block,
    Follow,
    ListMember,
    Mute,
    Notification,
    Object,
    Reaction,
)
from potluck.social.storing import remember_deleted
from potluck.text.names import check_local_name

_PROFILE = ("type", "display_name", "summary", "fields", "url", "avatar_url", "avatar_description", "header_url",
            "header_description", "inbox", "shared_inbox", "outbox", "followers_uri", "following_uri", "featured_uri",
            "locked", "discoverable", "indexable", "memorial", "also_known_as", "moved_to_uri", "published", "extra")

MAX_FIELDS = 8


async def create_local(
    session: AsyncSession, name: str, *, type: str = "Person", owner_id: int | None = None, display_name: str = "",
) -> Actor:
    """Make a local actor with its keys.

    Raises:
        Invalid: the name cannot be used (`potluck.text.names.NameRefused` is one), or is taken.
    """
    handle = name.strip().lower()
    try:
        check_local_name(handle)
    except ValueError as error:
        raise Invalid("username", str(error), getattr(error, "code", "invalid")) from error
    if await session.scalar(select(Actor.id).where(Actor.handle == handle)):
        raise Invalid("username", "This name is already taken", "taken")
    uri = actor_uri(handle)
    actor = Actor(
        id=ids.new(), uri=uri, type=type, name=handle, host="", handle=handle, owner_id=owner_id,
        display_name=display_name, url=profile_url(handle), inbox=f"{uri}/inbox", shared_inbox=shared_inbox_uri(),
        outbox=f"{uri}/outbox", followers_uri=f"{uri}/followers", following_uri=f"{uri}/following",
        featured_uri=f"{uri}/featured", discoverable=True, indexable=True, published=now())
    session.add(actor)
    await session.flush()
    session.add_all(make_keys(actor.id, uri))
    await session.flush()
    return actor


async def instance_actor(session: AsyncSession) -> Actor:
    """The actor of the server itself, made at first use: it signs fetches and sends reports."""
    uri = instance_actor_uri()
    found: Actor | None = await session.scalar(select(Actor).where(Actor.uri == uri))
    if found:
        return found
    actor = Actor(
        id=ids.new(), uri=uri, type="Application", name=current().domain, host="", handle=f"{current().domain}".lower(),
        display_name=current().title, url=f"{current().url}/about", inbox=f"{uri}/inbox",
        shared_inbox=shared_inbox_uri(), outbox=f"{uri}/outbox", followers_uri=f"{uri}/followers",
        following_uri=f"{uri}/following", featured_uri=f"{uri}/featured", locked=True, published=now())
    session.add(actor)
    await session.flush()
    session.add_all(make_keys(actor.id, uri))
    await session.flush()
    return actor


async def by_handle(session: AsyncSession, handle: str) -> Actor | None:
    """The actor known as `name` or `name@host` (any case, with or without a leading '@'; our own domain is local)."""
    found: Actor | None = await session.scalar(select(Actor).where(Actor.handle == handle_key(handle)))
    return found


def handle_key(handle: str) -> str:
    """The value of `Actor.handle` for a handle as people write it."""
    name, _, host = handle.strip().removeprefix("acct:").lstrip("@").lower().partition("@")
    return name if host in ("", current().domain.lower(), current().host.lower()) else f"{name}@{host}"


async def by_uri(session: AsyncSession, uri: str) -> Actor | None:
    """The actor with this ActivityPub id."""
    found: Actor | None = await session.scalar(select(Actor).where(Actor.uri == uri))
    return found


async def by_uris(session: AsyncSession, uris: Iterable[str]) -> dict[str, Actor]:
    """Actors by ActivityPub id, in one query."""
    wanted = set(uris)
    if not wanted:
        return {}
    return {row.uri: row for row in (await session.scalars(select(Actor).where(Actor.uri.in_(wanted)))).all()}


async def by_id(session: AsyncSession, actor_id: int) -> Actor:
    """The actor with this id.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    found = await session.get(Actor, actor_id)
    if found is None or found.deleted_at is not None:
        raise NotFound
    return found


async def search(session: AsyncSession, words: str, *, following_of: int | None = None, limit: int = 20,
                 offset: int = 0) -> list[Actor]:
    """Actors whose handle or display name begins with or holds the words; `following_of`: among whom they follow."""
    term = words.strip().lstrip("@").lower()
    if not term:
        return []
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    query = select(Actor).where(
        or_(Actor.handle.like(f"{escaped}%", escape="\\"), Actor.display_name.ilike(f"%{escaped}%", escape="\\")),
        Actor.handle.is_not(None), Actor.suspended_at.is_(None), Actor.deleted_at.is_(None),
        Actor.uri != instance_actor_uri())
    if following_of is not None:
        query = query.join(Follow, and_(Follow.followed_id == Actor.id, Follow.follower_id == following_of,
                                        Follow.state == "accepted"))
    rows = await session.scalars(query.order_by((Actor.handle == term).desc(), Actor.followers_count.desc(), Actor.id)
                                 .limit(limit).offset(offset))
    return list(rows.all())


async def upsert_remote(session: AsyncSession, draft: ActorDraft, server_id: int | None) -> Actor:
    """Store what a remote actor's document says; missing properties are cleared.

    A handle that now belongs to another id (an account that was made anew) leaves the older one without handle.

    Raises:
        Conflict: the uri is that of a local actor.
    """
    handle = f"{draft.name}@{draft.host}".lower()
    found = await by_uri(session, draft.uri)
    if found is not None and found.is_local:
        raise Conflict("a local actor cannot be replaced from elsewhere")
    await session.execute(update(Actor).where(Actor.handle == handle, Actor.uri != draft.uri).values(handle=None))
    actor = found or Actor(id=ids.new(), uri=draft.uri, name=draft.name, host=draft.host)
    actor.name, actor.host, actor.handle, actor.server_id = draft.name, draft.host, handle, server_id
    for name in _PROFILE:
        setattr(actor, name, getattr(draft, name))
    actor.emojis = [{"shortcode": emoji.shortcode, "url": emoji.url} for emoji in draft.emojis]
    actor.fetched_at = actor.updated_at = now()
    if draft.suspended and actor.suspended_at is None:
        actor.suspended_at = now()
        actor.extra = {**actor.extra, "suspended_by_origin": True}
    elif not draft.suspended and (found and found.extra or {}).get("suspended_by_origin"):
        actor.suspended_at = None
    if found is None:
        session.add(actor)
    await session.flush()
    await _replace_keys(session, actor, draft.keys)
    return actor


async def _replace_keys(session: AsyncSession, actor: Actor, keys: list[tuple[str, str, str]]) -> None:
    """Make the stored keys those of the document; a key uri of another actor is left alone (never taken over)."""
    known = {row.uri: row for row in (await session.scalars(
        select(ActorKey).where(or_(ActorKey.actor_id == actor.id, ActorKey.uri.in_([uri for uri, _, _ in keys]))))).all()}
    wanted = {uri for uri, _, _ in keys}
    for uri, row in known.items():
        if row.actor_id == actor.id and uri not in wanted:
            await session.delete(row)
    for uri, algorithm, public_key in keys[:10]:
        row = known.get(uri)
        if row is None:
            session.add(ActorKey(id=ids.new(), actor_id=actor.id, uri=uri, algorithm=algorithm, public_key=public_key))
        elif row.actor_id == actor.id:
            row.algorithm, row.public_key = algorithm, public_key
    await session.flush()


async def update_profile(session: AsyncSession, actor: Actor, **changes: Any) -> Actor:
    """Change a local actor's profile and tell others.

    Args:
        changes: columns of `Actor` by name; `None` for a picture removes it.
    """
    for name, value in changes.items():
        setattr(actor, name, value)
    actor.updated_at = now()
    await session.flush()
    await events.emit(session, events.ProfileChanged(actor))
    return actor


async def set_aliases(session: AsyncSession, actor: Actor, uris: list[str]) -> None:
    """Name the other accounts that are the same person (`alsoKnownAs`), so that they can move here."""
    await update_profile(session, actor, also_known_as=list(dict.fromkeys(uris)))


async def mark_moved(session: AsyncSession, actor: Actor, target: Actor) -> None:
    """An actor moved to `target` (both directions were checked by the caller). Local moves are announced; local
    followers of a remote actor that moved are led over by `potluck.social.moving`.

    Raises:
        Invalid: the target does not name this account as an alias.
    """
    if actor.uri not in target.also_known_as:
        raise Invalid("target", "The other account does not name this one as an alias yet")
    if actor.id == target.id:
        raise Invalid("target", "An account cannot move to itself")
    actor.moved_to_id, actor.moved_to_uri, actor.moved_at, actor.updated_at = target.id, target.uri, now(), now()
    await session.flush()
    if actor.is_local:
        await events.emit(session, events.ProfileChanged(actor))
        await events.emit(session, events.ActorMoved(actor, target))


async def silence(session: AsyncSession, actor: Actor, *, silenced: bool) -> None:
    """Limit an actor: out of public timelines, seen by followers only; or lift that."""
    actor.silenced_at = now() if silenced else None
    actor.updated_at = now()
    await session.flush()


async def suspend(session: AsyncSession, actor: Actor, *, suspended: bool) -> None:
    """Suspend an actor (nobody sees it or its things, it cannot act), or lift that."""
    actor.suspended_at = now() if suspended else None
    actor.updated_at = now()
    await session.flush()
    if suspended:
        await _clear_traces(session, actor)


async def _clear_traces(session: AsyncSession, actor: Actor) -> None:
    theirs = select(Object.id).where(Object.author_id == actor.id)
    object_ids = list((await session.scalars(theirs)).all())
    for first in range(0, len(object_ids), 500):
        await feeds.remove_objects(session, object_ids[first:first + 500])
    await session.execute(delete(Notification).where(Notification.actor_id == actor.id))


async def delete_remote(session: AsyncSession, actor: Actor) -> None:
    """A remote actor is gone: its things, follows and notifications go too; the id stays known as gone."""
    if actor.deleted_at is not None:
        return
    await _remove_everything(session, actor)
    await remember_deleted(session, actor.uri, actor.type, local=False)


async def delete_local(session: AsyncSession, actor: Actor) -> None:
    """A local actor is deleted: others are told first, then everything is removed; its addresses answer 410."""
    if actor.deleted_at is not None:
        return
    await events.emit(session, events.ActorDeleted(actor))
    await _remove_everything(session, actor)
    await remember_deleted(session, actor.uri, actor.type, local=True)


async def _remove_everything(session: AsyncSession, actor: Actor) -> None:
    moment = now()
    await _clear_traces(session, actor)
    await _uncount_relations(session, actor.id)
    for statement in (
        delete(Follow).where(or_(Follow.follower_id == actor.id, Follow.followed_id == actor.id)),
        delete(Block).where(or_(Block.blocker_id == actor.id, Block.blocked_id == actor.id)),
        delete(Mute).where(or_(Mute.muter_id == actor.id, Mute.muted_id == actor.id)),
        delete(ListMember).where(ListMember.actor_id == actor.id),
        delete(Reaction).where(Reaction.actor_id == actor.id),
        delete(Announce).where(Announce.actor_id == actor.id),
        delete(Notification).where(or_(Notification.actor_id == actor.id, Notification.reader_id == actor.id)),
        update(Object).where(Object.author_id == actor.id, Object.deleted_at.is_(None)).values(
            deleted_at=moment, title=None, summary="", content="", source=None, emojis=[], extra={},
            version=Object.version + 1),
    ):
        await session.execute(statement.execution_options(synchronize_session=False))
    actor.deleted_at = actor.updated_at = moment
    actor.display_name = actor.summary = ""
    actor.summary_source = actor.avatar_url = actor.header_url = None
    actor.fields, actor.emojis, actor.also_known_as, actor.extra = [], [], [], {}
    actor.followers_count = actor.following_count = actor.posts_count = 0
    await session.flush()


async def _uncount_relations(session: AsyncSession, actor_id: int) -> None:
    """Those who followed or were followed by an actor that goes lose one."""
    followed = select(Follow.followed_id).where(Follow.follower_id == actor_id, Follow.state == "accepted")
    following = select(Follow.follower_id).where(Follow.followed_id == actor_id, Follow.state == "accepted")
    await session.execute(update(Actor).where(Actor.id.in_(followed), Actor.followers_count > 0).values(
        followers_count=Actor.followers_count - 1).execution_options(synchronize_session=False))
    await session.execute(update(Actor).where(Actor.id.in_(following), Actor.following_count > 0).values(
        following_count=Actor.following_count - 1).execution_options(synchronize_session=False))
