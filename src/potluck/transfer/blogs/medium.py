"""Medium's export: a zip with an HTML file for each story. Pictures stay at Medium; tags are not in it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from potluck.transfer import encodings
from potluck.transfer.blogs.items import DRAFT, PUBLIC, Item, uid_of, when

_TITLE = re.compile(r'<h1\b[^>]*\bclass="[^"]*\bp-name\b[^"]*"[^>]*>(.{0,3000}?)</h1>', re.DOTALL)
_SUMMARY = re.compile(r'<section\b[^>]*\bdata-field="subtitle"[^>]*>(.{0,5000}?)</section>', re.DOTALL)
_BODY = re.compile(r'<section\b[^>]*\bdata-field="body"[^>]*>')
_TIME = re.compile(r'<time\b[^>]*\bdatetime="([^"]{1,60})"')
_CANONICAL = re.compile(r'<a\b[^>]*\bhref="([^"]{1,1000})"[^>]*\bclass="p-canonical"')
_AUTHOR = re.compile(r'<a\b[^>]*\bclass="[^"]*\bp-author\b[^"]*"[^>]*>([^<]{0,200})</a>')
_OWN_TITLE = re.compile(r'<h[1-4]\b[^>]*\bclass="[^"]*\bgraf--(?:title|subtitle)\b[^"]*"[^>]*>.{0,5000}?</h[1-4]>',
                        re.DOTALL)
_RULE = re.compile(r'<div class="section-divider"><hr class="section-divider"\s*/?></div>')
_NUMBER = re.compile(r"-([0-9a-f]{8,14})\.html?\Z")


def is_story(head: str) -> bool:
    """Whether an HTML file is one of Medium's."""
    return "h-entry" in head and "p-name" in head


def read(path: Path, name: str) -> Item:
    """The story in a file."""
    text = encodings.text_of(path.read_bytes())
    head, body, foot = _parts(text)
    title = _TITLE.search(head)
    summary = _SUMMARY.search(head)
    link = _CANONICAL.search(foot)
    published = _TIME.search(foot)
    author = _AUTHOR.search(foot)
    number = _NUMBER.search(name)
    file = name.rpartition("/")[2]
    return Item(
        uid=uid_of("medium", number[1] if number else file), title=title[1] if title else "",
        text=_without_head(body), summary=summary[1] if summary else "",
        slug=_slug(unescape(link[1]) if link else ""), published=when(published[1]) if published else None,
        state=DRAFT if file.startswith("draft_") or not published else PUBLIC,
        author=unescape(author[1]) if author else "", base=unescape(link[1]) if link else "", file=name)


def _parts(text: str) -> tuple[str, str, str]:
    """What stands before the text, the text, and what stands behind it."""
    begin = _BODY.search(text)
    if begin is None:
        return text, "", text
    end = text.rfind("<footer")
    end = len(text) if end < begin.end() else end
    body = text[begin.end():end].rstrip().removesuffix("</section>")
    return text[:begin.start()], body, text[end:]


def _without_head(body: str) -> str:
    """The text without its title and subtitle, which it begins with, and without the rule above them."""
    beginning, rest = body[:20_000], body[20_000:]
    beginning = _RULE.sub("", beginning, count=1)
    return _OWN_TITLE.sub("", beginning, count=2) + rest


def _slug(link: str) -> str:
    name = link.rstrip("/").rpartition("/")[2].partition("?")[0]
    return re.sub(r"-[0-9a-f]{8,14}\Z", "", name)
