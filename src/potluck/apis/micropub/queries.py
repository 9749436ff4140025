"""What an app asks before it writes: what there is here, and what a post says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.calls import Answer, answer
from potluck.apis.indieauth.endpoint import Call, endpoint
from potluck.apis.indieauth.errors import invalid
from potluck.apis.indieauth.scopes import WRITING
from potluck.apis.micropub import finding, source
from potluck.apis.micropub.entry import Properties
from potluck.apis.params import parse_id
from potluck.db.base import fixed
from potluck.settings import current
from potluck.social import views
from potluck.social.blogs import authors, listing
from potluck.social.model import Article, Hashtag, KeptDraft, Object, ObjectTag
from potluck.social.views import ObjectView

Json = dict[str, Any]

MOST = 100
_FAR = 1000
_USUAL = 20


@endpoint("GET", "/micropub")
async def query(call: Call) -> Answer:
    """Answers what `q` asks: `config`, `source`, `syndicate-to`, `category`, `channel`, `post-types`.

    Without `q` it says whose site the token is for: so clients find out whether one still works.
    """
    wanted = call.params.text("q")
    if not wanted:
        return answer({"me": call.site.me, "scope": " ".join(sorted(call.access.scopes if call.access else ()))})
    if wanted not in _QUERIES:
        raise invalid(f"q is one of {', '.join(_QUERIES)}")
    return answer(await _QUERIES[wanted](call))


async def _config(call: Call) -> Json:
    site = call.site
    return {
        "media-endpoint": f"{current().url}/micropub/media", "syndicate-to": [], "channels": [],
        "post-types": _types(call), "q": list(_QUERIES), "mp": ["slug", "photo-alt", "language"],
        "visibility": ["public", "unlisted", "private"], "post-status": ["published", "draft"],
        "destination": [{"uid": site.me, "name": site.name}]}


def _types(call: Call) -> list[Json]:
    article = [{"type": "article", "name": "Article", "properties": [
        "name", "content", "summary", "category", "photo", "published", "visibility"]}]
    if call.site.is_blog:
        return article
    return [{"type": "note", "name": "Note"}, *article, {"type": "photo", "name": "Photo"}, {
        "type": "video", "name": "Video"}, {"type": "audio", "name": "Audio"}, {"type": "reply", "name": "Reply"}, {
        "type": "like", "name": "Like"}, {"type": "repost", "name": "Boost"}, {"type": "bookmark", "name": "Bookmark"}]


async def _syndicate_to(_call: Call) -> Json:
    return {"syndicate-to": []}


async def _channel(_call: Call) -> Json:
    return {"channels": []}


async def _post_types(call: Call) -> Json:
    return {"post-types": _types(call)}


async def _category(call: Call) -> Json:
    """The tags the site uses most; with `filter` those that contain it."""
    session, site = await call.reader(), call.site
    if site.is_blog:
        found = [tag.display for tag in await listing.tags_of(session, site.actor.id, site.actor.id, MOST)]
    else:
        found = await _tags_of_profile(session, site.actor.id)
    part = call.params.text("filter").lower()
    return {"categories": [name for name in found if part in name.lower()]}


async def _tags_of_profile(session: AsyncSession, actor_id: int) -> list[str]:
    """The tags of somebody's last posts: their number must not grow the cost."""
    last = select(Object.id).where(Object.author_id == actor_id, Object.deleted_at.is_(None)).order_by(
        Object.id.desc()).limit(_FAR).subquery()
    rows = await session.scalars(select(Hashtag.display).distinct().join(
        ObjectTag, ObjectTag.hashtag_id == Hashtag.id).join(last, last.c.id == ObjectTag.object_id).limit(MOST))
    return sorted(rows.all(), key=str.lower)


# ---- source -------------------------------------------------------------------------------------------------------


async def _source(call: Call) -> Json:
    call.need(*sorted(WRITING))
    session = await call.reader()
    wanted = call.params.texts("properties")
    if not call.params.text("url"):
        return await _sources(session, call)
    post = await finding.post(session, call, call.params.text("url"))
    found = await source.properties_of(session, post)
    if wanted:
        return {"properties": _part(found, wanted)}
    return {"type": ["h-entry"], "properties": found}


def _part(found: Properties, wanted: list[str]) -> Properties:
    return {name: values for name, values in found.items() if name in wanted}


async def _sources(session: AsyncSession, call: Call) -> Json:
    """A page of the site's posts, newest first; of drafts with `post-status=draft`."""
    params = call.params
    limit = max(1, min(params.whole("limit") or _USUAL, MOST))
    offset = max(0, min(params.whole("offset") or 0, _FAR))
    before = parse_id(params.text("after")) if params.text("after") else None
    drafts = params.text("post-status") == "draft"
    rows: list[tuple[int, Properties]] = await (_drafts if drafts else _published)(session, call, limit, offset, before)
    wanted = params.texts("properties")
    items = [{"type": ["h-entry"], "properties": _part(found, wanted) if wanted else found} for _, found in rows]
    return {"items": items, **({"paging": {"after": str(rows[-1][0])}} if len(rows) == limit else {})}


async def _published(session: AsyncSession, call: Call, limit: int, offset: int, before: int | None,
                     ) -> list[tuple[int, Properties]]:
    site = call.site
    query = select(Object.id).where(
        Object.author_id == site.actor.id, Object.deleted_at.is_(None), Object.kind.in_(finding.KINDS),
        Object.local, Object.visibility != "direct", Object.state == fixed("published"))
    if site.role == authors.AUTHOR:
        query = query.join(Article, Article.object_id == Object.id).where(Article.writer_id == call.me.id)
    if before is not None:
        query = query.where(Object.id < before)
    ids = (await session.scalars(query.order_by(Object.id.desc()).offset(offset).limit(limit))).all()
    seen = await views.load_objects(session, ids, site.actor.id, with_marks=False)
    found: list[ObjectView] = [seen[object_id] for object_id in ids if object_id in seen]
    parents = await source.parents_of(session, found)
    return [(view.object.id, source.of_view(view, parents.get(view.object.in_reply_to_id or 0))) for view in found]


async def _drafts(session: AsyncSession, call: Call, limit: int, offset: int, before: int | None,
                  ) -> list[tuple[int, Properties]]:
    query = select(KeptDraft).where(KeptDraft.owner_id == call.me.id, KeptDraft.kind.in_(finding.KINDS),
                                    KeptDraft.object_id.is_(None))
    if before is not None:
        query = query.where(KeptDraft.id < before)
    rows = (await session.scalars(query.order_by(KeptDraft.id.desc()))).all()  # a person has two hundred at the most
    mine = [row for row in rows if finding.is_of(row, call.site)][offset:offset + limit]
    return list(zip([row.id for row in mine], await source.of_drafts(session, mine), strict=True))


_QUERIES: dict[str, Callable[[Call], Awaitable[Json]]] = {
    "config": _config, "source": _source, "syndicate-to": _syndicate_to, "category": _category, "channel": _channel,
    "post-types": _post_types}

route_handlers = [query]
"""Every endpoint."""
