"""Preview cards: which page an object links to, and what the page says of itself. Fetching them is the engine's.

A card belongs to an address and is fetched once for everyone who links to it, again after two weeks when somebody
links to it anew.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urldefrag, urlsplit

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import events, live
from potluck.social.model import Actor, Media, Object, ObjectCard, PreviewCard
from potluck.text.markup import attributes, scan
from potluck.text.page_metadata import address

TOPIC = "cards"
MAX_ATTEMPTS = 3
_FRESH = timedelta(days=14)
_TRY_AGAIN = timedelta(days=1)
_LEASE = timedelta(minutes=5)
_SPREAD_SECONDS = 20.0
_MOST_HTML = 200_000
_MOST_REFRESHED = 500
_MOST_SWEPT = 1000
_NO_LINK = frozenset({"mention", "hashtag", "u-url", "h-card", "invisible"})
_CARD: Any = PreviewCard.__table__
_LINK: Any = ObjectCard.__table__
_OBJECT: Any = Object.__table__


def install() -> None:
    """Look at every new and edited object from now on. Calling it again has no effect."""
    events.subscribe(events.ObjectsPublished, _on_published)
    events.subscribe(events.ObjectEdited, _on_edited)


def first_link(html: str) -> str | None:
    """The first address a text links to, passing over mentions, hashtags and this server's own pages."""
    if "<a" not in html:
        return None
    for piece in scan(html[:_MOST_HTML]):
        if piece.kind == "start" and piece.name == "a":
            tag = attributes(piece.source)
            found = address("", tag.get("href", ""))
            named = tag.get("rel") == "tag" or not _NO_LINK.isdisjoint(tag.get("class", "").split())
            if found and not named and not _own(found):
                return urldefrag(found).url
    return None


def _own(url: str) -> bool:
    return urlsplit(url).netloc.lower() in (current().host, current().domain)


def link_of(row: Object) -> str | None:
    """The page an object is about: the first one a note links to; of other kinds what they share (`extra["link"]`)."""
    if row.kind == "note":
        return first_link(row.content) if row.quote_uri is None else None
    found = address("", str(row.extra.get("link") or ""))
    return urldefrag(found).url if found and not _own(found) else None


async def _on_published(session: AsyncSession, event: events.ObjectsPublished) -> None:
    links = {row.id: link for row in event.objects if (link := link_of(row))}
    if links:
        notes = [row.id for row in event.objects if row.kind == "note" and row.id in links]
        with_media = set((await session.scalars(select(Media.object_id).where(Media.object_id.in_(notes)))).all())
        local = {row.id for row in event.objects if row.local}
        wanted = {object_id: link for object_id, link in links.items() if object_id not in with_media}
        await want(session, {key: link for key, link in wanted.items() if key in local})
        await want(session, {key: link for key, link in wanted.items() if key not in local}, spread=True)


async def _on_edited(session: AsyncSession, event: events.ObjectEdited) -> None:
    row = event.object
    if event.silent:
        return
    link = link_of(row)
    if link and row.kind == "note" and await session.scalar(select(Media.id).where(Media.object_id == row.id).limit(1)):
        link = None
    present = await session.scalar(select(PreviewCard.url).join(ObjectCard, ObjectCard.card_id == PreviewCard.id).where(
        ObjectCard.object_id == row.id))
    if link != present:
        await session.execute(delete(_LINK).where(_LINK.c.object_id == row.id))
        if link:
            await want(session, {row.id: link})


async def want(session: AsyncSession, links: Mapping[int, str], *, spread: bool = False) -> None:
    """Give objects the card of a page; it is fetched if it is not known yet, or not lately.

    Args:
        links: object id -> address.
        spread: not at once but within some seconds, so that not all servers a post went to ask at the same moment.
    """
    if not links:
        return
    moment = now()
    due = moment + timedelta(seconds=random.uniform(0, _SPREAD_SECONDS) if spread else 0)  # noqa: S311
    urls = sorted(set(links.values()))
    await session.execute(insert_or_ignore(session, _CARD), [_blank(url, due) for url in urls])
    rows = (await session.execute(select(_CARD.c.id, _CARD.c.url).where(_CARD.c.url.in_(urls)))).all()
    card_ids = {row.url: row.id for row in rows}
    await session.execute(insert_or_ignore(session, _LINK), [
        {"object_id": object_id, "card_id": card_ids[url]} for object_id, url in links.items()])
    await session.execute(update(_CARD).where(
        _CARD.c.id.in_(card_ids.values()), _CARD.c.due_at.is_(None),
        or_(_CARD.c.fetched_at < moment - _FRESH,
            (_CARD.c.state == "failed") & (_CARD.c.fetched_at < moment - _TRY_AGAIN))).values(due_at=due, attempts=0))
    await live.wake(session, TOPIC)


