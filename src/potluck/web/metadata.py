"""What a page says about itself to previews and search engines: OpenGraph, JSON-LD, feeds, the ActivityPub twin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from potluck.media.addresses import shown
from potluck.settings import current
from potluck.social.model import Actor
from potluck.social.views import ObjectView
from potluck.text.markup import escape_text
from potluck.web.presenters.communities import ShownCommunity
from potluck.web.presenters.people import Profile, full_handle, profile_path
from potluck.web.presenters.posts import Post
from potluck.web.trusted import plain_text


@dataclass(frozen=True, slots=True)
class Meta:
    """The metadata of a page (see `_meta.html`)."""

    title: str
    description: str
    url: str
    type: str
    image: str = ""
    image_alt: str = ""
    index: bool = True
    activity: str = ""
    feeds: list[tuple[str, str]] = field(default_factory=list)  # media type, path
    me: list[str] = field(default_factory=list)  # rel=me
    json_ld: Markup | str = ""
    published: str = ""
    large: bool = False  # its picture is worth a large card
    oembed: str = ""  # address by which /api/oembed knows the page


def _json_ld(value: dict[str, Any]) -> Markup:
    """JSON that may stand inside a script element: `<`, `>` and `&` written as escapes."""
    text = msgspec.json.encode({"@context": "https://schema.org", **value}).decode()
    for sign, escape in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(sign, escape)
    return Markup(text)  # noqa: S704 - escaped above


def _absolute(url: str | None) -> str:
    return f"{current().url}{url}" if url and url.startswith("/") else url or ""


def of_profile(actor: Actor, profile: Profile) -> Meta:
    """Metadata of a profile page. Only local people who allow it are offered to search engines."""
    name, path = profile.person.name, profile_path(actor)
    url = f"{current().url}{path}"
    description = plain_text(actor.summary)
    data = {"@type": "ProfilePage", "dateCreated": (actor.published or actor.created_at).isoformat(),
            "mainEntity": {"@type": "Organization" if actor.type in {"Group", "Organization"} else "Person",
                           "name": name, "alternateName": full_handle(actor), "identifier": actor.uri, "url": url,
                           "description": description,
                           **({"image": _absolute(shown(actor.avatar_url))} if actor.avatar_url else {})}}
    return Meta(
        title=f"{name} ({full_handle(actor)})", description=description, url=url, type="profile",
        image=_absolute(shown(actor.avatar_url)), image_alt=actor.avatar_description,
        index=actor.is_local and actor.indexable, activity=actor.uri if actor.is_local else "",
        feeds=[("application/rss+xml", f"{path}.rss"), ("application/atom+xml", f"{path}.atom")]
        if actor.is_local else [], json_ld=_json_ld(data),
    )


def of_community(actor: Actor, community: ShownCommunity) -> Meta:
    """Metadata of a community's page. Those for members alone are kept from search engines."""
    path, open_to_all = profile_path(actor), not (community.private or community.local_only)
    url = f"{current().url}{path}"
    description = plain_text(actor.summary)
    data = {"@type": "DiscussionForum", "name": community.person.name, "url": url, "description": description}
    return Meta(
        title=community.person.name, description=description, url=url, type="website",
        image=_absolute(shown(actor.avatar_url)), image_alt=actor.avatar_description,
        index=actor.is_local and open_to_all and not community.removed, activity=actor.uri if actor.is_local else "",
        feeds=[("application/rss+xml", f"{path}.rss"), ("application/atom+xml", f"{path}.atom")]
        if community.feed_url else [], json_ld=_json_ld(data))


