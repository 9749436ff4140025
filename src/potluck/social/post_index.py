"""The index of posts: the words of what people here may find, and marks by which it is narrowed.

Of a post there is a row if it is public and its author wants to be found (`indexable`), or if somebody here wrote it,
was named in it or did something with it; of most of what arrives there is none, which keeps writing cheap. A row is
always made anew from what the database holds, so that it is right whatever happened before.

Marks are words that no text contains (they begin with a character of private use). They only narrow: whether
somebody may see a post is decided by `visibility` when they search.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import insert_or_ignore, insert_or_update
from potluck.settings import current
from potluck.social import registry
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    Media,
    Mention,
    Object,
    PostIndex,
    PostIndexFill,
    Reaction,
)
from potluck.text.stems import language_of, stems
from potluck.text.terms import single_characters, terms, text_of

_TABLE: Any = PostIndex.__table__
_CHUNK = 500

_MARK = "\ue000"
OPEN = f"{_MARK}open"
"""Found by everyone: public, by an author who wants it."""
REPLY = f"{_MARK}reply"
SENSITIVE = f"{_MARK}sensitive"
STEM = "\ue001"
"""Before a stem and its language; alone with a language it says that the words of a post have stems in it."""
_SEAM = f"{_MARK}seam"  # parts the text from the marks, so that no phrase reaches over

# Time: at each level a post lies in one slot, so that PostgreSQL can look at the newest first and go no further
# than needed (a GIN index knows no order). From about an hour to some four years, each eight times the one before.
LEVELS = tuple(34 + 3 * level for level in range(6))

_LINK = re.compile(r"<a (?![^>]*class=\"[^\"]*(?:mention|hashtag))")


def by_mark(actor_id: int) -> str:
    """Mark of what an actor wrote."""
    return f"{_MARK}by{actor_id}"


def tie_mark(actor_id: int) -> str:
    """Mark of what an actor of this server wrote, was named in, or did something with."""
    return f"{_MARK}tie{actor_id}"


def has_mark(what: str) -> str:
    """Mark of what a post has: media, image, video, audio, poll, link."""
    return f"{_MARK}has{what}"


def language_mark(tag: str) -> str:
    """Mark of a language, without region and script."""
    return f"{_MARK}in{tag.partition('-')[0].lower()}"


def stemmed_mark(language: str) -> str:
    """Mark of posts whose words have stems in this language."""
    return f"{STEM}{language}"


def stem_mark(stem: str, language: str) -> str:
    """Mark of posts with another form of a word."""
    return f"{STEM}{language}{STEM}{stem}"


def slot_mark(shift: int, object_id: int) -> str:
    """Mark of the slot of time an object lies in."""
    return f"{_MARK}at{shift}s{object_id >> shift}"


async def add(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Index objects that were stored just now: nobody did anything with them yet but name people in them."""
    if rows:
        await _write(session, rows, await _named(session, [row.id for row in rows]), known=False)


async def refresh(session: AsyncSession, object_ids: Iterable[int]) -> None:
    """Make the rows of objects anew."""
    wanted = sorted(set(object_ids))
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start:start + _CHUNK]
        rows = (await session.scalars(select(Object).where(Object.id.in_(part), Object.deleted_at.is_(None)))).all()
        gone = set(part) - {row.id for row in rows}
        if gone:
            await forget(session, sorted(gone))
        await _write(session, rows, await _ties(session, [row.id for row in rows]), known=True)