def _blank(url: str, due: Any) -> dict[str, Any]:
    return {"id": ids.new(), "url": url, "state": "waiting", "type": "link", "title": "", "description": "",
            "image_description": "", "width": 0, "height": 0, "author_name": "", "author_url": "",
            "provider_name": "", "provider_url": "", "attempts": 0, "due_at": due, "created_at": now()}


# ---- for the engine ---------------------------------------------------------------------------------------------


async def claim(session: AsyncSession, limit: int) -> Sequence[PreviewCard]:
    """Take cards that are to be fetched; should they not be settled, they are due again soon."""
    rows = (await session.scalars(select(PreviewCard).where(PreviewCard.due_at <= now()).order_by(
        PreviewCard.due_at, PreviewCard.id).limit(limit).with_for_update(skip_locked=True))).all()
    if rows:
        await session.execute(update(_CARD).where(_CARD.c.id.in_([row.id for row in rows])).values(
            due_at=now() + _LEASE))
    return rows


async def settle(session: AsyncSession, card_id: int, values: Mapping[str, Any] | None) -> None:
    """Write what a page said (None: nothing to show); the posts that link to it are shown anew."""
    row = await session.get(PreviewCard, card_id)
    if row is None:
        return
    row.fetched_at, row.due_at, row.attempts = now(), None, 0
    row.state = "nothing" if values is None else "ready"
    if values is not None and values.get("image_url") != row.image_url:
        row.blurhash = None
    for name, value in (values or {}).items():
        setattr(row, name, value)
    await session.flush()
    await _show_anew(session, [card_id])


async def _show_anew(session: AsyncSession, card_ids: Sequence[int]) -> None:
    """What is kept of the posts that link to pages is old now."""
    newest = select(ObjectCard.object_id).where(ObjectCard.card_id.in_(card_ids)).order_by(
        ObjectCard.object_id.desc()).limit(_MOST_REFRESHED)
    await session.execute(update(_OBJECT).where(_OBJECT.c.id.in_(newest.scalar_subquery())).values(
        version=_OBJECT.c.version + 1))


async def drawn(session: AsyncSession, image_url: str, blurhash: str) -> None:
    """The picture of pages was fetched, as somebody looked at it: what is shown of it from now on until it is there."""
    changed = (await session.scalars(update(_CARD).where(
        _CARD.c.image_url == image_url, _CARD.c.blurhash.is_distinct_from(blurhash)).values(
        blurhash=blurhash).returning(_CARD.c.id))).all()
    if changed:
        await _show_anew(session, changed)


async def fail(session: AsyncSession, card_id: int, *, for_good: bool) -> None:
    """A page could not be had: later again, at most three times."""
    row = await session.get(PreviewCard, card_id)
    if row is None:
        return
    row.attempts += 1
    if for_good or row.attempts >= MAX_ATTEMPTS:
        row.due_at, row.fetched_at = None, now()
        row.state = "failed" if row.state == "waiting" else row.state
    else:
        row.due_at = now() + timedelta(minutes=5) * 6 ** (row.attempts - 1)
    await session.flush()


async def sweep(session: AsyncSession) -> None:
    """Forget cards that no object has any more, a thousand at a time."""
    unused = select(PreviewCard.id).where(
        PreviewCard.created_at < now() - _FRESH, PreviewCard.due_at.is_(None),
        ~exists().where(ObjectCard.card_id == PreviewCard.id)).order_by(PreviewCard.id).limit(_MOST_SWEPT)
    await session.execute(delete(_CARD).where(_CARD.c.id.in_((await session.scalars(unused)).all())))


# ---- reading ----------------------------------------------------------------------------------------------------


async def of_objects(session: AsyncSession, object_ids: Sequence[int]) -> dict[int, PreviewCard]:
    """The cards that can be shown, by object; one query for any number."""
    if not object_ids:
        return {}
    rows = await session.execute(
        select(ObjectCard.object_id, PreviewCard).join(PreviewCard, PreviewCard.id == ObjectCard.card_id)
        .where(ObjectCard.object_id.in_(object_ids), PreviewCard.state == "ready"))
    return {row[0]: row[1] for row in rows.all()}


async def authors(session: AsyncSession, cards: Iterable[PreviewCard]) -> dict[int, Actor]:
    """The actors that cards credit, by actor id."""
    wanted = {card.author_id for card in cards if card.author_id}
    if not wanted:
        return {}
    return {row.id: row for row in (await session.scalars(select(Actor).where(
        Actor.id.in_(wanted), Actor.deleted_at.is_(None), Actor.suspended_at.is_(None)))).all()}


async def by_url(session: AsyncSession, url: str) -> PreviewCard | None:
    """The card of an address, if anyone linked to it."""
    row: PreviewCard | None = await session.scalar(select(PreviewCard).where(PreviewCard.url == urldefrag(url).url))
    return row
