"""Storing new objects, many at once: a fixed number of statements for any number of drafts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import and_, bindparam, case, insert, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import (
    adopting,
    domain_policies,
    events,
    feeds,
    live,
    object_notices,
    post_index,
    quoting,
    registry,
    screening,
)
from potluck.social.addresses import object_uri, object_url
from potluck.social.blogs import comments
from potluck.social.communities import posts
from potluck.social.drafts import Draft
from potluck.social.model import (
    Actor,
    FeedEntry,
    Media,
    Mention,
    Notification,
    Object,
    ObjectDocument,
    Tombstone,
)
from potluck.social.tagging import attach_hashtags
from potluck.social.visibility import COUNTED

_OBJECT: Any = Object.__table__
_MENTION: Any = Mention.__table__
_MEDIA: Any = Media.__table__
_ACTOR: Any = Actor.__table__


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a draft. `created` is False where the uri was known already (or is a tombstone)."""

    object: Object | None
    draft: Draft
    created: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What must be known of a parent or quoted object."""

    id: int
    uri: str
    author_id: int
    thread_root_id: int
    context_uri: str | None


async def store(session: AsyncSession, drafts: Sequence[Draft]) -> list[Stored]:
    """Store drafts as objects, with all that belongs to them, and tell who should know.

    Drafts whose uri is known or was deleted are passed over, so that storing twice has no effect. `author_id`
    must be set. Quiet drafts reach neither feeds nor notifications.

    Returns:
        One `Stored` per draft, in the same order.
    """
    taken = await _taken(session, [draft.uri for draft in drafts if draft.uri])
    fresh: dict[str | int, Draft] = {}
    for draft in drafts:
        if draft.uri not in taken:
            fresh.setdefault(draft.uri or id(draft), draft)
    await _without_unwanted_media(session, list(fresh.values()))
    verdicts = await screening.screen(session, list(fresh.values()))
    admitted = screening.admit(list(fresh.values()), verdicts)
    waiting = await comments.hold(session, admitted)
    await comments.let_keepers_read(session, admitted)
    pairs = await _insert_objects(session, admitted)
    await _insert_parts(session, pairs)
    await comments.note_held(session, pairs, waiting)
    await _count(session, pairs)
    joined = await adopting.adopt_orphans(session, [row for row, draft in pairs if draft.uri])
    await _run_hooks(session, pairs)
    await post_index.add(session, [row for row, _ in pairs])
    await posts.add(session, [row for row, _ in pairs])
    await posts.add_late(session, joined)
    if verdicts:
        await screening.follow_up(session, pairs, verdicts)
    await _tell(session, pairs)
    made = {id(draft): row for row, draft in pairs}
    known = taken | {row.uri: row for row, draft in pairs}
    return [
        Stored(made.get(id(draft)) or (known.get(draft.uri) if draft.uri else None), draft, id(draft) in made)
        for draft in drafts
    ]


async def _without_unwanted_media(session: AsyncSession, drafts: list[Draft]) -> None:
    """Leave out attachments and emoji from servers whose media moderators do not want."""
    if not any(draft.uri for draft in drafts):
        return
    policies = await domain_policies.load(session)
    if policies.rejects_media:
        for draft in drafts:
            if draft.uri and policies.of(urlsplit(draft.uri).netloc).reject_media:
                draft.attachments, draft.emojis = [], []


async def _taken(session: AsyncSession, uris: list[str]) -> dict[str | None, Object | None]:
    if not uris:
        return {}
    rows = await session.scalars(select(Object).where(Object.uri.in_(uris)))
    found: dict[str | None, Object | None] = {row.uri: None if row.deleted_at else row for row in rows}
    dead = await session.scalars(select(Tombstone.uri).where(Tombstone.uri.in_(uris)))
    for uri in dead:
        found.setdefault(uri, None)
    return found


async def _insert_objects(session: AsyncSession, drafts: list[Draft]) -> list[tuple[Object, Draft]]:
    if not drafts:
        return []
    known = await _related(session, drafts)
    names = await _local_names(session, [draft.author_id for draft in drafts if draft.uri is None])
    new_ids = {id(draft): ids.for_time(draft.published) for draft in drafts}
    rows: dict[int, dict[str, Any]] = {}
    for draft in _parents_first(drafts):
        values = _row(draft, new_ids[id(draft)], known, names)
        known.by_uri[values["uri"]] = known.by_id[values["id"]] = _Known(
            values["id"], values["uri"], values["author_id"], values["thread_root_id"], values["context_uri"])
        rows[id(draft)] = values
    await session.execute(insert(_OBJECT), [rows[id(draft)] for draft in drafts])
    return [(Object(**rows[id(draft)]), draft) for draft in drafts]


@dataclass(slots=True)
class _Related:
    by_id: dict[int, _Known]
    by_uri: dict[str, _Known]

    def find(self, object_id: int | None, uri: str | None) -> _Known | None:
        if object_id is not None:
            return self.by_id.get(object_id)
        return self.by_uri.get(uri) if uri else None


async def _related(session: AsyncSession, drafts: list[Draft]) -> _Related:
    """Parents and quoted objects of all drafts."""
    wanted_ids = {value for draft in drafts for value in (draft.in_reply_to_id, draft.quote_id) if value}
    wanted_uris = {value for draft in drafts for value in (draft.in_reply_to_uri, draft.quote_uri) if value}
    related = _Related({}, {})
    if not wanted_ids and not wanted_uris:
        return related
    columns = select(Object.id, Object.uri, Object.author_id, Object.thread_root_id, Object.context_uri).where(
        Object.deleted_at.is_(None))
    conditions = ([Object.id.in_(wanted_ids)] if wanted_ids else []) + (
        [Object.uri.in_(wanted_uris)] if wanted_uris else [])
    for condition in conditions:
        for row in (await session.execute(columns.where(condition))).all():
            entry = _Known(row.id, row.uri, row.author_id, row.thread_root_id or row.id, row.context_uri)
            related.by_id[row.id] = related.by_uri[row.uri] = entry
    return related


async def _local_names(session: AsyncSession, author_ids: Iterable[int | None]) -> dict[int, str]:
    wanted = {value for value in author_ids if value}
    if not wanted:
        return {}
    rows = await session.execute(select(Actor.id, Actor.name).where(Actor.id.in_(wanted)))
    return dict(rows.all())


def _parents_first(drafts: list[Draft]) -> list[Draft]:
    """The drafts in an order in which a parent within the batch comes before its replies."""
    by_uri = {draft.uri: draft for draft in drafts if draft.uri}
    ordered: dict[int, Draft] = {}
    for draft in drafts:
        chain: dict[int, Draft] = {}
        current: Draft | None = draft
        while current is not None and id(current) not in ordered and id(current) not in chain:
            chain[id(current)] = current
            current = by_uri.get(current.in_reply_to_uri) if current.in_reply_to_uri else None
        for item in reversed(chain.values()):
            ordered[id(item)] = item
    return list(ordered.values())


def _row(draft: Draft, new_id: int, known: _Related, names: dict[int, str]) -> dict[str, Any]:
    if draft.author_id is None:
        raise ValueError("a draft needs its author_id before it is stored")
    parent = known.find(draft.in_reply_to_id, draft.in_reply_to_uri)
    quoted = known.find(draft.quote_id, draft.quote_uri)
    uri = draft.uri or object_uri(new_id)
    url = draft.url or (object_url(names[draft.author_id], new_id) if draft.uri is None else None)
    moment = now()
    return {
        "id": new_id, "uri": uri, "kind": draft.kind, "type": draft.type, "author_id": draft.author_id,
        "local": draft.uri is None, "visibility": draft.visibility, "state": draft.state,
        "group_id": draft.group_id, "group_claimed": draft.group_claimed,
        "in_reply_to_id": parent.id if parent else None,
        "in_reply_to_uri": draft.in_reply_to_uri or (parent.uri if parent else None),
        "in_reply_to_author_id": parent.author_id if parent else None,
        "thread_root_id": parent.thread_root_id if parent else new_id,
        # A local reply belongs to the conversation its parent names (FEP-7888).
        "context_uri": draft.context_uri or (parent.context_uri if parent and draft.uri is None else None),
        "replies_uri": draft.replies_uri, "replies_fetched_at": None,
        "quote_id": quoted.id if quoted else None, "quote_uri": draft.quote_uri or (quoted.uri if quoted else None),
        "quote_state": draft.quote_state,
        "quote_authorization_uri": draft.quote_authorization_uri, "quote_policy": draft.quote_policy,
        "interaction_policy": draft.interaction_policy, "approved_by_uri": draft.approved_by_uri,
        "title": draft.title, "summary": draft.summary, "content": draft.content, "source": draft.source,
        "source_type": draft.source_type, "language": draft.language, "sensitive": draft.sensitive, "url": url,
        "emojis": [{"shortcode": emoji.shortcode, "url": emoji.url} for emoji in draft.emojis],
        "extra": draft.extra, "published": draft.published, "edited_at": draft.edited_at,
        "deleted_at": None, "fetched_at": moment if draft.uri else None,
        "replies_count": 0, "likes_count": 0, "dislikes_count": 0, "boosts_count": 0, "quotes_count": 0,
        "remote_likes": draft.remote_likes, "remote_boosts": draft.remote_boosts, "app_name": draft.app_name,
        "app_website": draft.app_website, "version": 1, "created_at": moment,
    }


async def _insert_parts(session: AsyncSession, pairs: list[tuple[Object, Draft]]) -> None:
    """Documents, mentions, hashtags and attachments of new objects."""
    documents = [{"object_id": row.id, "document": draft.document} for row, draft in pairs if draft.document]
    if documents:
        await session.execute(insert(ObjectDocument.__table__), documents)  # type: ignore[arg-type]
    await insert_mentions(session, pairs)
    await attach_hashtags(session, [(row.id, draft.hashtags) for row, draft in pairs if draft.hashtags])
    await insert_attachments(session, pairs)


async def insert_mentions(session: AsyncSession, pairs: Iterable[tuple[Object, Draft]]) -> None:
    """Write the mention rows of objects that have none yet; a named mention wins over a silent one."""
    named: dict[tuple[int, int], bool] = {}
    for row, draft in pairs:
        for mention in draft.mentions:
            if mention.actor_id is not None:
                key = (row.id, mention.actor_id)
                named[key] = named.get(key, False) or not mention.silent
    if named:
        await session.execute(insert(_MENTION), [
            {"object_id": object_id, "actor_id": actor_id, "silent": not is_named}
            for (object_id, actor_id), is_named in named.items()])


async def insert_attachments(session: AsyncSession, pairs: Iterable[tuple[Object, Draft]]) -> None:
    """Write remote attachments as rows, and bind local uploads to their object in the order given."""
    rows, bound = [], []
    for row, draft in pairs:
        for position, item in enumerate(draft.attachments):
            meta = {key: value for key, value in (("width", item.width), ("height", item.height),
                                                  ("duration", item.duration)) if value is not None}
            rows.append({
                "id": ids.new(), "owner_id": None, "object_id": row.id, "position": position, "type": item.type,
                "media_type": item.media_type, "url": item.url, "remote_url": item.url,
                "preview_url": item.preview_url, "description": item.description, "blurhash": item.blurhash,
                "focus_x": item.focus[0] if item.focus else None, "focus_y": item.focus[1] if item.focus else None,
                "meta": meta, "state": "ready", "created_at": now()})
        bound += [{"m": media_id, "o": row.id, "p": position, "w": row.author_id}
                  for position, media_id in enumerate(draft.media_ids)]
    if rows:
        await session.execute(insert(_MEDIA), rows)
    if bound:
        await (await session.connection()).execute(
            update(_MEDIA).where(_MEDIA.c.id == bindparam("m"), _MEDIA.c.owner_id == bindparam("w"))
            .values(object_id=bindparam("o"), position=bindparam("p"), loose_since=None), bound)


async def _count(session: AsyncSession, pairs: list[tuple[Object, Draft]]) -> None:
    """Replies of parents, quotes of quoted, posts of authors. The parents' version rises with what they show."""
    await _count_rows(session, [row for row, _ in pairs if row.state == "published"])


