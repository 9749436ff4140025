"""From an entry to what a kind publishes: the words of an article, the text of a note."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from potluck.apis.micropub import entry as entries
from potluck.apis.micropub.entry import Entry
from potluck.kinds.article.drafts import Writing
from potluck.media.addresses import shown
from potluck.settings import current
from potluck.social.model import Media
from potluck.text.length import count
from potluck.text.markup import escape_attribute
from potluck.text.sanitise import sanitise_html
from potluck.text.to_markdown import address, html_markdown

_BRACKETS = re.compile(r"([\\\[\]])")


def is_article(entry: Entry, *, blog: bool) -> bool:
    """Whether an entry is one: it has a name, is long, or is for a blog; replies and bookmarks of profiles are none."""
    if blog:
        return True
    if entry.text("in-reply-to") or entry.text("bookmark-of") or entry.text("repost-of"):
        return False
    text, media_type = entries.content(entry)
    if media_type == "text/html":
        text = html_markdown(sanitise_html(text, images=True))
    return bool(entry.text("name")) or count(text) > current().max_characters


def writing_of(entry: Entry, before: Writing, media: Sequence[Media]) -> Writing:
    """An entry as an article; what it cannot say stays as before."""
    text, media_type = entries.content(entry)
    media_type = media_type or "text/markdown"
    link = entry.text("bookmark-of")
    text = _below(text, [*_pictures(text, media, media_type), *([_link(link, media_type)] if link else [])])
    return msgspec.structs.replace(
        before, title=entry.text("name"), text=text, content_type=media_type, summary=entry.text("summary"),
        tags=", ".join(entries.tags(entry.texts("category"))), slug=entry.command("mp-slug") or before.slug,
        language=entries.language(entry) or before.language, visibility=entries.visibility(entry, before.visibility))


def _below(text: str, parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in (text, *parts) if part)


def _pictures(text: str, media: Sequence[Media], media_type: str) -> list[str]:
    """Pictures that do not stand in the text yet, as text."""
    found = []
    for item in media:
        url = item.url or ""
        if item.type != "image" or not url or url in text or (shown(url) or url) in text:
            continue
        if media_type == "text/html":
            found.append(f'<p><img src="{escape_attribute(url)}" alt="{escape_attribute(item.description)}"></p>')
        else:
            alt = _BRACKETS.sub(r"\\\1", " ".join(item.description.split()))
            found.append(f"![{alt}]({address(url)})")
    return found


def _link(url: str, media_type: str) -> str:
    if media_type != "text/html":
        return f"<{address(url)}>"
    plain = escape_attribute(url)
    return f'<p><a href="{plain}">{plain}</a></p>'


def note_text(entry: Entry, usual_type: str, *, greeting: str = "") -> tuple[str, str]:
    """An entry as the text of a note, with the media type it is written in.

    Args:
        usual_type: what plain text is taken for.
        greeting: what it begins with, if it does not name that person anyway.
    """
    text, media_type = entries.content(entry)
    if media_type == "text/html":
        text, media_type = html_markdown(sanitise_html(text)), "text/markdown"
    link = entry.text("bookmark-of")
    text = "\n\n".join(part for part in (entry.text("name"), text, "" if link in text else link) if part)
    if greeting and greeting.strip().lower() not in text.lower():
        text = greeting + text
    return entries.with_tail(text, entry.texts("category")), media_type or usual_type
