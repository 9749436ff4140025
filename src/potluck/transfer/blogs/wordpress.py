"""WordPress' export (WXR 1.0 to 1.2): an RSS file with all of a site in it.

Pictures are entries of their own that articles name by number, before or behind them; so the file is read twice.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from urllib.parse import unquote

from potluck.text.markup import BLOCK
from potluck.transfer.blogs import xml_items
from potluck.transfer.blogs.items import (
    DRAFT,
    PASSWORD,
    PRIVATE,
    PUBLIC,
    SCHEDULED,
    Aside,
    Found,
    Item,
    Problem,
    Unreadable,
    tags_of,
    uid_of,
    when,
)
from potluck.transfer.blogs.xml_items import Node

_STATES = {"publish": PUBLIC, "draft": DRAFT, "pending": DRAFT, "private": PRIVATE, "future": SCHEDULED}
_TYPES = {"post": False, "page": True}
_PICTURE = "wp-picture"
_BLOCKS = re.compile(r"<!-- /?wp:[^<>]*+>\n?")
_MOST = 500  # shortcodes and listings of a sort in one text; beyond that they stay as they are
_PARAGRAPHS = re.compile(r"\n\s*\n")
_BEGINS_BLOCK = re.compile(r"\s*</?(" + "|".join(sorted(BLOCK | {"figure", "iframe", "script"})) + r")\b",
                           re.IGNORECASE)
_KEPT = re.compile(r"<(pre|script|style|textarea)\b.{0,200000}?</\1\s*>", re.DOTALL | re.IGNORECASE)
_CAPTION = re.compile(r"\[(?:wp_)?caption\b[^\]]{0,500}\](.{0,5000}?)\[/(?:wp_)?caption\]", re.DOTALL)
_CAPTION_TEXT = re.compile(r"((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*)", re.DOTALL)
_EMBED = re.compile(r"\[(?:embed|video|audio)\b[^\]]{0,300}\]\s*(https?://[^\s\[\]<>]{1,1000})\s*\[/\w{1,10}\]")
_CODE = re.compile(r"\[(code|sourcecode)\b([^\]]{0,300})\](.{0,100000}?)\[/\1\]", re.DOTALL)
_CODE_LANGUAGE = re.compile(r"""(?:lang|language)\s*=\s*["']?([\w+#-]{1,30})""")
_GALLERY = re.compile(r"""\[gallery\b[^\]]{0,2000}?\bids\s*=\s*["']?([\d,\s]{1,1500})[^\]]{0,500}\]""")


def read(path: Path, aside: Aside) -> Found:
    """Articles and pages of an export.

    Raises:
        Unreadable: it is damaged; what came before is good.
    """
    try:
        for _, entry in xml_items.entries(path):
            if entry.text("wp:post_type") == "attachment":
                _note_picture(entry, aside)
    except Unreadable:
        pass  # told by the second reading
    for head, entry in xml_items.entries(path):
        aside.fact("name", head.text("title"))
        kind = entry.text("wp:post_type") or "post"
        aside.count("comments", entry.counted)
        if kind == "attachment":
            continue
        if kind not in _TYPES:
            aside.count("others", 1)
        elif entry.text("wp:status") in ("trash", "auto-draft", "inherit"):
            aside.count("trash", 1)
        else:
            yield _article(head, entry, aside, page=_TYPES[kind])


def _note_picture(entry: Node, aside: Aside) -> None:
    url = entry.text("wp:attachment_url", "guid")
    if url:
        alt = _meta(entry, "_wp_attachment_image_alt")
        aside.put(_PICTURE, entry.text("wp:post_id"), f"{url}\n{alt}")


def _meta(entry: Node, key: str) -> str:
    for row in entry.all("wp:postmeta"):
        if row.text("wp:meta_key") == key:
            return row.text("wp:meta_value")
    return ""


