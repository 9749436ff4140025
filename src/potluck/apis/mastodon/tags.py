"""Hashtags: look, follow, feature."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.paging import links, page_of
from potluck.apis.mastodon.timelines import tag_names
from potluck.settings import current
from potluck.social import hashtags
from potluck.social.model import Actor, Hashtag
from potluck.switchboard import Endpoint


def featured_tag(name: str, row: hashtags.Featured) -> Json:
    """FeaturedTag of the local or remote account `name`; counts are texts."""
    return {"id": str(row.id), "name": row.name, "url": f"{current().url}/@{name}/tagged/{row.name}",
            "statuses_count": str(row.posts_count),
            "last_status_at": f"{row.last_post_at:%Y-%m-%d}" if row.last_post_at else None}


async def tags_of(session: AsyncSession, rows: Sequence[Hashtag], viewer_id: int | None) -> list[Json]:
    """Tags with their history, and with the viewer's marks if there is one."""
    usage = await hashtags.history(session, [row.id for row in rows])
    marks: dict[int, tuple[bool, bool]] = {}
    if viewer_id is not None:
        marks = await hashtags.marks(session, viewer_id, [row.id for row in rows])
    return [_tag(row.name, row.id, usage.get(row.id), marks.get(row.id, (False, False)) if viewer_id else None)
            for row in rows]


def _tag(name: str, tag_id: int | None, usage: Sequence[hashtags.Day] | None,
         marks: tuple[bool, bool] | None) -> Json:
    days = [{"day": day.day, "uses": day.uses, "accounts": day.accounts} for day in usage or hashtags.no_history()]
    following, featuring = marks or (None, None)
    return entities.tag(name, tag_id, days, following=following, featuring=featuring)


def _wanted(call: Call) -> str:
    names = tag_names([call.word("name")])
    if not names:
        raise ApiError(404, "Record not found")
    return names[0]


async def _show(call: Call, name: str) -> Answer:
    session = await call.reader()
    row = await hashtags.by_name(session, name)
    if row is None:
        return answer(_tag(name, None, None, (False, False) if call.viewer_id else None))
    return answer((await tags_of(session, [row], call.viewer_id))[0])


@endpoint("GET", "/api/v1/tags/{name:str}", scope=(), who="anyone")
async def show(call: Call) -> Answer:
    """A hashtag; one that nobody used yet is answered too."""
    return await _show(call, _wanted(call))


Act = Callable[[AsyncSession, Actor, str], Awaitable[Any]]


def _act(name: str, scope: str | tuple[str, ...], act: Act, doc: str) -> Endpoint:
    async def run(call: Call) -> Answer:
        wanted = _wanted(call)
        async with call.write() as session:
            await act(session, await call.acting(session), wanted)
        return await _show(call, wanted)

    run.__name__, run.__doc__ = name, doc
    return endpoint("POST", f"/api/v1/tags/{{name:str}}/{name}", scope=scope)(run)


@endpoint("GET", "/api/v1/followed_tags", scope="read:follows")
async def followed(call: Call) -> Answer:
    """Hashtags one follows."""
    page = page_of(call.params, 100, 200)
    session = await call.reader()
    rows = await hashtags.followed(session, call.me.id, page)
    items = await tags_of(session, [row.hashtag for row in rows], call.viewer_id)
    return answer(items, headers=dict(links(call, [row.cursor for row in rows], more=len(rows) >= page.limit)))


@endpoint("GET", "/api/v1/featured_tags", scope="read:accounts")
async def featured(call: Call) -> Answer:
    """Hashtags on one's profile."""
    rows = await hashtags.featured(await call.reader(), call.me.id)
    return answer([featured_tag(call.me.name, row) for row in rows])


@endpoint("POST", "/api/v1/featured_tags", scope="write:accounts")
async def feature(call: Call) -> Answer:
    """Show a hashtag on one's profile."""
    name = tag_names([call.params.required("name")])
    if not name:
        raise ApiError(422, "Validation failed: Tag is invalid")
    async with call.write() as session:
        await hashtags.feature(session, await call.acting(session), name[0])
    rows = await hashtags.featured(await call.reader(), call.me.id)
    return answer(next(featured_tag(call.me.name, row) for row in rows if row.name == name[0]))


@endpoint("DELETE", "/api/v1/featured_tags/{id:str}", scope="write:accounts")
async def unfeature(call: Call) -> Answer:
    """Show a hashtag on one's profile no longer."""
    wanted = call.ident()
    rows = await hashtags.featured(await call.reader(), call.me.id)
    name = next((row.name for row in rows if row.id == wanted), None)
    if name is None:
        raise ApiError(404, "Record not found")
    async with call.write() as session:
        await hashtags.unfeature(session, await call.acting(session), name)
    return Answer(EMPTY)


@endpoint("GET", "/api/v1/featured_tags/suggestions", scope="read:accounts")
async def suggestions(call: Call) -> Answer:
    """Hashtags one used most lately."""
    session = await call.reader()
    rows = await hashtags.used_by(session, call.me.id, limit=10)
    return answer(await tags_of(session, rows, call.viewer_id))


route_handlers = [
    show, followed, featured, feature, unfeature, suggestions,
    _act("follow", ("write:follows", "follow"), hashtags.follow, "Have a hashtag's public posts in home."),
    _act("unfollow", ("write:follows", "follow"), hashtags.unfollow, "Have a hashtag's posts in home no longer."),
    _act("feature", "write:accounts", hashtags.feature, "Show a hashtag on one's profile."),
    _act("unfeature", "write:accounts", hashtags.unfeature, "Show a hashtag on one's profile no longer."),
]
