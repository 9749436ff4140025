"""What trends: hashtags, posts, links."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import entities_card, render
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.paging import limit_of, offset_of
from potluck.apis.mastodon.tags import tags_of
from potluck.social import preview_cards, trends
from potluck.social.model import PreviewCard


@endpoint("GET", "/api/v1/trends", "/api/v1/trends/tags", scope=(), who="anyone")
async def tags(call: Call) -> Answer:
    """Hashtags that many people used lately."""
    session = await call.reader()
    rows = await trends.hashtags(session, limit=limit_of(call.params, 10, 20), offset=offset_of(call.params))
    return answer(await tags_of(session, rows, call.viewer_id))


@endpoint("GET", "/api/v1/trends/statuses", scope=(), who="anyone")
async def statuses(call: Call) -> Answer:
    """Posts that people like and boost now."""
    found = await trends.objects(await call.reader(), call.viewer_id, limit=limit_of(call.params, 20, 40),
                                 offset=offset_of(call.params))
    return json_list(await render.in_order(call.source, found, call.viewer_id, context="public"))


@endpoint("GET", "/api/v1/trends/links", scope=(), who="anyone")
async def links(call: Call) -> Answer:
    """Pages that many people linked to lately."""
    session = await call.reader()
    rows = await trends.links(session, limit=limit_of(call.params, 10, 20), offset=offset_of(call.params))
    return answer(await links_of(session, rows))


async def links_of(session: AsyncSession, rows: Sequence[PreviewCard]) -> list[Json]:
    """Trends::Link of pages: their cards and how much they were used."""
    history = await trends.history_of_links(session, [row.id for row in rows])
    credited = await preview_cards.authors(session, rows)
    return [{**entities_card.of_page(row, credited.get(row.author_id or 0)), "history": [
        {"day": str(use.day), "uses": str(use.uses), "accounts": str(use.people)} for use in history[row.id]]}
        for row in rows]


route_handlers = [tags, statuses, links]
