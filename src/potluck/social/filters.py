"""Filters: a person's rules about words and posts, made and changed. `filtering` holds posts against them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import filtering, live
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Filter, FilterKeyword, FilterStatus, Object
from potluck.social.visibility import visible_to

CONTEXTS = ("home", "notifications", "public", "thread", "account")
ACTIONS = ("warn", "hide", "blur")
MAX_FILTERS = 200
MAX_KEYWORDS = 1000
MAX_STATUSES = 1000
MAX_TITLE = 256
MAX_KEYWORD = 512

_FILTER: Any = Filter.__table__
_KEYWORD: Any = FilterKeyword.__table__
_STATUS: Any = FilterStatus.__table__


@dataclass(slots=True)
class FilterView:
    """A filter with all its words and posts, oldest first."""

    filter: Filter
    keywords: list[FilterKeyword] = field(default_factory=list)
    statuses: list[FilterStatus] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class KeywordChange:
    """A word to add (no id), to change, or to take out of a filter. None leaves as it is."""

    id: int | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    remove: bool = False


# ---- reading ----------------------------------------------------------------------------------------------------


async def of_owner(session: AsyncSession, owner_id: int) -> list[FilterView]:
    """A person's filters, oldest first, those that have expired too (they can be given more time)."""
    rows = (await session.scalars(select(Filter).where(Filter.owner_id == owner_id).order_by(Filter.id))).all()
    return await _views(session, rows)