async def _count_rows(session: AsyncSession, published: list[Object]) -> None:
    connection = await session.connection()
    replies = Counter(row.in_reply_to_id for row in published if row.in_reply_to_id and row.visibility in COUNTED)
    if replies:
        await connection.execute(
            update(_OBJECT).where(_OBJECT.c.id == bindparam("b_id")).values(
                replies_count=_OBJECT.c.replies_count + bindparam("n"), version=_OBJECT.c.version + 1),
            [{"b_id": key, "n": count} for key, count in sorted(replies.items())])
    quotes = Counter(row.quote_id for row in published if quoting.counts(row))
    if quotes:
        await connection.execute(
            update(_OBJECT).where(_OBJECT.c.id == bindparam("b_id")).values(
                quotes_count=_OBJECT.c.quotes_count + bindparam("n"), version=_OBJECT.c.version + 1),
            [{"b_id": key, "n": count} for key, count in sorted(quotes.items())])
    posts: dict[int, tuple[int, datetime]] = {}
    for row in published:
        if row.visibility in COUNTED:
            count, last = posts.get(row.author_id, (0, row.published))
            posts[row.author_id] = (count + 1, max(last, row.published))
    if posts:
        last_post = bindparam("last", type_=_ACTOR.c.last_post_at.type)
        await connection.execute(
            update(_ACTOR).where(_ACTOR.c.id == bindparam("b_id")).values(
                posts_count=_ACTOR.c.posts_count + bindparam("n"),
                last_post_at=case((or_(_ACTOR.c.last_post_at.is_(None), _ACTOR.c.last_post_at < last_post), last_post),
                                  else_=_ACTOR.c.last_post_at)),
            [{"b_id": key, "n": count, "last": last} for key, (count, last) in sorted(posts.items())])


