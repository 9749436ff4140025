"""Articles and drafts on their way out of a blog, batch by batch, with the files that hang on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.kinds.article import drafts as article_drafts
from potluck.kinds.article.publishing import tags_of
from potluck.media import files
from potluck.media.files import ORIGINAL
from potluck.media.storage import Storage
from potluck.social.blogs import making
from potluck.social.model import Actor, Article, Blog, KeptDraft, Media, Object
from potluck.transfer.blogs import deciding
from potluck.transfer.blogs.items import CLOSED, DRAFT

BATCH = 50


@dataclass(frozen=True, slots=True)
class File:
    """A file of an article.

    Attributes:
        url: as the text names it.
        name: its name in an export.
        key: its name in the storage.
    """

    url: str
    name: str
    key: str
    description: str


@dataclass(slots=True)
class Leaver:
    """An article as it goes out; `html` is what readers see of it, '' for a draft."""

    uri: str
    title: str
    text: str
    content_type: str
    html: str
    slug: str
    summary: str
    tags: list[str]
    language: str
    warning: str
    sensitive: bool
    published: datetime
    edited: datetime | None
    state: str
    page: bool
    pinned: bool
    comments: str
    files: list[File] = field(default_factory=list)
    cover: File | None = None


async def total(session: AsyncSession, blog_id: int) -> int:
    """How many articles there are."""
    return await session.scalar(select(func.count()).select_from(Article).where(Article.author_id == blog_id)) or 0


async def articles(db: Database, storage: Storage, blog_id: int) -> AsyncIterator[list[Leaver]]:
    """Everything published in a blog (or on a profile), oldest first. Three queries for each batch."""
    last = 0
    async with db.read() as session:
        blog = await session.get(Blog, blog_id)
    closed = blog is not None and blog.visibility in making.CLOSED
    while True:
        async with db.read() as session:
            rows = (await session.execute(
                select(Object, Article).join(Article, Article.object_id == Object.id).where(
                    Article.author_id == blog_id, Object.id > last, Object.deleted_at.is_(None)).order_by(Object.id)
                .limit(BATCH))).all()
            hanging = await _files(session, storage, [Media.object_id.in_([row.id for row, _ in rows])]) if rows else {}
        if not rows:
            return
        yield [_of_article(row, place, [file for media, file in hanging.values() if media.object_id == row.id],
                           hanging, closed=closed) for row, place in rows]
        last = rows[-1][0].id


def _of_article(row: Object, place: Article, own: list[File], known: dict[int, tuple[Media, File]], *, closed: bool,
                ) -> Leaver:
    extra = row.extra
    cover = known.get(int(extra.get("cover_id") or 0))
    return Leaver(
        row.uri, row.title or "", row.source or row.content, (row.source_type or "text/html") if row.source else
        "text/html", row.content, place.slug, row.summary if extra.get("own_summary") else "",
        list(extra.get("own_tags") or ()), row.language or "", str(extra.get("warning") or ""), row.sensitive,
        row.published, row.edited_at, CLOSED if closed else row.visibility, place.page, place.pinned is not None,
        place.comments or "", own, cover[1] if cover else None)


async def drafts(db: Database, storage: Storage, person: Actor, blog_id: int) -> AsyncIterator[Leaver]:
    """Somebody's drafts for a blog, one after the other; new versions of what is published are among them."""
    async with db.read() as session:
        ids = (await session.scalars(select(KeptDraft.id).where(
            KeptDraft.owner_id == person.id, KeptDraft.kind == article_drafts.KIND).order_by(KeptDraft.id))).all()
    for draft_id in ids:
        async with db.read() as session:
            row = await session.get(KeptDraft, draft_id)
            if row is None or (row.request.get("blog_id") or person.id) != blog_id:
                continue
            owners = Media.owner_id.in_([person.id, blog_id])
            found = await _files(session, storage, [Media.id.in_(row.media_ids), owners]) if row.media_ids else {}
        yield _of_draft(row, found)


def _of_draft(row: KeptDraft, found: dict[int, tuple[Media, File]]) -> Leaver:
    words = article_drafts.from_words(row.request)
    cover = found.get(words.cover_id or 0)
    return Leaver(
        deciding.draft_uri(row.id), words.title, words.text, words.content_type, "", words.slug, words.summary,
        tags_of(words.tags), words.language, words.warning, words.sensitive, row.updated_at, None, DRAFT, words.page,
        False, words.comments, [file for _, file in found.values()], cover[1] if cover else None)


async def _files(session: AsyncSession, storage: Storage, conditions: Sequence[Any]) -> dict[int, tuple[Media, File]]:
    rows = (await session.scalars(select(Media).where(*conditions, Media.state == "ready", Media.url.is_not(None))
                                  .order_by(Media.position, Media.id))).all()
    variants = await files.variants_of(session, [row.id for row in rows]) if rows else {}
    made: dict[int, tuple[Media, File]] = {}
    for row in rows:
        kept = variants.get(row.id, {}).get(ORIGINAL)
        key = kept[1] if kept else storage.key_of(row.url)
        if key and row.url:
            made[row.id] = row, File(row.url, f"media/{row.id}{Path(key).suffix}", key, row.description)
    return made