def _article(head: Node, entry: Node, aside: Aside, *, page: bool) -> Item | Problem:
    title, link = entry.text("title"), entry.text("link")
    number = entry.text("wp:post_id")
    name = entry.text("guid") or link or f"{head.text('wp:base_blog_url', 'link')}?p={number}"
    if entry.broken:
        return Problem(title or name, "This entry is larger than is read.")
    cover, _, alt = aside.get(_PICTURE, _meta(entry, "_thumbnail_id") or "-").partition("\n")
    state = _STATES.get(entry.text("wp:status"), DRAFT)
    if entry.text("wp:post_password") and state == PUBLIC:
        state = PASSWORD
    categories = [part for part in entry.all("category")
                  if part.attributes.get("domain", "category") in ("category", "post_tag", "tag")
                  and part.attributes.get("nicename") != "uncategorized"]
    return Item(
        uid=uid_of("wordpress", name), title=title, text=html_of(entry.text("content:encoded"), aside),
        summary=entry.text("excerpt:encoded"), slug=unquote(entry.text("wp:post_name")),
        tags=tags_of(part.own_text() for part in categories), language=head.text("language"),
        published=when(entry.text("wp:post_date_gmt")) or when(entry.text("wp:post_date")) or when(
            entry.text("pubDate")),
        edited=when(entry.text("wp:post_modified_gmt")) or when(entry.text("wp:post_modified")),
        state=state, page=page, pinned=entry.text("wp:is_sticky") == "1",
        comments="closed" if entry.text("wp:comment_status") == "closed" and not page else "",
        cover=cover, cover_alt=alt, author=entry.text("dc:creator"),
        base=link or head.text("wp:base_blog_url", "link"))


def html_of(content: str, aside: Aside) -> str:
    """An article's HTML: without the marks of blocks, with paragraphs, the commonest shortcodes as what they mean."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\x00{len(kept) - 1}\x00"

    has_blocks = "<!-- wp:" in content
    text = content.replace("\x00", "").replace("\r\n", "\n")
    text = _CODE.sub(_listing, text) if text.count("[") <= _MOST * 4 else text
    text = _KEPT.sub(keep, text) if sum(map(text.lower().count, ("<pre", "<script", "<style"))) <= _MOST else text
    if text.count("[") <= _MOST * 4:
        text = _CAPTION.sub(_figure, text)
        text = _GALLERY.sub(lambda found: _gallery(found[1], aside), text)
    text = _EMBED.sub(r'<a href="\1">\1</a>', text)
    text = _BLOCKS.sub("", text) if has_blocks else _with_paragraphs(text)
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], text)


def _listing(found: re.Match[str]) -> str:
    """A listing that stood in a shortcode."""
    language = _CODE_LANGUAGE.search(found[2])
    mark = f' class="language-{language[1].lower()}"' if language else ""
    return f"<pre><code{mark}>{escape(found[3].strip(), quote=False)}</code></pre>"


def _figure(found: re.Match[str]) -> str:
    parts = _CAPTION_TEXT.match(found[1].strip())
    if parts is None:
        return found[1]
    return f"\n\n<figure>{parts[1]}<figcaption>{parts[2].strip()}</figcaption></figure>\n\n"


def _gallery(numbers: str, aside: Aside) -> str:
    made = []
    for number in numbers.split(",")[:200]:
        url, _, alt = aside.get(_PICTURE, number.strip()).partition("\n")
        if url:
            made.append(f'<figure><img src="{escape(url)}" alt="{escape(alt)}"></figure>')
    return "\n\n".join(["", *made, ""])


def _with_paragraphs(text: str) -> str:
    """Texts of the old editor have blank lines between their paragraphs, and no marks."""
    if re.search(r"<p[\s>]", text):
        return text
    made = []
    for part in _PARAGRAPHS.split(text):
        plain = part.strip()
        if plain.startswith("\x00") or _BEGINS_BLOCK.match(plain) or plain == "<!--more-->":
            made.append(plain)
        elif plain:
            made.append("<p>" + plain.replace("\n", "<br>\n") + "</p>")
    return "\n\n".join(made)
