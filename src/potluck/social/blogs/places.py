"""Each article's address and place: rows of `Article`, written when one is published, edited or deleted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize
from urllib.parse import quote

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.addresses import profile_url
from potluck.social.blogs.making import COMMENTS
from potluck.social.errors import Invalid
from potluck.social.model import Actor, Article, ArticleComment, Object
from potluck.social.visibility import PUBLIC
from potluck.text.markup import words

MAX_SLUG = 80
MAX_PINNED = 20

_ARTICLE: Any = Article.__table__
_ACCENTS = re.compile("([a-zA-Z])[\u0300-\u036f]+")
_NO_WORD = re.compile(r"[^\w]+|_")
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019](?=\w)")
_TAKEN = words(
    # What stands below a profile's or a blog's address already.
    "with_replies media followers following submit tagged tags tag about desk mod modlog settings subscribe "
    "unsubscribe confirm unlock letters pages feed edit new drafts write comments authors blog-css "
    "rss atom sitemap history"
)


@dataclass(slots=True)
class Place:
    """What an article's row says, on its way into the database."""

    writer_id: int
    slug: str
    page: bool = False
    comments: str | None = None


def slug_of(text: str) -> str:
    """The last part of an address out of a title: small letters and hyphens; accents of Latin letters fall away."""
    plain = _ACCENTS.sub(r"\1", normalize("NFKD", _APOSTROPHE.sub("", text)))
    made = _NO_WORD.sub("-", normalize("NFC", plain).lower()).strip("-")[:MAX_SLUG].strip("-")
    if not made:
        return "article"
    return f"post-{made}"[:MAX_SLUG] if made.isdigit() or made in _TAKEN else made


async def free_slug(session: AsyncSession, author_id: int, wanted: str, *, object_id: int | None = None) -> str:
    """The address an article gets: the one wanted, or with the next free number behind it."""
    base = slug_of(wanted)
    stem = base[:MAX_SLUG - 5]  # room for the number
    taken = set((await session.scalars(select(Article.slug).where(
        Article.author_id == author_id, Article.object_id != (object_id or 0),
        (Article.slug == base) | Article.slug.startswith(f"{stem}-", autoescape=True)))).all())
    if base not in taken:
        return base
    number = next(n for n in range(2, len(taken) + 3) if f"{stem}-{n}" not in taken)
    return f"{stem}-{number}"


async def free_slugs(session: AsyncSession, author_id: int, wanted: Sequence[str]) -> list[str]:
    """`free_slug` for many articles that come at once: two queries, whatever their number."""
    bases = [slug_of(text) for text in wanted]
    taken = set((await session.scalars(select(Article.slug).where(
        Article.author_id == author_id, Article.slug.in_(set(bases))))).all())
    twice = {base for base in bases if base in taken} | {base for base, times in Counter(bases).items() if times > 1}
    if twice:
        taken |= set((await session.scalars(select(Article.slug).where(
            Article.author_id == author_id,
            or_(*(Article.slug.startswith(f"{base[:MAX_SLUG - 6]}-", autoescape=True) for base in twice))))).all())
    following: dict[str, int] = {}
    made: list[str] = []
    for base in bases:
        slug = base
        while slug in taken:
            following[base] = following.get(base, 1) + 1
            slug = f"{base[:MAX_SLUG - 6]}-{following[base]}"
        taken.add(slug)
        made.append(slug)
    return made


def article_url(author: Actor, slug: str) -> str:
    """Page of an article of this server."""
    return f"{profile_url(author.name)}/{quote(slug)}"


def check_comments(word: str | None) -> None:
    """Refuse an unknown word for who may comment.

    Raises:
        Invalid: it is one.
    """
    if word is not None and word not in COMMENTS:
        raise Invalid("comments", f"Comments are one of {', '.join(COMMENTS)}")


async def add(session: AsyncSession, pairs: Sequence[tuple[Object, Place]]) -> None:
    """Articles were published."""
    if pairs:
        await session.execute(insert(_ARTICLE), [
            {"object_id": row.id, "author_id": row.author_id, "writer_id": place.writer_id, "slug": place.slug,
             "page": place.page, "pinned": None, "comments": place.comments,
             "listed": _is_listed(row, page=place.page), "language": row.language} for row, place in pairs])


def _is_listed(row: Object, *, page: bool) -> bool:
    return row.visibility == PUBLIC and row.state == "published" and row.deleted_at is None and not page


async def change(session: AsyncSession, row: Object, place: Place) -> None:
    """An article was edited; who wrote it stays."""
    await session.execute(update(_ARTICLE).where(_ARTICLE.c.object_id == row.id).values(
        slug=place.slug, page=place.page, comments=place.comments, language=row.language,
        listed=_is_listed(row, page=place.page)))


async def forget(session: AsyncSession, object_ids: Sequence[int]) -> None:
    """Articles were deleted."""
    await session.execute(delete(_ARTICLE).where(_ARTICLE.c.object_id.in_(object_ids)))
    comments: Any = ArticleComment.__table__
    await session.execute(delete(comments).where(comments.c.object_id.in_(object_ids)))


async def of(session: AsyncSession, object_ids: Sequence[int]) -> dict[int, Article]:
    """The places of articles."""
    rows = await session.scalars(select(Article).where(Article.object_id.in_(object_ids)))
    return {row.object_id: row for row in rows.all()}


async def find(session: AsyncSession, author_id: int, slug: str) -> Article | None:
    """The article at an address."""
    found: Article | None = await session.scalar(select(Article).where(
        Article.author_id == author_id, Article.slug == slug))
    return found


async def pin(session: AsyncSession, article: Article, *, pinned: bool) -> None:
    """Put an article on top of its blog, below those that are there already, or take it down.

    Raises:
        Invalid: there are too many.
    """
    if not pinned or article.pinned is not None:
        article.pinned = article.pinned if pinned else None
        await session.flush()
        return
    count, last = (await session.execute(select(func.count(Article.pinned), func.max(Article.pinned)).where(
        Article.author_id == article.author_id))).one()
    if count >= MAX_PINNED:
        raise Invalid("pinned", "At most %(most)s articles can be pinned", "too_long", most=MAX_PINNED)
    article.pinned = (last or 0) + 1
    await session.flush()
