"""RSS and Atom of what everyone may read: a person's posts, a hashtag."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any
from urllib.parse import quote

from litestar import Response

from potluck.settings import current
from potluck.social import timelines, views
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.social.paging import Page
from potluck.social.views import EntryView, ObjectView
from potluck.social.visibility import PUBLIC
from potluck.text.hashtags import normalise_hashtag
from potluck.text.longform import for_others
from potluck.text.markup import escape_text
from potluck.web.presenters.people import full_handle, profile_path
from potluck.web.presenters.posts import post_path
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

ENTRIES = 20
MEDIA_TYPES = {"rss": "application/rss+xml; charset=utf-8", "atom": "application/atom+xml; charset=utf-8"}


def _entry_html(view: ObjectView) -> str:
    row = view.object
    warning = f"<p><strong>{escape_text(row.summary)}</strong></p>" if row.summary and row.title is None else ""
    return f"{warning}{for_others(row.content) if row.kind == 'article' else row.content}"


def _add(feed: Any, view: ObjectView) -> None:
    row = view.object
    entry = feed.add_entry(order="append")
    link = row.url if row.kind == "article" and row.url else f"{current().url}{post_path(view.author, row.id)}"
    entry.id(row.uri)
    entry.link(href=link)
    entry.title(row.title or row.summary or plain_text(row.content, 100) or link)
    entry.content(_entry_html(view), type="html")
    if row.title and row.summary:
        entry.summary(row.summary)
    entry.published(row.published.astimezone(UTC))
    entry.updated((row.edited_at or row.published).astimezone(UTC))
    entry.author(name=view.author.display_name or view.author.name, uri=f"{current().url}{profile_path(view.author)}")
    for tag in view.hashtags:
        entry.category(term=tag.display)
    media = next((item for item in view.media if item.url and item.media_type), None)
    if media:
        entry.enclosure(media.url, str(media.meta.get("size", 0)), media.media_type)


def answer(form: str, entries: Sequence[EntryView], *, path: str, title: str, description: str,
           page: str) -> Response[bytes]:
    """A feed of entries.

    Args:
        form: rss or atom.
        path: its own address, without host.
        page: address of the page it stands for.
    """
    from feedgen.feed import FeedGenerator  # with lxml: 5 MiB that many servers never need

    feed = FeedGenerator()
    feed.id(f"{current().url}{page}")
    feed.title(title)
    feed.description(description or title)
    feed.link(href=f"{current().url}{page}", rel="alternate")
    feed.link(href=f"{current().url}{path}", rel="self")
    feed.generator("Potluck")
    for entry in entries:
        _add(feed, entry.object)
    body = feed.rss_str() if form == "rss" else feed.atom_str()
    return Response(body, media_type=MEDIA_TYPES[form], headers={"Cache-Control": "public, max-age=300"})


async def profile_feed(request: AnyRequest, actor: Actor, form: str) -> Response[Any]:
    """The public posts of someone of this server, without boosts and replies to others."""
    if not actor.is_local:
        raise NotFound
    async with request.app.state.db.read() as session:
        refs = await timelines.profile(session, actor.id, None, Page(limit=ENTRIES * 2), replies=False, boosts=False)
        entries = await views.load_entries(session, refs, None)
    public = [entry for entry in entries if entry.object.object.visibility == PUBLIC][:ENTRIES]
    path = profile_path(actor)
    return answer(form, public, path=f"{path}.{form}", page=path, description=plain_text(actor.summary),
                   title=f"{actor.display_name or actor.name} ({full_handle(actor)})")


async def hashtag_feed(request: AnyRequest, name: str, form: str) -> Response[Any]:
    """Public posts with a hashtag."""
    normal = normalise_hashtag(name)
    if not normal or current().public_timelines != "public":
        raise NotFound
    async with request.app.state.db.read() as session:
        refs = await timelines.hashtag(session, None, [normal], Page(limit=ENTRIES))
        entries = await views.load_entries(session, refs, None)
    return answer(form, entries, path=f"/tags/{quote(normal)}.{form}", page=f"/tags/{quote(normal)}",
                   title=f"#{normal}", description=f"#{normal} · {current().title}")
