"""What moderators let trend: hashtags, pages, the sites of pages, posts.

What nobody has looked at trends, unless the operator wants everything looked at first (`trends_need_review`).
A page without a verdict of its own goes by the one about its site.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore, insert_or_update
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Hashtag, LinkPublisher, Object, PreviewCard, TrendReview
from potluck.social.paging import Page, rows_of
from potluck.text.hashtags import normalise_hashtag

Kind = Literal["tag", "link", "status"]
_MODELS: dict[Kind, Any] = {"tag": Hashtag, "link": PreviewCard, "status": Object}
_REVIEW: Any = TrendReview.__table__
_MOST = 200


def by_default() -> bool:
    """Whether what nobody has looked at may trend."""
    return not current().trends_need_review


async def verdicts(session: AsyncSession, kind: Kind, subject_ids: Collection[int]) -> dict[int, bool]:
    """What was decided; without those that nobody has looked at."""
    if not subject_ids:
        return {}
    rows = await session.execute(select(TrendReview.subject_id, TrendReview.trendable).where(
        TrendReview.kind == kind, TrendReview.subject_id.in_(subject_ids)))
    return dict(rows.all())


async def decide(session: AsyncSession, kind: Kind, subject_id: int, trendable: bool | None) -> str:
    """Let something trend or not; None takes the verdict back. Returns its name for the log.

    Raises:
        NotFound: there is no such thing.
    """
    subject = await session.get(_MODELS[kind], subject_id)
    if subject is None or (kind == "status" and (subject.deleted_at is not None or subject.visibility != "public")):
        raise NotFound
    if trendable is None:
        await session.execute(delete(TrendReview).where(
            TrendReview.kind == kind, TrendReview.subject_id == subject_id))
    else:
        await session.execute(insert_or_update(session, _REVIEW, ["trendable", "reviewed_at"]), [
            {"kind": kind, "subject_id": subject_id, "trendable": trendable, "reviewed_at": now()}])
    return f"#{subject.name}" if kind == "tag" else str(subject.url or subject_id)


# ---- what may be shown --------------------------------------------------------------------------------------------


async def tags_allowed(session: AsyncSession, tag_ids: Sequence[int]) -> list[int]:
    """Of these hashtags those that may trend, in the same order."""
    decided = await verdicts(session, "tag", tag_ids)
    candidates = [tag_id for tag_id in tag_ids if decided.get(tag_id, by_default())]
    listed = set((await session.scalars(select(Hashtag.id).where(
        Hashtag.id.in_(candidates), Hashtag.listable, Hashtag.usable))).all()) if candidates else set()
    return [tag_id for tag_id in candidates if tag_id in listed]


async def cards_allowed(session: AsyncSession, cards: Sequence[PreviewCard]) -> list[PreviewCard]:
    """Of these pages those that may trend, in the same order."""
    decided = await verdicts(session, "link", [card.id for card in cards])
    sites = await _sites(session, {domain_of(card.url) for card in cards if card.id not in decided})
    return [card for card in cards if decided.get(card.id, sites.get(domain_of(card.url), by_default()))]


async def _sites(session: AsyncSession, domains: Collection[str]) -> dict[str, bool]:
    if not domains:
        return {}
    rows = await session.execute(select(LinkPublisher.domain, LinkPublisher.trendable).where(
        LinkPublisher.domain.in_(domains), LinkPublisher.trendable.is_not(None)))
    return {domain: bool(trendable) for domain, trendable in rows.all()}


def post_allowed(object_id: Any) -> ColumnElement[bool]:
    """Whether a post may trend, for a query."""
    verdict = select(TrendReview.trendable).where(
        TrendReview.kind == "status", TrendReview.subject_id == object_id).scalar_subquery()
    allowed: ColumnElement[bool] = func.coalesce(verdict, by_default()) == true()
    return allowed


# ---- sites of pages -----------------------------------------------------------------------------------------------


def domain_of(url: str) -> str:
    """The site of a page."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


async def meet_publishers(session: AsyncSession, urls: Collection[str]) -> None:
    """Remember the sites of pages that trend, so that moderators find them."""
    wanted = {domain for url in urls if (domain := domain_of(url))}
    if not wanted:
        return
    known = set((await session.scalars(select(LinkPublisher.domain).where(LinkPublisher.domain.in_(wanted)))).all())
    rows = [{"id": ids.new(), "domain": domain, "created_at": now()} for domain in sorted(wanted - known)]
    if rows:
        await session.execute(insert_or_ignore(session, LinkPublisher), rows)


async def publishers(session: AsyncSession, page: Page) -> list[LinkPublisher]:
    """Sites whose pages trended, those met last first."""
    return await rows_of(session, select(LinkPublisher), LinkPublisher.id, page.at_most(_MOST))


async def decide_publisher(session: AsyncSession, publisher_id: int, trendable: bool | None) -> LinkPublisher:
    """Let the pages of a site trend or not; None takes the verdict back.

    Raises:
        NotFound: there is no such site.
    """
    row = await session.get(LinkPublisher, publisher_id)
    if row is None:
        raise NotFound
    row.trendable, row.reviewed_at = trendable, now() if trendable is not None else None
    await session.flush()
    return row


# ---- hashtags -----------------------------------------------------------------------------------------------------


async def tag(session: AsyncSession, tag_id: int) -> Hashtag:
    """A hashtag.

    Raises:
        NotFound: there is no such hashtag.
    """
    row = await session.get(Hashtag, tag_id)
    if row is None:
        raise NotFound
    return row


async def change_tag(session: AsyncSession, tag_id: int, *, display: str | None = None, listable: bool | None = None,
                     usable: bool | None = None) -> Hashtag:
    """Change how a hashtag is written and what may be done with it; None leaves it as it is.

    Raises:
        Invalid: another spelling is another hashtag.
        NotFound: there is no such hashtag.
    """
    row = await tag(session, tag_id)
    if display is not None:
        if normalise_hashtag(display) != row.name:
            raise Invalid("display_name", "Validation failed: Display name must be the same word, in other letters")
        row.display = display.lstrip("#")
    row.listable = row.listable if listable is None else listable
    row.usable = row.usable if usable is None else usable
    await session.flush()
    return row


async def check_usable(session: AsyncSession, names: Sequence[str]) -> None:
    """Refuse hashtags that moderators keep out of posts written here.

    Raises:
        Invalid: there is one.
    """
    if not names:
        return
    wanted = {normalise_hashtag(name) for name in names} - {None}
    found = await session.scalar(select(Hashtag.name).where(Hashtag.name.in_(wanted), ~Hashtag.usable).limit(1))
    if found is not None:
        raise Invalid("status", "Validation failed: The hashtag #%(name)s may not be used here", name=found)
