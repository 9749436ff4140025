"""RSS and Atom of a blog or one of its tags, with the whole text."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response

from potluck.social import views
from potluck.social.blogs import listing
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.social.paging import Page
from potluck.social.views import EntryView
from potluck.web import syndication
from potluck.web.blogs import doors
from potluck.web.presenters.people import full_handle, profile_path
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

FORMATS = {".rss": "rss", ".atom": "atom"}


async def feed(request: AnyRequest, blog: Actor, form: str, *, tag: str = "") -> Response[Any]:
    """The newest articles. A closed blog has no feed: its address could be passed on.

    Raises:
        NotFound: it is closed.
    """
    if doors.is_closed(blog):
        raise NotFound
    async with request.app.state.db.read() as session:
        ids = await listing.articles(session, blog.id, None, Page(limit=syndication.ENTRIES), tag=tag or None)
        found = await views.load_objects(session, ids, None)
    page = profile_path(blog) + (f"/tagged/{quote(tag)}" if tag else "")
    name = blog.display_name or blog.name
    return syndication.answer(
        form, [EntryView(item, found[item]) for item in ids if item in found], path=f"{page}.{form}", page=page,
        title=f"{name}: #{tag}" if tag else f"{name} ({full_handle(blog)})", description=plain_text(blog.summary))