def of_blog(actor: Actor, *, tag: str = "") -> Meta:
    """Metadata of a blog's page, or of one of its tags."""
    path = profile_path(actor) + (f"/tagged/{quote(tag)}" if tag else "")
    name = actor.display_name or actor.name
    description = plain_text(actor.summary)
    data = {"@type": "Blog", "name": name, "url": f"{current().url}{path}", "description": description,
            **({"inLanguage": actor.extra["blog"]["language"]} if actor.extra["blog"].get("language") else {})}
    return Meta(
        title=f"{name}: #{tag}" if tag else name, description=description, url=f"{current().url}{path}",
        type="website", image=_absolute(shown(actor.header_url or actor.avatar_url)),
        image_alt=actor.header_description or actor.avatar_description, index=actor.indexable,
        activity="" if tag else actor.uri,
        feeds=[("application/rss+xml", f"{path}.rss"), ("application/atom+xml", f"{path}.atom")],
        json_ld=_json_ld(data))


def of_article(view: ObjectView, post: Post) -> Meta | None:
    """Metadata of an article's page: what a preview shows above the link."""
    row, article = view.object, post.article
    if article is None or row.visibility not in {"public", "unlisted"}:
        return None
    url = row.url or f"{current().url}{post.url}"
    description = article.warning or plain_text(escape_text(article.teaser), 300)
    hidden = bool(article.warning) or row.sensitive
    image = "" if hidden else _absolute(article.cover_url)
    writer = post.article.byline if post.article and post.article.byline else post.author
    data = {"@type": "BlogPosting", "url": url, "mainEntityOfPage": url, "headline": (row.title or "")[:110],
            "description": description, "datePublished": row.published.isoformat(),
            "dateModified": (row.edited_at or row.published).isoformat(),
            "wordCount": int(row.extra.get("words") or 0), "keywords": [tag.display for tag in view.hashtags],
            "author": {"@type": "Person", "name": writer.name, "url": f"{current().url}{writer.url}"},
            "publisher": {"@type": "Organization", "name": post.author.name},
            "commentCount": post.counts.replies,
            **({"image": image} if image else {}), **({"inLanguage": row.language} if row.language else {})}
    return Meta(
        title=row.title or description[:70], description=description, url=url, type="article",
        image=image or _absolute(shown(view.author.avatar_url)), image_alt=article.cover_alt if image else "",
        index=row.local and view.author.indexable and row.visibility == "public",
        activity=row.uri if row.local else "", json_ld=_json_ld(data), published=row.published.isoformat(),
        large=bool(image), oembed=f"{current().url}{post.url}" if row.local else "")


def of_post(view: ObjectView, post: Post) -> Meta | None:
    """Metadata of an object's page; None for what is not for everyone. A content warning hides the text here too."""
    row, author = view.object, view.author
    if row.visibility not in {"public", "unlisted"}:
        return None
    url = f"{current().url}{post.url}"
    description = row.summary or plain_text(row.content)
    pictures = [item for item in post.media if item.kind == "image"] if not row.sensitive and not row.summary else []
    data = {"@type": "SocialMediaPosting", "url": url, "datePublished": row.published.isoformat(),
            "headline": row.title or description[:110],
            "articleBody": "" if row.summary else plain_text(row.content, 5000),
            "author": {"@type": "Person", "name": post.author.name, "alternateName": post.author.handle,
                       "url": f"{current().url}{post.author.url}"},
            "interactionStatistic": [
                {"@type": "InteractionCounter", "interactionType": f"https://schema.org/{kind}Action",
                 "userInteractionCount": count}
                for kind, count in (("Like", post.counts.favourites), ("Share", post.counts.boosts),
                                    ("Comment", post.counts.replies))],
            **({"dateModified": row.edited_at.isoformat()} if row.edited_at else {})}
    return Meta(
        title=f"{post.author.name}: {row.title or description[:70] or full_handle(author)}", description=description,
        url=url, type="article", image=_absolute(shown(pictures[0].url if pictures else author.avatar_url)),
        image_alt=pictures[0].alt if pictures else "", index=row.local and author.indexable
        and row.visibility == "public", activity=row.uri if row.local else "", json_ld=_json_ld(data),
        published=row.published.isoformat(),
    )
