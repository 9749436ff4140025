"""Search for people, hashtags and posts; one module for both databases.

Of posts one finds one's own, those one was named in or did something with, and public ones of authors who want to be
found (`indexable`); whatever is found must also be visible to who asks (`visibility.visible_to`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import fixed
from potluck.db.ids import floor_at
from potluck.settings import current
from potluck.social import post_index, post_lookup
from potluck.social.actors import by_handle, handle_key
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    Follow,
    Hashtag,
    Mention,
    Object,
    Reaction,
    TrendReview,
    User,
)
from potluck.social.post_lookup import END, Form, Forms, Lookup
from potluck.social.search_query import MAX_QUERY, Part, Question, parse
from potluck.social.visibility import not_hidden_by, visible_to
from potluck.text.hashtags import normalise_hashtag
from potluck.text.stems import language_of, stem
from potluck.text.terms import terms

MAX_OFFSET = 400

_FEWEST = 40  # candidates read at a time: some of them may be hidden from who asks
_ROUNDS = 25
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9-]{1,30})?")
_KINDS = {"reply": post_index.REPLY, "sensitive": post_index.SENSITIVE}


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
    # Limited accounts are come across by those who follow them, and found by their whole handle.
    unlimited = Actor.silenced_at.is_(None)
    conditions.append(or_(unlimited, Actor.handle == key, *((followed,) if followed is not None else ())))
    fit = case((Actor.handle == key, 0), (Actor.handle.startswith(key, autoescape=True), 1), else_=2)
    near = case((followed, 0), else_=1) if followed is not None else None
    order = [fit, *([near] if near is not None else []), Actor.followers_count.desc(), Actor.id]
    rows = await session.scalars(select(Actor).where(*conditions).order_by(*order).limit(limit).offset(offset))
    return list(rows.all())


def _like(column: Any, text: str) -> ColumnElement[bool]:
    """The column contains the text in any case; SQLite knows only ASCII letters, so usual spellings are tried."""
    spellings = dict.fromkeys((text, text.lower(), text.capitalize(), text.upper())) if not text.isascii() else (text,)
    return or_(*(column.icontains(spelling, autoescape=True) for spelling in spellings))


async def hashtags(session: AsyncSession, query: str, *, limit: int = 20, offset: int = 0,
                   reviewed: bool = False) -> Sequence[Hashtag]:
    """Hashtags that begin with the text, shortest first; one that moderators do not list only by its whole name.

    Args:
        reviewed: only those that moderators have let trend.
    """
    name = normalise_hashtag(query.strip())
    if name is None or offset > MAX_OFFSET:
        return []
    query_ = select(Hashtag).where(Hashtag.name.startswith(name, autoescape=True),
                                   or_(Hashtag.listable, Hashtag.name == name))
    if reviewed:
        query_ = query_.where(exists().where(TrendReview.kind == "tag", TrendReview.subject_id == Hashtag.id,
                                             TrendReview.trendable))
    rows = await session.scalars(query_.order_by(func.length(Hashtag.name), Hashtag.name).limit(limit).offset(offset))
    return rows.all()


async def statuses(
    session: AsyncSession, query: str, *, viewer_id: int, limit: int = 20, offset: int = 0,
    author_id: int | None = None, max_id: int | None = None, min_id: int | None = None,
    where: Sequence[ColumnElement[bool]] = (),
) -> list[int]:
    """Ids of posts with all the words, newest first.

    Args:
        viewer_id: who asks; only what they may see is found.
        author_id: only by this author.
        max_id, min_id: only older, newer than these.
        where: further conditions on `Object`.
    """
    question = parse(query)
    if offset > MAX_OFFSET or not question.asks:
        return []
    lookup = await _lookup(session, question, viewer_id)
    if lookup is None:
        return []
    if author_id is not None:
        lookup.must.append([Form((post_index.by_mark(author_id),))])
    above = max(min_id or 0, floor_at(question.since) - 1 if question.since else 0)
    below = min(max_id or END, floor_at(question.until) if question.until else END)
    allowed = and_(visible_to(viewer_id), _findable(viewer_id), not_hidden_by(viewer_id, Object.author_id), *where)
    found: list[int] = []
    for _ in range(_ROUNDS):
        wanted = max(offset + limit - len(found), _FEWEST)
        candidates = await post_lookup.newest(session, lookup, above=above, below=below, limit=wanted)
        found += (await session.scalars(select(Object.id).where(Object.id.in_(candidates), allowed)
                                        .order_by(Object.id.desc()))).all() if candidates else ()
        if len(candidates) < wanted or len(found) >= offset + limit:
            break
        below = candidates[-1]
    return found[offset:offset + limit]


async def _lookup(session: AsyncSession, question: Question, viewer_id: int) -> Lookup | None:
    """The question in terms of the index; None if nothing can be found."""
    tie = post_index.tie_mark(viewer_id)
    reach = {"all": (post_index.OPEN, tie), "library": (tie,), "public": (post_index.OPEN,)}[question.reach]
    lookup = Lookup(reach)
    languages = await _languages(session, question, viewer_id)
    for part in question.words:
        _add(lookup, _forms(part, languages), wanted=part.wanted)
    if not lookup.must and any(part.wanted for part in question.words):
        return None  # signs alone: no text has them
    for part in question.authors:
        author = await _author(session, part.value, viewer_id)
        if author is None and part.wanted:
            return None
        _add(lookup, [Form((post_index.by_mark(author),))] if author else [], wanted=part.wanted)
    marks = [(post_index.has_mark(part.value), part.wanted) for part in question.has]
    marks += [(_KINDS[part.value], part.wanted) for part in question.kinds]
    marks += [(post_index.language_mark(part.value), part.wanted) for part in question.languages
              if _LANGUAGE.fullmatch(part.value)]
    for mark, wanted in marks:
        _add(lookup, [Form((mark,))], wanted=wanted)
    return lookup


def _add(lookup: Lookup, forms: Forms, *, wanted: bool) -> None:
    if forms:
        (lookup.must if wanted else lookup.must_not).append(forms)


async def _languages(session: AsyncSession, question: Question, viewer_id: int) -> list[str]:
    """In which languages words are looked for in their other forms, too: those asked for, else those of who asks."""
    wanted = [part.value for part in question.languages if part.wanted]
    if not wanted:
        locale = await session.scalar(select(User.locale).where(User.actor_id == viewer_id))
        wanted = [locale or "", current().language, "en"]
    return [language for language in dict.fromkeys(language_of(tag) for tag in wanted) if language]


def _forms(part: Part, languages: Sequence[str]) -> list[Form]:
    """A word as it is, and what shares its stem in these languages; several words, or quoted ones, as they are."""
    words = tuple(terms(part.value))
    if not words:
        return []
    found = [Form(words)]
    if part.exact or len(words) > 1:
        return found
    for language in languages:
        common = stem(part.value, language)
        if common:
            found.append(Form((post_index.stem_mark(common, language),)))
            if common != words[0]:
                found.append(Form((common,), post_index.stemmed_mark(language)))
    return found


async def _author(session: AsyncSession, text: str, viewer_id: int) -> int | None:
    if text == "me":
        return viewer_id
    found = await by_handle(session, text)
    return found.id if found else None


def _findable(viewer_id: int) -> ColumnElement[bool]:
    """One's own, what one was named in or acted upon, and public posts of authors who want to be found."""
    author = aliased(Actor)
    return or_(
        Object.author_id == viewer_id,
        exists().where(Mention.object_id == Object.id, Mention.actor_id == viewer_id),
        exists().where(Reaction.object_id == Object.id, Reaction.actor_id == viewer_id),
        exists().where(Announce.object_id == Object.id, Announce.actor_id == viewer_id),
        exists().where(Bookmark.object_id == Object.id, Bookmark.actor_id == viewer_id),
        and_(Object.visibility == fixed("public"), exists().where(
            author.id == Object.author_id, author.indexable, or_(author.silenced_at.is_(None), exists().where(
                Follow.follower_id == viewer_id, Follow.followed_id == author.id, Follow.state == "accepted")))),
    )
