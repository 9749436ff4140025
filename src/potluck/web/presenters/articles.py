"""Articles as cards and the reader page show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from potluck.kinds.article.rows import ArticleData
from potluck.kinds.article.showing import cover_of, pictures_in, reading_minutes, teaser_of
from potluck.media.addresses import shown
from potluck.social.model import Media
from potluck.social.views import ObjectView
from potluck.web.presenters.people import Person, shown_person


@dataclass(frozen=True, slots=True)
class ShownArticle:
    """What an article has beside what every card has; see `components/articles.html`."""

    teaser: str
    warning: str
    cover_url: str
    cover_alt: str
    minutes: int
    byline: Person | None
    may_edit: bool
    rtl: bool
    blog_id: str  # '' if it is of no blog of this server
    styled: bool
    page: bool
    pinned: bool
    comments_closed: bool


def shown_article(view: ObjectView) -> ShownArticle | None:
    """What an article has beside; None for everything else."""
    row = view.object
    if row.kind != "article":
        return None
    data = view.kind_data if isinstance(view.kind_data, ArticleData) else None
    blog = view.author.extra.get("blog") or {}
    cover = cover_of(view) or {}
    in_text = shown(cover.get("url")) in {shown(url) for url in pictures_in(row.content)} if cover else False
    rule = (data.place.comments if data else None) or blog.get("comments", "open")
    return ShownArticle(
        teaser=teaser_of(row), warning=str(row.extra.get("warning") or ""),
        cover_url=shown(cover.get("url")) or "", cover_alt="" if in_text else str(cover.get("alt") or ""),
        minutes=reading_minutes(row),
        byline=shown_person(data.byline) if data and data.byline else None, may_edit=bool(data and data.may_edit),
        rtl=bool(blog.get("rtl")), blog_id=str(view.author.id) if blog else "", styled=bool(blog.get("styled")),
        page=bool(data and data.place.page), pinned=bool(data and data.place.pinned is not None),
        comments_closed=view.author.is_local and rule == "closed")


def not_in_text(view: ObjectView) -> Sequence[Media]:
    """The files that the text does not show already, its cover left out."""
    if not view.media:
        return []
    cover = cover_of(view) or {}
    there = pictures_in(view.object.content) | {str(cover.get("url"))}
    return [item for item in view.media if item.url not in there and item.remote_url not in there]
