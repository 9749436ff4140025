"""Objects as someone sees them: loaded for many at once, one query per facet, for pages and every API.

What the viewer may not see is not in the result. Who hands these views on need not check again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import policies, preview_cards, reactions, registry
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    Hashtag,
    Media,
    Mention,
    Object,
    ObjectTag,
    Pin,
    PreviewCard,
    Reaction,
    ThreadMute,
)
from potluck.social.visibility import announce_visible_to, not_hidden_by, visible_to


@dataclass(slots=True)
class Marks:
    """What the viewer did with an object."""

    liked: bool = False
    disliked: bool = False
    boosted: bool = False
    bookmarked: bool = False
    pinned: bool = False
    thread_muted: bool = False
    reactions: list[str] = field(default_factory=list)  # own emoji


@dataclass(slots=True)
class ObjectView:
    """An object with everything that is shown beside it."""

    object: Object
    author: Actor
    media: list[Media] = field(default_factory=list)
    mentions: list[Actor] = field(default_factory=list)  # named ones only
    hashtags: list[Hashtag] = field(default_factory=list)
    group: Actor | None = None
    quote: ObjectView | None = None  # one level deep; None also where the viewer may not or does not want to see it
    reactions: list[tuple[str, str | None, int]] = field(default_factory=list)  # (emoji, image, count)
    card: PreviewCard | None = None  # of the page it links to
    card_author: Actor | None = None  # whom that page credits
    kind_data: Any = None
    marks: Marks = field(default_factory=Marks)
    restricted: dict[policies.Act, policies.Verdict] = field(default_factory=dict)  # what the viewer may not do at once


@dataclass(slots=True)
class EntryView:
    """An entry of a feed: an object, or a boost of one."""

    entry_id: int
    object: ObjectView
    announce: Announce | None = None
    booster: Actor | None = None


@dataclass(frozen=True, slots=True)
class EntryRef:
    """A reference to a feed entry. `cursor` is what the next page continues from (the entry's id if None)."""

    entry_id: int
    object_id: int
    announce_id: int | None = None
    cursor: int | None = None

    @property
    def position(self) -> int:
        """The paging cursor of this entry."""
        return self.entry_id if self.cursor is None else self.cursor


async def load_actors(session: AsyncSession, actor_ids: Iterable[int]) -> dict[int, Actor]:
    """Actors by id, in one query."""
    wanted = {value for value in actor_ids if value}
    if not wanted:
        return {}
    return {row.id: row for row in (await session.scalars(select(Actor).where(Actor.id.in_(wanted)))).all()}


async def load_objects(
    session: AsyncSession, object_ids: Iterable[int], viewer_id: int | None, *, viewer_is_local: bool = True,
    with_marks: bool = True,
) -> dict[int, ObjectView]:
    """Views of those objects that the viewer may see, with what they quote, in the order asked for."""
    wanted = list(object_ids)
    rows = await _visible(session, set(wanted), viewer_id, viewer_is_local)
    quotes = {row.id: row.quote_id for row in rows.values() if row.quote_id and row.quote_state in (None, "accepted")}
    quoted = await _visible(session, set(quotes.values()), viewer_id, viewer_is_local, wanted_only=True)
    views = await _assemble(session, {**rows, **quoted}, viewer_id)
    if viewer_id is not None and with_marks:
        await add_marks(session, views, viewer_id)
    # Copies, made before any view has a quote: two posts that quote each other must not become a circle.
    inner = {object_id: replace(views[object_id]) for object_id in quoted}
    for object_id, quote_id in quotes.items():
        views[object_id].quote = inner.get(quote_id)
    return {object_id: views[object_id] for object_id in wanted if object_id in rows}


async def load_for_moderation(session: AsyncSession, object_ids: Iterable[int]) -> dict[int, ObjectView]:
    """Views of objects that a report names or a rule holds back, whoever they were meant for: for moderators only.

    They come in the order asked for.
    """
    wanted = list(object_ids)
    if not wanted:
        return {}
    rows = await session.scalars(select(Object).where(Object.id.in_(set(wanted)), Object.deleted_at.is_(None)))
    views = await _assemble(session, {row.id: row for row in rows.all()}, None)
    return {object_id: views[object_id] for object_id in wanted if object_id in views}


async def _visible(session: AsyncSession, wanted: set[int], viewer_id: int | None, local: bool, *,
                   wanted_only: bool = False) -> dict[int, Object]:
    """Those objects the viewer may see; with `wanted_only` without authors they have hidden for themselves."""
    if not wanted:
        return {}
    query = select(Object).where(Object.id.in_(wanted), visible_to(viewer_id, viewer_is_local=local))
    if wanted_only and viewer_id is not None and local:
        query = query.where(not_hidden_by(viewer_id, Object.author_id))
    return {row.id: row for row in (await session.scalars(query)).all()}


async def _assemble(session: AsyncSession, rows: dict[int, Object], viewer_id: int | None) -> dict[int, ObjectView]:
    """Every facet of the objects, a query each."""
    if not rows:
        return {}
    mentions = (await session.execute(select(Mention.object_id, Mention.actor_id).where(
        Mention.object_id.in_(rows), ~Mention.silent))).all()
    actors = await load_actors(session, {row.author_id for row in rows.values()}
                               | {row.group_id for row in rows.values() if row.group_id}
                               | {actor_id for _, actor_id in mentions})
    views = {row.id: ObjectView(row, actors[row.author_id], group=actors.get(row.group_id or 0))
             for row in rows.values()}
    for object_id, actor_id in mentions:
        views[object_id].mentions.append(actors[actor_id])
    media = await session.scalars(select(Media).where(Media.object_id.in_(rows)).order_by(Media.position, Media.id))
    for item in media.all():
        views[item.object_id or 0].media.append(item)
    tags = await session.execute(
        select(ObjectTag.object_id, Hashtag).join(Hashtag).where(ObjectTag.object_id.in_(rows)).order_by(Hashtag.name))
    for object_id, tag in tags.all():
        views[object_id].hashtags.append(tag)
    liked = [row.id for row in rows.values() if row.likes_count]
    if liked:
        for object_id, counts in (await reactions.emoji_counts(session, liked)).items():
            views[object_id].reactions = counts
    cards = await preview_cards.of_objects(session, list(rows))
    credited = await preview_cards.authors(session, cards.values())
    for object_id, card in cards.items():
        views[object_id].card, views[object_id].card_author = card, credited.get(card.author_id or 0)
    await _load_kinds(session, views, viewer_id)
    return views


async def _load_kinds(session: AsyncSession, views: dict[int, ObjectView], viewer_id: int | None) -> None:
    by_kind: dict[str, list[int]] = {}
    for view in views.values():
        by_kind.setdefault(view.object.kind, []).append(view.object.id)
    for name, object_ids in by_kind.items():
        kind = registry.kind_named(name)
        if kind.load:
            for object_id, data in (await kind.load(session, object_ids, viewer_id)).items():
                views[object_id].kind_data = data


async def add_marks(session: AsyncSession, views: dict[int, ObjectView], viewer_id: int) -> None:
    """Lay the viewer's own marks over views, in one query, and what authors do not let the viewer do."""
    marks = await load_marks(session, {view.object.id: view.object.thread_root_id for view in views.values()},
                             viewer_id)
    for object_id, found in marks.items():
        views[object_id].marks = found
    narrow = await policies.verdicts(session, ((view.object, view.author) for view in views.values()), viewer_id)
    for object_id, verdicts in narrow.items():
        views[object_id].restricted = verdicts


async def load_marks(session: AsyncSession, threads: dict[int, int | None], viewer_id: int) -> dict[int, Marks]:
    """What the viewer did with objects (object id -> thread root id), in one query; objects untouched are absent."""
    if not threads:
        return {}
    ids = list(threads)
    roots = {root or object_id for object_id, root in threads.items()}
    statement = union_all(
        select(literal("reaction").label("what"), Reaction.object_id.label("id"), Reaction.kind.label("kind"),
               Reaction.emoji.label("emoji")).where(Reaction.actor_id == viewer_id, Reaction.object_id.in_(ids)),
        select(literal("boosted"), Announce.object_id, literal(""), literal("")).where(
            Announce.actor_id == viewer_id, Announce.object_id.in_(ids)),
        select(literal("bookmarked"), Bookmark.object_id, literal(""), literal("")).where(
            Bookmark.actor_id == viewer_id, Bookmark.object_id.in_(ids)),
        select(literal("pinned"), Pin.object_id, literal(""), literal("")).where(
            Pin.actor_id == viewer_id, Pin.object_id.in_(ids)),
        select(literal("thread"), ThreadMute.thread_root_id, literal(""), literal("")).where(
            ThreadMute.actor_id == viewer_id, ThreadMute.thread_root_id.in_(roots)),
    )
    found: dict[int, Marks] = {}
    muted: set[int] = set()
    for what, row_id, kind, emoji in (await session.execute(statement)).all():
        if what == "thread":
            muted.add(row_id)
        else:
            _mark(found.setdefault(row_id, Marks()), what, kind, emoji)
    for object_id, root in threads.items():
        if (root or object_id) in muted:
            found.setdefault(object_id, Marks()).thread_muted = True
    return found


def _mark(marks: Marks, what: str, kind: str, emoji: str) -> None:
    if what != "reaction":
        setattr(marks, what, True)
    elif kind == "emoji":
        marks.reactions.append(emoji)
    elif kind == "like":
        marks.liked = True
    else:
        marks.disliked = True


async def load_entries(
    session: AsyncSession, refs: Sequence[EntryRef], viewer_id: int | None, *, viewer_is_local: bool = True,
) -> list[EntryView]:
    """Views of feed entries in the order given, without those the viewer may not see."""
    views = await load_objects(session, {ref.object_id for ref in refs}, viewer_id, viewer_is_local=viewer_is_local)
    announce_ids = [ref.announce_id for ref in refs if ref.announce_id]
    boosts: dict[int, Announce] = {}
    boosters: dict[int, Actor] = {}
    if announce_ids:
        found = await session.scalars(select(Announce).where(
            Announce.id.in_(announce_ids), announce_visible_to(viewer_id, viewer_is_local=viewer_is_local)))
        boosts = {row.id: row for row in found.all()}
        boosters = await load_actors(session, {row.actor_id for row in boosts.values()})
    entries = []
    for ref in refs:
        view = views.get(ref.object_id)
        boost = boosts.get(ref.announce_id or 0)
        if view is None or (ref.announce_id and boost is None):
            continue
        booster = boosters.get(boost.actor_id) if boost else None
        if booster is not None and (booster.suspended_at or booster.deleted_at):
            continue
        entries.append(EntryView(ref.entry_id, view, boost, booster))
    return entries
