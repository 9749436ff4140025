"""An article in fewer words than it has: its cover, its teaser, and what apps for posts show of it."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from potluck.social import glances
from potluck.social.glances import Glance
from potluck.social.model import Object
from potluck.social.views import ObjectView
from potluck.text.longform import for_others, minutes
from potluck.text.sanitise import excerpt, to_plain_text

MAX_WHOLE = 60_000
"""Characters of HTML that apps for posts get whole; of a longer article they get its beginning."""

TEASER = 400
_IMAGE = re.compile(r"<img\b[^>]*>")
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_SOURCE = re.compile(r'<img\b[^>]*?\ssrc="([^"]*)"')


def teaser_of(row: Object) -> str:
    """The summary, or the first paragraphs as far as they fit; plain text."""
    if row.summary:
        return row.summary
    content = row.content[:20_000]
    text = ""
    for paragraph in _PARAGRAPH.findall(content):
        words = " ".join(to_plain_text(paragraph).split())
        if text and len(text) + len(words) > TEASER:
            break
        text = f"{text} {words}".strip()
    return excerpt(text or to_plain_text(content), TEASER)


def cover_of(view: ObjectView) -> dict[str, Any] | None:
    """The picture of an article: `{url, alt}`; the one chosen, else the first that is attached."""
    kept = view.object.extra.get("cover")
    if isinstance(kept, dict) and kept.get("url"):
        return kept
    first = next((item for item in view.media if item.type == "image" and item.url), None)
    return {"url": first.url, "alt": first.description} if first else None


def pictures_in(html: str) -> set[str]:
    """Addresses of the pictures that stand in a text."""
    return {found.replace("&amp;", "&") for found in _SOURCE.findall(html)}


def reading_minutes(row: Object) -> int:
    """How long reading takes."""
    return minutes(int(row.extra.get("words") or 0))


def glance(view: ObjectView) -> Glance:
    """The whole text for apps that show posts, as far as it is not a book; pictures are attachments there."""
    row = view.object
    cover = cover_of(view)
    html = _IMAGE.sub("", for_others(row.content)) if len(row.content) <= MAX_WHOLE else _beginning(row)
    return Glance(row.title or row.type, html=html, picture=cover["url"] if cover else None)


def _beginning(row: Object) -> str:
    text = excerpt(to_plain_text(row.content[:40_000]), 2000)
    return (glances.summary_html(row) if row.summary else "") + f"<p>{escape(text)}</p>"
