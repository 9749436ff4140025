"""Timelines: home, public, hashtag, list, private messages, and one's favourites and bookmarks."""

from __future__ import annotations

from collections.abc import Sequence

from potluck.apis.mastodon import render
from potluck.apis.mastodon.endpoint import Answer, Call, endpoint, json_list
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.paging import links, page_of
from potluck.social import conversations, lists, timelines
from potluck.social.paging import Page
from potluck.social.views import EntryRef
from potluck.text.hashtags import normalise_hashtag


async def page_of_statuses(call: Call, refs: Sequence[EntryRef], page: Page, context: str = "") -> Answer:
    """A page of entries with its Link header. `context`: where filters that hide may take some away."""
    items = await render.entries(call.source, refs, call.viewer_id, context=context)
    return json_list(items, links(call, [ref.position for ref in refs], more=len(refs) >= page.limit))


def check_public_timelines(call: Call) -> None:
    """Whether the asker may read everyone's posts.

    Raises:
        ApiError: only members may (401).
    """
    if call.viewer_id is None and call.settings.public_timelines == "members":
        raise ApiError(401, "This method requires an authenticated user")


@endpoint("GET", "/api/v1/timelines/home", scope="read:statuses")
async def home(call: Call) -> Answer:
    """What the people and hashtags one follows said and boosted."""
    page = page_of(call.params, 20, 40)
    items, cursors = await render.feed(call.source, call.me.id, call.me.id, page)
    return json_list(items, links(call, cursors, more=len(cursors) >= page.limit))


@endpoint("GET", "/api/v1/timelines/public", scope="read:statuses", who="anyone")
async def public(call: Call) -> Answer:
    """Everyone's public posts."""
    check_public_timelines(call)
    page = page_of(call.params, 20, 40)
    items, cursors = await render.public(
        call.source, call.viewer_id, page, local=call.params.flag("local"), remote=call.params.flag("remote"),
        only_media=call.params.flag("only_media"))
    return json_list(items, links(call, cursors, more=len(cursors) >= page.limit))


def tag_names(words: Sequence[str]) -> list[str]:
    """Normalised hashtag names; apps put `#` or (by mistake) `:` before them."""
    found = (normalise_hashtag(word.lstrip(":#")) for word in words)
    return [name for name in found if name]


@endpoint("GET", "/api/v1/timelines/tag/{name:str}", scope="read:statuses", who="anyone")
async def tag(call: Call) -> Answer:
    """Public posts with a hashtag, perhaps with others beside it."""
    check_public_timelines(call)
    page = page_of(call.params, 20, 40)
    names = tag_names([call.word("name"), *call.params.texts("any")[:10]])
    refs = await timelines.hashtag(
        await call.reader(), call.viewer_id, names, page,
        all_names=tag_names(call.params.texts("all")[:10]), no_names=tag_names(call.params.texts("none")[:10]),
        local=call.params.flag("local"), remote=call.params.flag("remote"), only_media=call.params.flag("only_media"))
    return await page_of_statuses(call, refs, page, "public")


@endpoint("GET", "/api/v1/timelines/list/{id:str}", scope="read:lists")
async def of_list(call: Call) -> Answer:
    """What the people on a list said."""
    page = page_of(call.params, 20, 40)
    row = await lists.one(await call.reader(), call.me.id, call.ident())
    items, cursors = await render.feed(call.source, row.id, call.me.id, page)
    return json_list(items, links(call, cursors, more=len(cursors) >= page.limit))


@endpoint("GET", "/api/v1/timelines/link", scope="read:statuses", who="anyone")
async def of_link(call: Call) -> Answer:
    """Public posts that link to a page."""
    check_public_timelines(call)
    page = page_of(call.params, 20, 40)
    refs = await timelines.link(await call.reader(), call.viewer_id, call.params.required("url"), page)
    return await page_of_statuses(call, refs, page, "public")


@endpoint("GET", "/api/v1/timelines/direct", scope="read:statuses")
async def direct(call: Call) -> Answer:
    """The newest message of each private conversation (an old call)."""
    page = page_of(call.params, 20, 40)
    rows = await conversations.page(await call.reader(), call.me.id, page)
    return await page_of_statuses(call, [EntryRef(row.last_object_id, row.last_object_id) for row in rows], page)


@endpoint("GET", "/api/v1/favourites", scope="read:favourites")
async def favourites(call: Call) -> Answer:
    """What one liked, latest like first."""
    page = page_of(call.params, 20, 40)
    return await page_of_statuses(call, await timelines.favourites(await call.reader(), call.me.id, page), page)


@endpoint("GET", "/api/v1/bookmarks", scope="read:bookmarks")
async def bookmarks(call: Call) -> Answer:
    """What one bookmarked, latest first."""
    page = page_of(call.params, 20, 40)
    return await page_of_statuses(call, await timelines.bookmarks(await call.reader(), call.me.id, page), page)


route_handlers = [home, public, tag, of_list, of_link, direct, favourites, bookmarks]
