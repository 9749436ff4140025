"""PreviewCard: of a page somebody links to, or of something that is no note and is its own card."""

from __future__ import annotations

from urllib.parse import urlsplit

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.entities import Json, optional_stamp, stamp
from potluck.apis.urls import full_url
from potluck.social.glances import Glance
from potluck.social.model import Actor, Object, PreviewCard
from potluck.social.views import ObjectView
from potluck.text.oembed import frame_html
from potluck.text.sanitise import excerpt, to_plain_text


def of_page(row: PreviewCard, author: Actor | None) -> Json:
    """The card of a page. `author`: whom it credits, if they are known here and agree."""
    credited = {"name": row.author_name or (author.display_name or author.name if author else ""),
                "url": row.author_url or (entities.actor_url(author) if author else ""),
                "account": entities.account(author) if author else None}
    picture = full_url(row.image_url)
    return {
        "url": row.url, "title": row.title, "description": row.description, "type": row.type,
        "author_name": row.author_name, "author_url": row.author_url, "provider_name": row.provider_name,
        "provider_url": row.provider_url, "html": frame_html(row.player_url, row.width, row.height)
        if row.player_url else "", "width": row.width, "height": row.height, "image": picture,
        "image_description": row.image_description, "embed_url": picture if row.type == "photo" and picture else "",
        "blurhash": row.blurhash if picture else None, "language": row.language,
        "published_at": optional_stamp(row.published),
        "authors": [credited] if credited["name"] else [],
    }


def _description(row: Object, glance: Glance) -> str:
    """The summary; else the facts and the first words."""
    return row.summary or excerpt(" · ".join((*glance.facts, to_plain_text(glance.html))), 300)


def of_object(view: ObjectView, glance: Glance, url: str) -> Json:
    """The card of an article, event, book, video…: it points to the thing itself, or to the page it is about."""
    row = view.object
    picture = next((item for item in view.media if item.type == "image"), None)
    meta = picture.meta if picture else {}
    preview = next((item.preview_url for item in view.media if item.preview_url), None)
    author = {"name": view.author.display_name or view.author.name, "url": entities.actor_url(view.author),
              "account": None}
    return {
        "url": url, "title": glance.title, "description": _description(row, glance), "type": "link",
        "author_name": author["name"], "author_url": author["url"], "provider_name": urlsplit(url).hostname or "",
        "provider_url": "", "html": "", "width": meta.get("width") or 0, "height": meta.get("height") or 0,
        "image": full_url(picture.url if picture else preview or glance.picture),
        "image_description": picture.description if picture else "", "embed_url": "",
        "blurhash": picture.blurhash if picture else None, "language": row.language,
        "published_at": stamp(row.published), "authors": [author],
    }
