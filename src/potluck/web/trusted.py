"""The one gate by which stored HTML reaches a page: fields that were sanitised when they came in, emoji drawn.

Everything else on a page is escaped by the templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape, unescape
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from potluck.media.addresses import shown
from potluck.text import emoji
from potluck.text.hashtags import normalise_hashtag
from potluck.text.markup import escape_text

_LINK = re.compile(r'<a\b([^>]*?)\shref="([^"]*)"([^>]*)>(.*?)</a>', re.DOTALL)
_IMAGE = re.compile(r'(<img\b[^>]*?\ssrc=")([^"]*)"')
_TAG = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"</?(?:p|br|div|li|ul|ol|blockquote|h[1-6]|pre|hr|tr|td|th)\b[^>]*>")

Emojis = Sequence[Mapping[str, Any]]


def trusted_html(html: str, emojis: Emojis = ()) -> Markup:
    """Sanitised HTML from the database as markup, with `:shortcode:` of its own custom emoji as pictures."""
    return Markup(emoji.replace_shortcodes(_pictures(html), _urls(emojis)))  # noqa: S704 - sanitised on the way in


def with_emoji(text: str, emojis: Emojis = ()) -> Markup:
    """Plain text as markup, with custom emoji as pictures."""
    return trusted_html(escape_text(text), emojis)


def _urls(emojis: Emojis) -> dict[str, str]:
    return {str(item["shortcode"]): shown(str(item["url"])) or "" for item in emojis}


def _pictures(html: str) -> str:
    """Pictures of other servers in a long text, under the addresses of our proxy."""
    return html if "<img" not in html else _IMAGE.sub(
        lambda found: f'{found[1]}{escape(shown(unescape(found[2])) or "")}"', html)


def stay_here(html: str, people: Mapping[str, str], tags: frozenset[str]) -> str:
    """Sanitised HTML with links to people and hashtags of other servers leading to their pages on this site.

    Args:
        people: address of a profile elsewhere -> path here.
        tags: normalised names of the object's hashtags.
    """

    def local(match: re.Match[str]) -> str:
        before, href, after, inner = match.groups()
        text = unescape(_TAG.sub("", inner)).strip()
        path = people.get(unescape(href))
        if path is None and text.startswith("#") and normalise_hashtag(text) in tags:
            path = f"/tags/{quote(normalise_hashtag(text) or '')}"
        if path is None:
            return match[0]
        return f'<a{before} href="{escape(path)}"{after}>{inner}</a>'

    return _LINK.sub(local, html)


def plain_text(html: str, limit: int = 200) -> str:
    """The words of sanitised HTML, for previews, feeds and page descriptions."""
    text = unescape(_TAG.sub("", _BREAK.sub(" ", html)))
    words = " ".join(text.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
