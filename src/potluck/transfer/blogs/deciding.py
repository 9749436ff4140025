"""Which articles of an export are here already: by what they are called there, else by address and title."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.settings import current
from potluck.social.blogs.places import slug_of
from potluck.social.model import Article, ImportedPost, KeptDraft, Object
from potluck.transfer.blogs.items import Item

NEW, HERE, DRAFTED = "new", "here", "drafted"
_KEY = "import:"


@dataclass(frozen=True, slots=True)
class Fate:
    """What is known of an article: `object_id` where it is published here already."""

    word: str = NEW
    object_id: int | None = None


def draft_key(author_id: int, item: Item) -> str:
    """The word that names an article's draft, so that it is begun once."""
    return _KEY + hashlib.sha256(f"{author_id} {item.uid}".encode("utf-8", "replace")).hexdigest()[:48]


async def fates(session: AsyncSession, owner_id: int, author_id: int, items: Sequence[Item]) -> list[Fate]:
    """For each article whether it is here. Three queries.

    Args:
        owner_id: whose drafts.
        author_id: the blog, or the same person.
    """
    known = await _imported(session, author_id, [item.uid for item in items])
    places = await _placed(session, author_id, [slug_of(item.slug or item.title) for item in items])
    drafted = await _drafted(session, owner_id, author_id, items)
    return [_fate(item, known, places, drafted) for item in items]


def draft_uri(draft_id: int) -> str:
    """What a draft of ours is called outside."""
    return f"{current().url}/write/{draft_id}"


def _fate(item: Item, known: dict[str, int], places: dict[str, _Placed], drafted: set[str]) -> Fate:
    if item.uid in known:
        return Fate(HERE, known[item.uid])
    place = places.get(slug_of(item.slug or item.title))
    if place is not None and item.title and place.title == item.title and place.kind != kind_of(item.uid):
        return Fate(HERE, place.object_id)
    return Fate(DRAFTED if item.uid in drafted else NEW)


def kind_of(uid: str) -> str:
    """The kind of export that an article's name is from: two names of one kind are two articles."""
    return uid.partition(":")[0]


@dataclass(frozen=True, slots=True)
class _Placed:
    """The article at an address; `kind` of export it came from, '' for one that was written here."""

    object_id: int
    title: str
    kind: str


async def _imported(session: AsyncSession, author_id: int, uids: Sequence[str]) -> dict[str, int]:
    """Those that were brought before, and our own articles by their ids; not what was deleted since."""
    rows = await session.execute(
        select(ImportedPost.uri, ImportedPost.object_id).join(Object, Object.id == ImportedPost.object_id).where(
            ImportedPost.actor_id == author_id, ImportedPost.uri.in_(uids), Object.deleted_at.is_(None)))
    found: dict[str, int] = dict(rows.all())
    own = [uid for uid in uids if uid.startswith(("https://", "http://"))]
    if own:
        mine = await session.execute(select(Object.uri, Object.id).where(
            Object.uri.in_(own), Object.author_id == author_id, Object.deleted_at.is_(None)))
        found |= dict(mine.all())
    return found


async def _placed(session: AsyncSession, author_id: int, slugs: Sequence[str]) -> dict[str, _Placed]:
    rows = await session.execute(
        select(Article.slug, Object.id, Object.title, ImportedPost.uri)
        .join(Object, Object.id == Article.object_id)
        .outerjoin(ImportedPost, (ImportedPost.object_id == Object.id) & (ImportedPost.actor_id == author_id))
        .where(Article.author_id == author_id, Article.slug.in_(slugs), Object.deleted_at.is_(None)))
    return {slug: _Placed(object_id, " ".join((title or "").split()), kind_of(uri or ""))
            for slug, object_id, title, uri in rows.all()}


async def _drafted(session: AsyncSession, owner_id: int, author_id: int, items: Sequence[Item]) -> set[str]:
    """Names of those that are drafts of this person: brought before, or written here and brought back."""
    by_key = {draft_key(author_id, item): item.uid for item in items}
    own = draft_uri(0)[:-1]
    by_id = {int(number): item.uid for item in items if item.uid.startswith(own)
             and (number := item.uid.removeprefix(own)).isdecimal() and len(number) < 17}
    rows = await session.execute(select(KeptDraft.id, KeptDraft.key).where(
        KeptDraft.owner_id == owner_id, or_(KeptDraft.key.in_(by_key), KeptDraft.id.in_(by_id))))
    return {by_key.get(key or "") or by_id.get(draft_id, "") for draft_id, key in rows.all()}