async def one(session: AsyncSession, owner_id: int, filter_id: int) -> FilterView:
    """One filter of a person.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    return (await _views(session, [await _own(session, owner_id, filter_id)]))[0]


async def keyword(session: AsyncSession, owner_id: int, keyword_id: int) -> tuple[Filter, FilterKeyword]:
    """A word of a person's filters, with its filter.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    row = (await session.execute(
        select(Filter, FilterKeyword).join(FilterKeyword, FilterKeyword.filter_id == Filter.id)
        .where(Filter.owner_id == owner_id, FilterKeyword.id == keyword_id))).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def status(session: AsyncSession, owner_id: int, row_id: int) -> FilterStatus:
    """A filtered post of a person's filters.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    row: FilterStatus | None = await session.scalar(
        select(FilterStatus).join(Filter, Filter.id == FilterStatus.filter_id)
        .where(Filter.owner_id == owner_id, FilterStatus.id == row_id))
    if row is None:
        raise NotFound
    return row


async def _own(session: AsyncSession, owner_id: int, filter_id: int) -> Filter:
    row: Filter | None = await session.scalar(
        select(Filter).where(Filter.id == filter_id, Filter.owner_id == owner_id))
    if row is None:
        raise NotFound
    return row


async def _views(session: AsyncSession, rows: Sequence[Filter]) -> list[FilterView]:
    views = {row.id: FilterView(row) for row in rows}
    if views:
        for word in (await session.scalars(select(FilterKeyword).where(
                FilterKeyword.filter_id.in_(views)).order_by(FilterKeyword.id))).all():
            views[word.filter_id].keywords.append(word)
        for post in (await session.scalars(select(FilterStatus).where(
                FilterStatus.filter_id.in_(views)).order_by(FilterStatus.id))).all():
            views[post.filter_id].statuses.append(post)
    return list(views.values())


# ---- checks -----------------------------------------------------------------------------------------------------


def _title(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Invalid("title", "Validation failed: Title can't be blank", "blank")
    if len(text) > MAX_TITLE:
        raise Invalid("title", "Validation failed: Title is too long (maximum is %(most)s characters)", "too_long",
                      most=MAX_TITLE)
    return text


def _contexts(words: Collection[str]) -> list[str]:
    if not words:
        raise Invalid("context", "Validation failed: Context None or invalid context supplied", "blank")
    if unknown := [word for word in words if word not in CONTEXTS]:
        raise Invalid("context", f"Validation failed: Context is not included in the list ({unknown[0][:40]})",
                      "inclusion")
    return [word for word in CONTEXTS if word in words]


def _action(word: str) -> str:
    if word not in ACTIONS:
        raise Invalid("filter_action", "Validation failed: Action is not included in the list", "inclusion")
    return word


def _word(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Invalid("keyword", "Validation failed: Keyword can't be blank", "blank")
    if len(text) > MAX_KEYWORD:
        raise Invalid("keyword", "Validation failed: Keyword is too long (maximum is %(most)s characters)", "too_long",
                      most=MAX_KEYWORD)
    return text


async def _room_for(session: AsyncSession, owner_id: int, table: Any, most: int, more: int) -> None:
    count = await session.scalar(select(func.count()).select_from(table).join(
        _FILTER, _FILTER.c.id == table.c.filter_id).where(_FILTER.c.owner_id == owner_id)) or 0
    if count + more > most:
        raise Invalid("filter", "Validation failed: You have reached the maximum number of %(most)s", "too_many",
                      most=most)


# ---- changing ---------------------------------------------------------------------------------------------------


async def create(
    session: AsyncSession, owner_id: int, *, title: str, contexts: Collection[str], action: str = "warn",
    expires_at: datetime | None = None, keywords: Sequence[KeywordChange] = (),
) -> FilterView:
    """Make a filter.

    Raises:
        Invalid: a value cannot be used, or there are too many.
    """
    count = await session.scalar(select(func.count()).select_from(_FILTER).where(_FILTER.c.owner_id == owner_id)) or 0
    if count >= MAX_FILTERS:
        raise Invalid("filter", "Validation failed: You have reached the maximum number of filters", "too_many")
    row = Filter(id=ids.new(), owner_id=owner_id, title=_title(title), contexts=_contexts(contexts),
                 action=_action(action), expires_at=expires_at, created_at=now())
    session.add(row)
    await session.flush()
    await change_keywords(session, row, keywords)
    await changed(session, owner_id)
    return await one(session, owner_id, row.id)


async def update(
    session: AsyncSession, owner_id: int, filter_id: int, *, title: str | None = None,
    contexts: Collection[str] | None = None, action: str | None = None, keywords: Sequence[KeywordChange] = (),
    **expiry: datetime | None,
) -> FilterView:
    """Change a filter; what is None stays. `expires_at=None` makes it last, leaving it out changes nothing.

    Raises:
        NotFound: there is no such filter of this person, or no such word in it.
        Invalid: a value cannot be used.
    """
    row = await _own(session, owner_id, filter_id)
    if title is not None:
        row.title = _title(title)
    if contexts is not None:
        row.contexts = _contexts(contexts)
    if action is not None:
        row.action = _action(action)
    if "expires_at" in expiry:
        row.expires_at = expiry["expires_at"]
    await session.flush()
    await change_keywords(session, row, keywords)
    await changed(session, owner_id)
    return await one(session, owner_id, filter_id)


async def delete(session: AsyncSession, owner_id: int, filter_id: int) -> None:
    """Delete a filter with all it has.

    Raises:
        NotFound: there is no such filter of this person.
    """
    await session.execute(delete_from(_FILTER).where(_FILTER.c.id == (await _own(session, owner_id, filter_id)).id))
    await changed(session, owner_id)


async def change_keywords(session: AsyncSession, row: Filter, changes: Sequence[KeywordChange]) -> None:
    """Add, change and remove words of a filter. Whoever calls it tells by `changed`."""
    added = [item for item in changes if item.id is None and not item.remove]
    await _room_for(session, row.owner_id, _KEYWORD, MAX_KEYWORDS, len(added))
    known: dict[int, FilterKeyword] = {}
    if wanted := {item.id for item in changes if item.id is not None}:
        known = {word.id: word for word in (await session.scalars(select(FilterKeyword).where(
            FilterKeyword.filter_id == row.id, FilterKeyword.id.in_(wanted)))).all()}
        if wanted - known.keys():
            raise NotFound
    for item in changes:
        if item.id is not None:
            await _change_keyword(session, known[item.id], item)
        elif not item.remove:
            session.add(FilterKeyword(id=ids.new(), filter_id=row.id, keyword=_word(item.keyword or ""),
                                      whole_word=True if item.whole_word is None else item.whole_word))
    await session.flush()


async def _change_keyword(session: AsyncSession, word: FilterKeyword, change: KeywordChange) -> None:
    if change.remove:
        await session.delete(word)
        return
    if change.keyword is not None:
        word.keyword = _word(change.keyword)
    if change.whole_word is not None:
        word.whole_word = change.whole_word


async def add_keyword(session: AsyncSession, owner_id: int, filter_id: int, text: str, *,
                      whole_word: bool = True) -> FilterKeyword:
    """Add a word to a filter.

    Raises:
        NotFound: there is no such filter of this person.
        Invalid: the word cannot be used.
    """
    row = await _own(session, owner_id, filter_id)
    await change_keywords(session, row, [KeywordChange(keyword=text, whole_word=whole_word)])
    await changed(session, owner_id)
    return (await one(session, owner_id, filter_id)).keywords[-1]


async def add_status(session: AsyncSession, owner_id: int, filter_id: int, object_id: int) -> FilterStatus:
    """Have a filter catch a post.

    Raises:
        NotFound: no such filter of this person, or no such post for them.
        Invalid: it is caught already.
    """
    row = await _own(session, owner_id, filter_id)
    if await session.scalar(select(Object.id).where(Object.id == object_id, visible_to(owner_id))) is None:
        raise NotFound
    if await session.scalar(select(FilterStatus.id).where(
            FilterStatus.filter_id == row.id, FilterStatus.object_id == object_id)):
        raise Invalid("status", "Validation failed: Status has already been taken", "taken")
    await _room_for(session, owner_id, _STATUS, MAX_STATUSES, 1)
    made = FilterStatus(id=ids.new(), filter_id=row.id, object_id=object_id)
    session.add(made)
    await session.flush()
    await changed(session, owner_id)
    return made


async def remove_status(session: AsyncSession, owner_id: int, row_id: int) -> None:
    """Have a filter catch a post no longer.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    await session.delete(await status(session, owner_id, row_id))
    await session.flush()
    await changed(session, owner_id)


async def changed(session: AsyncSession, owner_id: int) -> None:
    """Tell all processes and the person's open apps that their filters are others now."""
    filtering.forget_after_commit(session, owner_id)
    await live.publish(session, "filters_changed", reader_id=owner_id)
