"""Search for people, hashtags and posts; one module for both databases.

Of posts one finds one's own, those one was named in or did something with, and public ones of authors who want to be
found (`indexable`); whatever is found must also be visible to who asks (`visibility.visible_to`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.ids import floor_at
from potluck.social.actors import by_handle, handle_key
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    Follow,
    Hashtag,
    Media,
    Mention,
    Object,
    Reaction,
)
from potluck.social.visibility import not_hidden_by, visible_to
from potluck.text.hashtags import normalise_hashtag
from potluck.text.sanitise import to_plain_text

MAX_QUERY = 500
MAX_WORDS = 10
MAX_OFFSET = 400
NEWEST = 200_000
"""Posts looked through at the most, newest first."""

_WIDER = 3  # candidates read for each post wanted: markup is searched first, its text decides


async def accounts(
    session: AsyncSession, query: str, *, viewer_id: int | None, limit: int = 20, offset: int = 0,
    following: bool = False,
) -> list[Actor]:
    """People by handle or display name: exact handle first, then beginnings, then those one follows, then the known.

    Args:
        following: only those the viewer follows.
    """
    term = query.strip().removeprefix("acct:").lstrip("@").lower()[:MAX_QUERY]
    if not term or offset > MAX_OFFSET or (following and viewer_id is None):
        return []
    key = handle_key(term) or term
    conditions = [
        Actor.suspended_at.is_(None), Actor.deleted_at.is_(None), Actor.handle.is_not(None),
        Actor.type != "Application",
        or_(Actor.handle.contains(key, autoescape=True), _like(Actor.display_name, query.strip().lstrip("@")))]
    followed: ColumnElement[bool] | None = None
    if viewer_id is not None:
        # Whoever is asked for by the whole handle is found even so: apps look up that way whom to unblock.
        conditions.append(or_(Actor.handle == key, not_hidden_by(viewer_id, Actor.id)))
        followed = exists().where(Follow.follower_id == viewer_id, Follow.followed_id == Actor.id,
                                  Follow.state == "accepted")
        if following:
            conditions.append(followed)
    fit = case((Actor.handle == key, 0), (Actor.handle.startswith(key, autoescape=True), 1), else_=2)
    near = case((followed, 0), else_=1) if followed is not None else None
    order = [fit, *([near] if near is not None else []), Actor.followers_count.desc(), Actor.id]
    rows = await session.scalars(select(Actor).where(*conditions).order_by(*order).limit(limit).offset(offset))
    return list(rows.all())


def _like(column: Any, text: str) -> ColumnElement[bool]:
    """The column contains the text in any case; SQLite knows only ASCII letters, so usual spellings are tried."""
    spellings = dict.fromkeys((text, text.lower(), text.capitalize(), text.upper())) if not text.isascii() else (text,)
    return or_(*(column.icontains(spelling, autoescape=True) for spelling in spellings))


async def hashtags(session: AsyncSession, query: str, *, limit: int = 20, offset: int = 0) -> Sequence[Hashtag]:
    """Hashtags that begin with the text, shortest first."""
    name = normalise_hashtag(query.strip())
    if name is None or offset > MAX_OFFSET:
        return []
    rows = await session.scalars(select(Hashtag).where(Hashtag.name.startswith(name, autoescape=True))
                                 .order_by(func.length(Hashtag.name), Hashtag.name).limit(limit).offset(offset))
    return rows.all()


@dataclass(slots=True)
class Question:
    """What a search for posts asks for.

    Attributes:
        words: all must occur in title, warning or text; phrases in quotes are one word.
        author: handle after `from:`, or `me`.
        media, reply: `has:media`, `is:reply`.
        language: after `language:`.
        after, before: days after `after:` and `before:`.
    """

    words: list[str] = field(default_factory=list)
    author: str | None = None
    media: bool = False
    reply: bool = False
    language: str | None = None
    after: datetime | None = None
    before: datetime | None = None


def parse(query: str) -> Question:
    """Read a query as people type it in Mastodon."""
    question = Question()
    for part in _parts(query[:MAX_QUERY]):
        name, colon, value = part.partition(":")
        if not (colon and value and _operator(question, name.lower(), value)):
            question.words.append(part)
    question.words = question.words[:MAX_WORDS]
    return question


def _parts(query: str) -> list[str]:
    parts: list[str] = []
    for number, piece in enumerate(query.split('"')):
        parts += [piece.strip()] if number % 2 else piece.split()
    return [part for part in parts if part]


def _operator(question: Question, name: str, value: str) -> bool:
    """Note an operator; False if it is none."""
    if name == "from":
        question.author = value
    elif (name, value) == ("has", "media"):
        question.media = True
    elif (name, value) == ("is", "reply"):
        question.reply = True
    elif name == "language":
        question.language = value.lower()
    elif name in {"after", "before"} and (day := _day(value)):
        setattr(question, name, day)
    else:
        return False
    return True


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


async def statuses(
    session: AsyncSession, query: str, *, viewer_id: int, limit: int = 20, offset: int = 0,
    author_id: int | None = None, max_id: int | None = None, min_id: int | None = None,
) -> list[int]:
    """Ids of posts with all the words, newest first.

    Args:
        viewer_id: who asks; only what they may see is found.
        author_id: only by this author.
        max_id, min_id: only older, newer than these.
    """
    question = parse(query)
    if offset > MAX_OFFSET or not (question.words or question.author):
        return []
    if question.author is not None:
        author = await _author(session, question.author, viewer_id)
        if author is None or author_id not in {None, author}:
            return []
        author_id = author
    conditions = [*_asked(question), visible_to(viewer_id), _findable(viewer_id),
                  not_hidden_by(viewer_id, Object.author_id), Object.id > _floor()]
    conditions += [Object.author_id == author_id] if author_id is not None else []
    conditions += [Object.id < max_id] if max_id is not None else []
    conditions += [Object.id > min_id] if min_id is not None else []
    rows = (await session.execute(
        select(Object.id, Object.title, Object.summary, Object.content).where(*conditions)
        .order_by(Object.id.desc()).limit((offset + limit) * _WIDER))).all()
    words = [" ".join(word.casefold().split()) for word in question.words]
    found = [row.id for row in rows if _has_words(row, words)]
    return found[offset:offset + limit]


async def _author(session: AsyncSession, text: str, viewer_id: int) -> int | None:
    if text == "me":
        return viewer_id
    found = await by_handle(session, text)
    return found.id if found else None


def _floor() -> Any:
    """Older posts than the newest `NEWEST` are not looked through."""
    row = aliased(Object)
    return func.coalesce(select(row.id).order_by(row.id.desc()).offset(NEWEST).limit(1).scalar_subquery(), 0)


def _asked(question: Question) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for word in dict.fromkeys(word for phrase in question.words for word in phrase.split()):
        # Of a phrase each word is looked for: markup may stand between them. `_has_words` looks at the text.
        marked = _like(Object.content, escape(word, quote=False))
        conditions.append(or_(marked, _like(Object.summary, word), _like(func.coalesce(Object.title, ""), word)))
    if question.media:
        conditions.append(exists().where(Media.object_id == Object.id))
    if question.reply:
        conditions.append(Object.in_reply_to_uri.is_not(None))
    if question.language:
        conditions.append(or_(Object.language == question.language,
                              Object.language.startswith(f"{question.language}-", autoescape=True)))
    if question.after:
        conditions.append(Object.id >= floor_at(question.after + timedelta(days=1)))
    if question.before:
        conditions.append(Object.id < floor_at(question.before))
    return conditions


def _findable(viewer_id: int) -> ColumnElement[bool]:
    """One's own, what one was named in or acted upon, and public posts of authors who want to be found."""
    author = aliased(Actor)
    return or_(
        Object.author_id == viewer_id,
        exists().where(Mention.object_id == Object.id, Mention.actor_id == viewer_id),
        exists().where(Reaction.object_id == Object.id, Reaction.actor_id == viewer_id),
        exists().where(Announce.object_id == Object.id, Announce.actor_id == viewer_id),
        exists().where(Bookmark.object_id == Object.id, Bookmark.actor_id == viewer_id),
        and_(Object.visibility == "public", exists().where(author.id == Object.author_id, author.indexable)),
    )


def _has_words(row: Any, words: Sequence[str]) -> bool:
    """Whether the words are in the text itself, not only in its markup (addresses of links, classes)."""
    text = " ".join(f"{row.title or ''}\n{row.summary}\n{to_plain_text(row.content)}".casefold().split())
    return all(word in text for word in words)
