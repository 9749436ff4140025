"""Administration: what trends, and whether it may; hashtags and what may be done with them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from potluck.apis.mastodon import render
from potluck.apis.mastodon.admin_loading import check_staff
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.entities import Json, optional_stamp, stamp
from potluck.apis.mastodon.errors import not_found
from potluck.apis.mastodon.paging import limit_of, links, offset_of, page_of
from potluck.apis.mastodon.tags import tags_of
from potluck.apis.mastodon.trends import links_of
from potluck.social import audit, trend_reviews, trends
from potluck.social.model import Hashtag, LinkPublisher, PreviewCard
from potluck.social.paging import rows_of
from potluck.social.trend_reviews import Kind
from potluck.switchboard import Endpoint

_READ, _WRITE = "admin:read", "admin:write"


# ---- entities -----------------------------------------------------------------------------------------------------


async def _tags(call: Call, rows: Sequence[Hashtag]) -> list[Json]:
    """Admin::Tag."""
    session = await call.reader()
    decided = await trend_reviews.verdicts(session, "tag", [row.id for row in rows])
    return [{**shown, "trendable": decided.get(row.id, trend_reviews.by_default()), "usable": row.usable,
             "listable": row.listable, "requires_review": row.id not in decided}
            for row, shown in zip(rows, await tags_of(session, rows, call.viewer_id), strict=True)]


async def _statuses(call: Call, object_ids: Sequence[int]) -> list[bytes]:
    """Admin::Trends::Status."""
    decided = await trend_reviews.verdicts(await call.reader(), "status", object_ids)
    found = await render.by_ids(call.source, object_ids, call.viewer_id)
    return [found[object_id][:-1] + b',"requires_review":%s}' % (b"false" if object_id in decided else b"true")
            for object_id in object_ids if object_id in found]


async def _links(call: Call, rows: Sequence[PreviewCard]) -> list[Json]:
    """Admin::Trends::Link."""
    session = await call.reader()
    decided = await trend_reviews.verdicts(session, "link", [row.id for row in rows])
    return [{**shown, "id": str(row.id), "requires_review": row.id not in decided}
            for row, shown in zip(rows, await links_of(session, rows), strict=True)]


def _publisher(row: LinkPublisher) -> Json:
    """Admin::Trends::Links::PreviewCardProvider."""
    reviewed = row.trendable is not None
    return {"id": str(row.id), "domain": row.domain, "trendable": row.trendable if reviewed
            else trend_reviews.by_default(), "reviewed_at": optional_stamp(row.reviewed_at),
            "requested_review_at": stamp(row.created_at), "requires_review": not reviewed}


# ---- what trends --------------------------------------------------------------------------------------------------


@endpoint("GET", "/api/v1/admin/trends/tags", scope=_READ)
async def tags(call: Call) -> Answer:
    """Hashtags that trend, also those that were rejected or wait for a review."""
    check_staff(call)
    return answer(await _tags(call, await trends.hashtags(
        await call.reader(), limit=limit_of(call.params, 10, 20), offset=offset_of(call.params), every=True)))


@endpoint("GET", "/api/v1/admin/trends/statuses", scope=_READ)
async def statuses(call: Call) -> Answer:
    """Statuses that trend, also those that were rejected or wait for a review."""
    check_staff(call)
    return json_list(await _statuses(call, await trends.objects(
        await call.reader(), call.viewer_id, limit=limit_of(call.params, 20, 40), offset=offset_of(call.params),
        every=True)))


@endpoint("GET", "/api/v1/admin/trends/links", scope=_READ)
async def pages(call: Call) -> Answer:
    """Pages that trend, also those that were rejected or wait for a review."""
    check_staff(call)
    return answer(await _links(call, await trends.links(
        await call.reader(), limit=limit_of(call.params, 10, 20), offset=offset_of(call.params), every=True)))


@endpoint("GET", "/api/v1/admin/trends/links/publishers", scope=_READ)
async def publishers(call: Call) -> Answer:
    """Sites whose pages trended, those met last first."""
    check_staff(call)
    page = page_of(call.params, 40, 200)
    rows = await trend_reviews.publishers(await call.reader(), page)
    return answer([_publisher(row) for row in rows], headers=dict(
        links(call, [row.id for row in rows], more=len(rows) >= page.limit)))


async def _after(call: Call, kind: Kind, subject_id: int) -> Answer:
    session = await call.reader()
    if kind == "tag":
        return answer((await _tags(call, [await trend_reviews.tag(session, subject_id)]))[0])
    if kind == "link":
        rows = (await session.scalars(select(PreviewCard).where(PreviewCard.id == subject_id))).all()
        return answer((await _links(call, rows))[0])
    found = await _statuses(call, [subject_id])
    if not found:
        raise not_found()
    return answer(msgspec.Raw(found[0]))


def _deciding(path: str, kind: Kind, verb: str, doc: str) -> Endpoint:
    async def decide(call: Call) -> Answer:
        user, subject_id = check_staff(call), call.ident()
        async with call.write() as session:
            name = await trend_reviews.decide(session, kind, subject_id, verb == "approve")
            await audit.record(session, user.id, f"trend_{verb}", name)
        return await _after(call, kind, subject_id)

    decide.__name__, decide.__doc__ = f"{verb}_{kind}", doc
    return endpoint("POST", f"/api/v1/admin/trends/{path}/{{id:str}}/{verb}", scope=_WRITE)(decide)


def _deciding_publisher(verb: str, doc: str) -> Endpoint:
    async def decide(call: Call) -> Answer:
        user = check_staff(call)
        async with call.write() as session:
            row = await trend_reviews.decide_publisher(session, call.ident(), verb == "approve")
            await audit.record(session, user.id, f"trend_{verb}", row.domain)
        return answer(_publisher(row))

    decide.__name__, decide.__doc__ = f"{verb}_publisher", doc
    return endpoint("POST", f"/api/v1/admin/trends/links/publishers/{{id:str}}/{verb}", scope=_WRITE)(decide)


# ---- hashtags -----------------------------------------------------------------------------------------------------


@endpoint("GET", "/api/v1/admin/tags", scope=_READ)
async def all_tags(call: Call) -> Answer:
    """Every hashtag known here, newest first."""
    check_staff(call)
    page = page_of(call.params, 100, 200)
    rows = await rows_of(await call.reader(), select(Hashtag), Hashtag.id, page)
    return answer(await _tags(call, rows), headers=dict(
        links(call, [row.id for row in rows], more=len(rows) >= page.limit)))


@endpoint("GET", "/api/v1/admin/tags/{id:str}", scope=_READ)
async def one_tag(call: Call) -> Answer:
    """One hashtag."""
    check_staff(call)
    return answer((await _tags(call, [await trend_reviews.tag(await call.reader(), call.ident())]))[0])


@endpoint("PUT", "/api/v1/admin/tags/{id:str}", scope=_WRITE)
async def change_tag(call: Call) -> Answer:
    """Change how a hashtag is written, and whether it may trend, be listed and be used here."""
    user, params, tag_id = check_staff(call), call.params, call.ident()
    async with call.write() as session:
        row = await trend_reviews.change_tag(
            session, tag_id, display=params.optional_text("display_name"), listable=params.optional_flag("listable"),
            usable=params.optional_flag("usable"))
        trendable = params.optional_flag("trendable")
        if trendable is not None:
            await trend_reviews.decide(session, "tag", tag_id, trendable)
        await audit.record(session, user.id, "trend_change_tag", f"#{row.name}")
    return await _after(call, "tag", tag_id)


route_handlers = [
    tags, statuses, pages, publishers,
    _deciding("tags", "tag", "approve", "Let a hashtag trend."),
    _deciding("tags", "tag", "reject", "Keep a hashtag from trending."),
    _deciding("statuses", "status", "approve", "Let a status trend."),
    _deciding("statuses", "status", "reject", "Keep a status from trending."),
    _deciding("links", "link", "approve", "Let a page trend."),
    _deciding("links", "link", "reject", "Keep a page from trending."),
    _deciding_publisher("approve", "Let the pages of a site trend."),
    _deciding_publisher("reject", "Keep the pages of a site from trending."),
    all_tags, one_tag, change_tag,
]
