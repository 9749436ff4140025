"""A blog's own pages: its articles, those of one tag, its stylesheet; and the reader of this server's articles."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get
from potluck.settings import current
from potluck.social import views
from potluck.social.blogs import listing, making
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.social.views import EntryRef, EntryView
from potluck.text.hashtags import normalise_hashtag
from potluck.text.languages import normalise_language
from potluck.text.markup import escape_text
from potluck.web import app_links, feeds, metadata, pages, redirects
from potluck.web.actor_pages import Tab, find_actor
from potluck.web.asking import Guest, PathWord
from potluck.web.auth import Viewer
from potluck.web.blogs import blog_feeds, doors, reading
from potluck.web.i18n import _, language_name
from potluck.web.paging import PAGE_SIZE, next_url, page_of
from potluck.web.presenters.people import profile_path
from potluck.web.presenters.posts import Post, shown_post
from potluck.web.trusted import trusted_html
from potluck.web.types import AnyRequest

_CSS = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}


async def _cards(session: AsyncSession, ids: list[int], reader_id: int | None, viewer: Viewer | None, *,
                 featured: bool = False) -> list[Post]:
    found = await views.load_objects(session, ids, reader_id)
    entries, covers = await feeds.sift(session, [EntryView(item, found[item]) for item in ids if item in found],
                                       viewer, "account")
    return [shown_post(entry.object, viewer, featured=featured, covered_by=covers.get(entry.entry_id, ""))
            for entry in entries]


async def show(request: AnyRequest, viewer: Viewer | None, blog: Actor, *, tag: str = "") -> Response[Any]:
    """A blog at the address of its actor, or what it has under a tag."""
    first = "max_id" not in request.query_params
    async with request.app.state.db.read() as session:
        door = await doors.door(request, session, blog, viewer)
        frame = await reading.frame(session, blog, viewer, door)
        ids = await listing.articles(session, blog.id, door.reader_id, page_of(request), tag=tag or None)
        cards = await _cards(session, ids, door.reader_id, viewer)
        above = await listing.pinned(session, blog.id, door.reader_id) if first and not tag else []
        pinned = await _cards(session, above, door.reader_id, viewer, featured=True)
        tags = await listing.tags_of(session, blog.id, door.reader_id)
    is_open = not doors.is_closed(blog)
    shut = not is_open and door.role is None and not door.guest and not cards
    path = profile_path(blog)
    return app_links.announced(await pages.render(
        request, "blogs/blog.html", blog=frame, about_html=trusted_html(blog.summary, blog.emojis),
        posts=[card for card in cards if card.act not in {item.act for item in pinned}], pinned=pinned,
        tag=tag, tags=[Tab(f"{path}/tagged/{quote(item.name)}", f"#{item.display}", item.name == tag) for item in tags],
        next_url=next_url(request, len(ids), ids[-1] if ids else None), visibility=blog.extra["blog"]["visibility"],
        shut=shut, interact=f"/interact?uri={quote(blog.uri, safe='')}",
        meta=metadata.of_blog(blog, tag=tag) if is_open else None, app_links_of=app_links.of(blog)), blog)


@get("/{handle:str}/tagged/{tag:str}")
async def tagged(request: AnyRequest, viewer: Guest, handle: PathWord, tag: PathWord) -> Response[Any]:
    """A blog's articles with a hashtag; `.rss` and `.atom` behind the address give them as a feed."""
    async with request.app.state.db.read() as session:
        actor = await find_actor(session, handle)
    if not making.is_blog(actor):
        raise NotFound
    for suffix, form in blog_feeds.FORMATS.items():
        if tag.endswith(suffix):
            return await blog_feeds.feed(request, actor, form, tag=normalise_hashtag(tag.removesuffix(suffix)) or "")
    name = normalise_hashtag(tag)
    if not name:
        raise NotFound
    if name != tag:
        return redirects.see_other(f"{profile_path(actor)}/tagged/{quote(name)}")
    return await show(request, viewer, actor, tag=name)


@get("/{handle:str}/blog-css")
async def stylesheet(request: AnyRequest, handle: PathWord) -> Response[Any]:
    """A blog's own CSS, confined to its text."""
    async with request.app.state.db.read() as session:
        actor = await find_actor(session, handle)
        found = (await making.settings_of(session, actor)).stylesheet
    return Response(found, media_type="text/css", headers=_CSS)


@get("/{handle:str}/sitemap.xml")
async def sitemap(request: AnyRequest, handle: PathWord) -> Response[Any]:
    """The addresses of a blog's articles, for search engines; of a blog that wants to be found."""
    async with request.app.state.db.read() as session:
        actor = await find_actor(session, handle)
        if not making.is_blog(actor) or not actor.indexable:
            raise NotFound
        found = await listing.changed_at(session, actor.id)
    page = f"{current().url}{profile_path(actor)}"
    lines = "".join(f"<url><loc>{escape_text(url)}</loc><lastmod>{moment.date().isoformat()}</lastmod></url>\n"
                    for url, moment in found)
    text = ('<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
            f"<url><loc>{page}</loc></url>\n{lines}</urlset>\n")
    return Response(text, media_type="application/xml", headers={"Cache-Control": "public, max-age=3600"})


@get("/sitemap.xml")
async def sitemaps(request: AnyRequest) -> Response[Any]:
    """The sitemaps of all blogs that want to be found."""
    async with request.app.state.db.read() as session:
        names = await listing.open_blogs(session)
    lines = "".join(f"<sitemap><loc>{current().url}/@{name}/sitemap.xml</loc></sitemap>\n" for name in names)
    text = ('<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</sitemapindex>\n')
    return Response(text, media_type="application/xml", headers={"Cache-Control": "public, max-age=3600"})


@get("/read")
async def reader(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """The articles of this server that everybody may read, by tag and language."""
    tag = normalise_hashtag(request.query_params.get("tag", "")[:100]) or ""
    language = normalise_language(request.query_params.get("language", "")[:20]) or ""
    async with request.app.state.db.read() as session:
        ids = await listing.reader(session, viewer.actor.id if viewer else None, page_of(request), tag=tag or None,
                                   language=language or None)
        refs = [EntryRef(item, item) for item in ids]
        feed = await feeds.load(session, request, refs, viewer, limit=PAGE_SIZE, context="public")
        known = await listing.languages(session)
    more = f"&tag={quote(tag)}" if tag else ""
    tabs = [Tab(f"/read?{more}".rstrip("?&").replace("?&", "?"), _("All languages"), not language)]
    tabs += [Tab(f"/read?language={item}{more}", language_name(item), item == language) for item in known]
    return await pages.render(request, "blogs/reader.html", feed=feed, tabs=tabs if len(tabs) > 2 else [], tag=tag)


route_handlers = [tagged, stylesheet, sitemap, sitemaps, reader]
