"""Search: people, hashtags and posts; a pasted address or link from any server is opened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from potluck.handlers import get
from potluck.social import search, views
from potluck.social.model import Actor, Hashtag, Object
from potluck.social.views import EntryRef
from potluck.web import feeds, pages, redirects
from potluck.web.asking import Guest
from potluck.web.auth import Viewer
from potluck.web.feeds import Lens
from potluck.web.i18n import _, _l
from potluck.web.ports import resolver
from potluck.web.presenters.people import profile_path
from potluck.web.presenters.posts import Post, post_path
from potluck.web.profiles import Row, people_rows
from potluck.web.types import AnyRequest

_ADDRESS = re.compile(r"(?:@|acct:@?)?[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+(?::[0-9]+)?")
_URL = re.compile(r"https?://\S+")
TABS = {"": _l("All"), "people": _l("People"), "tags": _l("Hashtags"), "posts": _l("Posts")}
LIMIT = 20
OPERATORS = (
    "from:me", "from:ada@example.org", "has:media", "has:poll", "has:link", "is:reply", "is:sensitive", "language:en",
    "in:library", "in:public", "before:2026-05-01", "after:2026-05", "during:2025", "-word",
)
"""Shown as help; `social.search_query` reads them."""


def is_reference(text: str) -> bool:
    """Whether someone pasted an address or link rather than words."""
    return bool(_ADDRESS.fullmatch(text) or _URL.fullmatch(text))


async def opened(request: AnyRequest, text: str, viewer: Viewer) -> str:
    """Path of the page here for an address or link; '' if nothing is found there."""
    found = await resolver(request).resolve(text, viewer.actor)
    if isinstance(found, Actor):
        return profile_path(found)
    if isinstance(found, Object):
        async with request.app.state.db.read() as session:
            view = (await views.load_objects(session, [found.id], viewer.actor.id)).get(found.id)
        return post_path(view.author, view.object.id) if view else ""
    return ""


@get("/search")
async def index(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """Results for `q`; guests find people and hashtags of this server."""
    text = request.query_params.get("q", "").strip()[:500]
    only = request.query_params.get("only", "")
    only = only if only in TABS else ""
    missing = False
    if text and viewer and is_reference(text):
        path = await opened(request, text, viewer)
        if path:
            return redirects.see_other(path)
        missing = True
    async with request.app.state.db.read() as session:
        people: list[Row] = []
        tags: Sequence[Hashtag] = []
        posts: list[Post] = []
        if text:
            viewer_id = viewer.actor.id if viewer else None
            if only in {"", "people"}:
                found_people = await search.accounts(session, text, viewer_id=viewer_id, limit=LIMIT)
                people = await people_rows(session, list(found_people), viewer)
            if only in {"", "tags"}:
                tags = await search.hashtags(session, text, limit=LIMIT)
            if only in {"", "posts"} and viewer:
                found = await search.statuses(session, text, viewer_id=viewer.actor.id, limit=LIMIT)
                posts = (await feeds.load(session, request, [EntryRef(item, item) for item in found], viewer,
                                          context="public")).posts
    chips = [Lens(_address(text, word), _(label), "", word == only) for word, label in TABS.items()]
    return await pages.render(request, "search/index.html", words=text, people=people, tags=tags, posts=posts,
                              chips=chips, missing=missing, samples=OPERATORS)


def _address(text: str, only: str) -> str:
    return f"/search?{urlencode({'q': text, **({'only': only} if only else {})})}"


route_handlers = [index]