async def _run_hooks(session: AsyncSession, pairs: list[tuple[Object, Draft]]) -> None:
    """Each kind writes its own rows for its objects, in bulk."""
    for name in {row.kind for row, _ in pairs}:
        kind = registry.kind_named(name)
        if kind.store:
            await kind.store(session, [(row, draft) for row, draft in pairs if row.kind == name])


async def publish(session: AsyncSession, rows: list[Object]) -> None:
    """Count and tell of objects that were stored unpublished and whose state has been set to `published` now."""
    await _count_rows(session, rows)
    await posts.publish(session, rows)
    await _tell_of(session, rows)


async def count_again(session: AsyncSession, rows: list[Object]) -> None:
    """Count objects that were hidden and are published again; nobody is told of them anew."""
    await _count_rows(session, rows)


async def tell_late(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Tell of objects that were fetched quietly and now come from their author; nobody is told of one twice."""
    await _tell_of(session, await _untold(session, rows))


async def tell_missed(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Put objects that should have come long ago before their readers: in their past place, and not as news.

    Feeds get them in order of their time; whoever is named learns of it. Pages that are open are left alone.
    """
    untold = await _untold(session, rows)
    if untold:
        await feeds.add_objects(session, untold)
        await object_notices.for_new(session, untold)


async def _untold(session: AsyncSession, rows: Sequence[Object]) -> list[Object]:
    """Those that are in no feed and no notification by their author's word: boosts and mere listings are others'."""
    found = [row.id for row in rows]
    told = set((await session.scalars(union(
        select(FeedEntry.object_id).join(Object, Object.id == FeedEntry.object_id).where(
            FeedEntry.object_id.in_(found), FeedEntry.announce_id.is_(None),
            ~and_(Object.group_claimed, FeedEntry.source_id == Object.group_id)),
        select(Notification.object_id).where(Notification.object_id.in_(found))))).all()) if found else set()
    return [row for row in rows if row.id not in told and row.state == "published"]


async def _tell(session: AsyncSession, pairs: list[tuple[Object, Draft]]) -> None:
    await _tell_of(session, [row for row, draft in pairs if row.state == "published" and not draft.quiet])


async def _tell_of(session: AsyncSession, rows: list[Object]) -> None:
    """Feeds, notifications, open pages, and the event for the wire."""
    if rows:
        await feeds.add_objects(session, rows)
        await object_notices.for_new(session, rows)
        await live.publish_many(session, [
            {"type": "update", "object_id": row.id, "entry_id": row.id} for row in rows])
        await events.emit(session, events.ObjectsPublished(rows))


async def remember_deleted(session: AsyncSession, uri: str, former_type: str | None, *, local: bool) -> None:
    """Keep the id of something deleted, so that it does not come back and readers get 410."""
    await session.execute(insert_or_ignore(session, Tombstone).values(
        uri=uri, former_type=former_type, local=local, deleted_at=now()))