async def tie(session: AsyncSession, object_id: int, actor_id: int) -> None:
    """Somebody here did something with an object: one more mark in its row, the rest of which stays as it is."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    mark = literal(f"'{tie_mark(actor_id)}'" if postgresql else f" {tie_mark(actor_id)}", _TABLE.c.terms.type)
    changed: Any = await session.execute(update(_TABLE).where(_TABLE.c.object_id == object_id).values(
        terms=_TABLE.c.terms.op("||")(mark)))
    if not changed.rowcount:
        await refresh(session, [object_id])


async def forget(session: AsyncSession, object_ids: Sequence[int]) -> None:
    """Objects are gone."""
    await session.execute(delete(_TABLE).where(_TABLE.c.object_id.in_(object_ids)))


async def author_changed(session: AsyncSession, actor_id: int) -> None:
    """An author changed their mind on being found: their posts are indexed anew in the background."""
    fill: Any = PostIndexFill.__table__
    await session.execute(delete(fill).where(fill.c.actor_id == actor_id))
    if await session.scalar(select(Object.id).where(Object.author_id == actor_id).limit(1)) is not None:
        await session.execute(insert_or_ignore(session, fill).values(actor_id=actor_id))


async def _named(session: AsyncSession, object_ids: list[int]) -> dict[int, set[int]]:
    return _grouped((await session.execute(
        select(Mention.object_id, Mention.actor_id).join(Actor, Actor.id == Mention.actor_id)
        .where(Mention.object_id.in_(object_ids), Actor.host == ""))).all())


async def _ties(session: AsyncSession, object_ids: list[int]) -> dict[int, set[int]]:
    """People of this server by the objects they were named in or did something with."""
    tied = union_all(*(
        select(table.object_id, table.actor_id).where(table.object_id.in_(object_ids))
        for table in (Mention, Reaction, Announce, Bookmark))).subquery()
    return _grouped((await session.execute(
        select(tied.c.object_id, tied.c.actor_id).join(Actor, Actor.id == tied.c.actor_id)
        .where(Actor.host == ""))).all())


def _grouped(rows: Iterable[Any]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for object_id, actor_id in rows:
        found[object_id].add(actor_id)
    return found


@dataclass(slots=True)
class _Parts:
    """What belongs to an object beside its own texts."""

    media: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


async def _write(
    session: AsyncSession, rows: Sequence[Object], ties: Mapping[int, set[int]], *, known: bool,
) -> None:
    authors = {row.id: row for row in (await session.execute(
        select(Actor.id, Actor.host, Actor.indexable).where(Actor.id.in_({row.author_id for row in rows})))).all()}
    marks: dict[int, list[str]] = {}
    for row in rows:
        author = authors[row.author_id]
        tied = ties.get(row.id, set()) | ({author.id} if not author.host else set())
        reach = [OPEN] if row.visibility == "public" and author.indexable else []
        reach += [tie_mark(actor_id) for actor_id in sorted(tied)]
        if reach:
            marks[row.id] = [*reach, *_marks(row)]
    gone = [row.id for row in rows if row.id not in marks]
    if known and gone:
        await forget(session, gone)
    wanted = [row for row in rows if row.id in marks]
    if not wanted:
        return
    parts = await _parts(session, wanted)
    as_rows = _for_sqlite if session.get_bind().dialect.name == "sqlite" else _for_postgresql
    await session.execute(insert_or_update(session, _TABLE, ["terms"]), [
        {"object_id": row.id, "terms": as_rows(row, terms(text := _text(row, parts[row.id])), [
            *marks[row.id], *(has_mark(name) for name in _has(row, parts[row.id])), *_stems(row, text)])}
        for row in wanted])


async def _parts(session: AsyncSession, rows: Sequence[Object]) -> dict[int, _Parts]:
    found: dict[int, _Parts] = defaultdict(_Parts)
    media = await session.execute(select(Media.object_id, Media.type, Media.description).where(
        Media.object_id.in_([row.id for row in rows])).order_by(Media.object_id, Media.position))
    object_id: Any
    for object_id, media_type, description in media.all():
        found[object_id].media.append(media_type)
        found[object_id].words.append(description)
    by_kind: dict[str, list[Object]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    for name, group in by_kind.items():
        kind = registry.kind_named(name)
        for object_id, texts in (await kind.words(session, group) if kind.words else {}).items():
            found[object_id].words += texts
    return found


def _marks(row: Object) -> list[str]:
    found = [by_mark(row.author_id)]
    if row.in_reply_to_uri is not None:
        found.append(REPLY)
    if row.sensitive:
        found.append(SENSITIVE)
    if row.language:
        found.append(language_mark(row.language))
    return found


def _has(row: Object, parts: _Parts) -> list[str]:
    found = {"media", *("video" if kind == "gifv" else kind for kind in parts.media)} if parts.media else set()
    if row.type == "Question":
        found.add("poll")
    if _LINK.search(row.content):
        found.add("link")
    return sorted(found)


def _text(row: Object, parts: _Parts) -> str:
    texts = [row.title or "", row.summary, text_of(row.content), *parts.words]
    return "\n".join(text for text in texts if text)


def _stems(row: Object, text: str) -> list[str]:
    """Marks for the stems of a text. One without language has the server's, as most of what is written there."""
    language = language_of(row.language) if row.language else language_of(current().language)
    return [stemmed_mark(language), *(stem_mark(stem, language) for stem in stems(text, language))] if language else []


def _for_sqlite(_row: Object, words: list[str], marks: list[str]) -> str:
    return " ".join([*words, _SEAM, *single_characters(words), *marks])


def _for_postgresql(row: Object, words: list[str], marks: list[str]) -> str:
    """A tsvector in its text form. Words consist of letters and digits only, so that nothing need be escaped."""
    places: dict[str, list[str]] = defaultdict(list)
    counts: Counter[str] = Counter()
    for place, word in enumerate(words, 1):
        counts[word] += 1
        if counts[word] <= 255:
            places[word].append(str(place))
    slots = [slot_mark(shift, row.id) for shift in LEVELS]
    alone = dict.fromkeys(mark for mark in (*single_characters(words), *marks, *slots) if mark not in places)
    return " ".join([*(f"'{word}':{','.join(at)}" for word, at in places.items()), *(f"'{mark}'" for mark in alone)])
