"""RSS of any version, Atom (Blogger's export among them), and JSON Feed."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from potluck.transfer import json_lists
from potluck.transfer.blogs import xml_items
from potluck.transfer.blogs.items import (
    DRAFT,
    PUBLIC,
    Aside,
    Found,
    Item,
    Problem,
    tags_of,
    text_of,
    uid_of,
    when,
)
from potluck.transfer.blogs.xml_items import Node

_BLOGGER = "http://schemas.google.com/blogger/2008/kind#"
_MAX_SLUG = 200


def read(path: Path, aside: Aside) -> Found:
    """Entries of a feed.

    Raises:
        Unreadable: it is damaged; what came before is good.
    """
    for head, entry in xml_items.entries(path):
        aside.fact("name", head.text("title", "atom:title"))
        kind = _blogger_kind(entry)
        if kind == "comment":
            aside.count("comments", 1)
        elif kind not in ("", "post", "page"):
            aside.count("others", 1)
        else:
            yield _article(head, entry, page=kind == "page")


def _blogger_kind(entry: Node) -> str:
    for part in entry.all("category"):
        term = part.attributes.get("term", "")
        if term.startswith(_BLOGGER):
            return term.removeprefix(_BLOGGER)
    return entry.text("blogger:type").lower()


def link_of(node: Node) -> str:
    """The address of what a node stands for: Atom's alternate, or RSS' link."""
    links = [*node.all("link"), *node.all("atom:link")]
    for link in links:
        if link.attributes.get("href") and link.attributes.get("rel", "alternate") == "alternate":
            return link.attributes["href"]
    return node.text("link")


def _html(node: Node | None) -> str:
    """What a text construct says, as HTML."""
    if node is None:
        return ""
    kind = node.attributes.get("type", "").lower()
    if kind in ("xhtml", "application/xhtml+xml"):
        return node.inner()
    return _of_plain(node.own_text()) if kind == "text" else node.mixed()


def _of_plain(text: str) -> str:
    return "\n".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n") if part.strip())


def _article(head: Node, entry: Node, *, page: bool) -> Item | Problem:
    link = urljoin(link_of(head), link_of(entry)) if link_of(entry) else ""
    title_node = entry.first("title", "atom:title", "media:title", "dc:title")
    title = _html(title_node) if title_node is not None else ""
    name = entry.text("guid", "id", "atom:id") or link or title
    if entry.broken:
        return Problem(title or name, "This entry is larger than is read.")
    whole = _html(entry.first("content:encoded", "content", "atom:content", "xhtml:body", "body"))
    short = _html(entry.first("description", "summary", "atom:summary", "itunes:summary"))
    published = _first_time(entry, "published", "pubDate", "dc:date", "issued", "created", "date", "atom:published")
    edited = _first_time(entry, "updated", "modified", "atom:updated")
    control = entry.first("app:control", "control")
    is_draft = control is not None and control.text("app:draft", "draft") == "yes"
    cover, alt = _cover(entry)
    return Item(
        uid=uid_of("feed", name), title=title, text=whole or short, summary=short if whole and short != whole else "",
        slug=slug_from(link), tags=tags_of(_categories(entry)),
        language=entry.attributes.get("xml:lang", "") or head.text("language", "dc:language"),
        published=published or edited, edited=edited, state=DRAFT if is_draft or entry.text(
            "blogger:status").upper() in ("DRAFT", "SOFT_TRASHED") else PUBLIC,
        page=page, cover=cover, cover_alt=alt, author=_author(entry), base=link or link_of(head))


def _first_time(entry: Node, *names: str) -> Any:
    for name in names:
        found = when(entry.text(name))
        if found is not None:
            return found
    return None


def _author(entry: Node) -> str:
    author = entry.first("author", "atom:author")
    return (author.text("name", "atom:name") or author.own_text().strip() if author else "") or entry.text("dc:creator")


def _categories(entry: Node) -> list[str]:
    parts = [*entry.all("category"), *entry.all("atom:category"), *entry.all("dc:subject")]
    return [found for part in parts
            if (found := part.attributes.get("label") or part.attributes.get("term") or part.own_text())
            and not found.startswith("http://schemas.google.com/")]


def _cover(entry: Node) -> tuple[str, str]:
    """The picture a feed gives an entry beside its text."""
    group = entry.first("media:group") or entry
    for part in [*group.all("media:content"), *entry.all("enclosure"), *group.all("media:thumbnail")]:
        kind = part.attributes.get("type", "") or part.attributes.get("medium", "")
        url = part.attributes.get("url", "")
        if url and (kind.startswith("image") or part.name == "media:thumbnail"):
            return url, part.text("media:description", "media:title")
    return "", ""


def slug_from(link: str) -> str:
    """The last part of an address, as far as it is a name."""
    try:
        path = unquote(urlsplit(link).path)
    except ValueError:
        return ""
    name = path.rstrip("/").rpartition("/")[2].removesuffix(".html").removesuffix(".htm").removesuffix(".php")
    return "" if name.isdigit() else name[:_MAX_SLUG]


# ---- JSON Feed --------------------------------------------------------------------------------------------------


def read_json(path: Path, aside: Aside) -> Found:
    """Entries of a JSON Feed."""
    for _, entry, facts in json_lists.entries(path, frozenset({"items"})):
        aside.fact("name", text_of(facts, "title"))
        if entry is json_lists.TooLarge:
            yield Problem("", "This entry is larger than is read.")
        else:
            yield _of_json(entry, text_of(facts, "home_page_url", "feed_url"))


def _of_json(entry: dict[str, Any], home: str) -> Item:
    text, tags = partial(text_of, entry), entry.get("tags")
    link = text("url", "external_url")
    found = entry.get("authors") or [entry.get("author")]
    author = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
    return Item(
        uid=uid_of("feed", text("id") or link), title=text("title"),
        text=text("content_html") or _of_plain(text("content_text")), summary=text("summary"), slug=slug_from(link),
        tags=tags_of(tags if isinstance(tags, list) else ()), language=text("language"),
        published=when(entry.get("date_published")), edited=when(entry.get("date_modified")), cover=text("image"),
        author=str(author.get("name") or ""), base=link or home)
