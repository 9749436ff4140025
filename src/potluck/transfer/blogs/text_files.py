"""Files with one article each: Markdown or HTML with front matter (Hugo, Jekyll, Eleventy, ours), plain text.

WriteFreely's zip has no front matter: `BLOG/SLUG_ID.txt`, its date that of the file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from potluck.transfer import encodings
from potluck.transfer.blogs.items import (
    CLOSED,
    DRAFT,
    FOLLOWERS,
    PASSWORD,
    PRIVATE,
    PUBLIC,
    UNLISTED,
    Item,
    Problem,
    one_line,
    tags_of,
    uid_of,
    when,
)

SUFFIXES = (".md", ".markdown", ".mdown", ".mdx", ".txt", ".html", ".htm")
MAX_FILE = 16 << 20
_MAX_HEAD = 64 * 1024
_MAX_DEPTH = 20
_YAML = re.compile(r"\s*---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\s*\+\+\+[ \t]*\n(.*?)(?:^|\n)\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})-(.+)\Z")
_WRITEFREELY = re.compile(r"(?:(.*)_)?([0-9a-z]{10})\Z")
_DRAFTS = frozenset({"_drafts", "drafts"})
_PAGES = frozenset({"_pages", "pages"})
_STATES = {"public": PUBLIC, "unlisted": UNLISTED, "followers": FOLLOWERS, "closed": CLOSED, "private": PRIVATE,
           "password": PASSWORD, "draft": DRAFT, "publish": PUBLIC, "published": PUBLIC}
_HTML_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title\b[^>]*>([^<]{0,1000})</title>", re.IGNORECASE)


def _yaml(text: str) -> Any:
    """Plain values. Aliases could make a terabyte out of a page, so there are none; nor is there great depth.

    Raises:
        ValueError: it cannot be read, or is hostile.
    """
    import yaml  # nearly a megabyte; only who moves a blog needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        for event in yaml.parse(text, loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > _MAX_DEPTH:
                raise ValueError("aliases and great depth are not taken")
        return yaml.load(text, loader)  # noqa: S506 - one that makes no objects
    except yaml.YAMLError as error:
        raise ValueError("this is no YAML") from error


def _toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


def read(path: Path, name: str) -> Item | Problem:
    """The article in a file; `name` is that in the archive."""
    if path.stat().st_size > MAX_FILE:
        return Problem(name, "This file is larger than is read.")
    text = encodings.text_of(path.read_bytes()).replace("\r\n", "\n")
    try:
        head, body = front_matter(text)
    except (ValueError, msgspec.DecodeError, RecursionError, TypeError, AttributeError, OverflowError):
        return Problem(name, "The front matter of this file cannot be read.")
    words = {str(key).strip().lower().replace("-", "_"): value for key, value in head.items()}
    if not words and name.lower().endswith(".txt"):
        found = _of_writefreely(name, body, path)
        if found is not None:
            return found
    return _article(name, words, body)


def front_matter(text: str) -> tuple[Mapping[str, Any], str]:
    """What stands in front of a text, and the text."""
    opening = text.lstrip()[:3]
    if opening in ("---", "+++"):
        found = (_YAML if opening == "---" else _TOML).match(text[:_MAX_HEAD])
        if found is None:
            return {}, text
        loaded = _yaml(found[1]) if opening == "---" else _toml(found[1])
        if loaded is None or isinstance(loaded, dict):
            return loaded or {}, text[found.end():].lstrip("\n")
        return {}, text
    if opening[:1] == "{" and "\n}\n" in text[:_MAX_HEAD]:
        raw, _, body = text.partition("\n}\n")
        loaded = msgspec.json.decode(raw + "\n}")
        return (loaded, body.lstrip("\n")) if isinstance(loaded, dict) else ({}, text)
    return {}, text


def _of_writefreely(name: str, body: str, path: Path) -> Item | None:
    folder, _, file = name.rpartition("/")
    found = _WRITEFREELY.fullmatch(file[:-4])
    if found is None:
        return None
    blog = folder.rpartition("/")[2]
    return Item(uid=uid_of("writefreely", found[2]), text=body, content_type="text/markdown", slug=found[1] or "",
                published=_changed(path), state=PUBLIC if blog else DRAFT, origin=blog, file=name)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _word(words: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = words.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def _listed(words: Mapping[str, Any], *names: str) -> list[Any]:
    found: list[Any] = []
    for name in names:
        value = words.get(name)
        if isinstance(value, list):
            found += value[:100]
        elif isinstance(value, str):
            found += value.split(",") if "," in value else [value]
        elif isinstance(value, dict) and name == "taxonomies":
            found += [tag for kind in ("tags", "categories") for tag in (value.get(kind) or []) if isinstance(tag, str)]
    return found


def _time(words: Mapping[str, Any], *names: str) -> datetime | None:
    for name in names:
        value = words.get(name)
        found = when(value if isinstance(value, (datetime, str, int, float)) else str(value or ""))
        if found is not None:
            return found
    return None


def _article(name: str, words: Mapping[str, Any], body: str) -> Item:
    folders = name.split("/")[:-1]
    stem = name.rpartition("/")[2].rpartition(".")[0]
    if stem in ("index", "_index") and folders:
        stem = folders[-1]
    dated = _DATED.fullmatch(stem)
    is_html = name.lower().endswith((".html", ".htm"))
    title = _word(words, "title")
    if is_html and not words:
        title, body = _of_page(body)
    published = _time(words, "date", "published", "pubdate", "publishdate", "publish_date", "created", "created_at",
                      "date_published") or (when(dated[1]) if dated else None)
    cover, alt = _cover(words)
    slug = _word(words, "slug", "permalink", "url").rstrip("/").rpartition("/")[2]
    return Item(
        uid=_uid(words, name, title, published), title=title or _title_of(stem, dated, body, is_html=is_html),
        text=body.removesuffix("\n"), content_type="text/html" if is_html else "text/markdown",
        summary=_word(words, "summary", "excerpt", "description", "subtitle"),
        slug=slug or (dated[2] if dated else stem),
        tags=tags_of(_listed(words, "tags", "tag", "categories", "category", "keywords", "taxonomies")),
        language=_word(words, "language", "lang", "locale"), warning=_word(words, "content_warning", "warning"),
        sensitive=words.get("sensitive") is True, published=published,
        edited=_time(words, "updated", "lastmod", "modified", "last_modified_at", "updated_at", "date_modified"),
        state=_state(words, folders),
        page=_word(words, "type", "layout", "post_type") in ("page", "pages") or bool(_PAGES & set(folders)),
        pinned=words.get("pinned") is True or words.get("sticky") is True,
        comments="closed" if words.get("comments") in (False, "closed") else "approve" if words.get(
            "comments") == "approve" else "", cover=cover, cover_alt=alt, author=_author(words), file=name,
        base=_word(words, "canonical_url", "canonicalurl"))


def _uid(words: Mapping[str, Any], name: str, title: str, published: datetime | None) -> str:
    own = _word(words, "id", "guid", "uid", "uuid")
    if own:
        return own if own.startswith(("http://", "https://", "wordpress:", "ghost:", "feed:")) else uid_of("file", own)
    facts = hashlib.sha256(f"{title}\n{published}".encode("utf-8", "replace")).hexdigest()[:16]
    return uid_of("file", f"{name}#{facts}")


def _title_of(stem: str, dated: re.Match[str] | None, body: str, *, is_html: bool) -> str:
    """The file's name as a title, unless its text begins with one."""
    if not is_html and body.lstrip().startswith("# "):
        return ""
    return (dated[2] if dated else stem).replace("-", " ").replace("_", " ").strip().capitalize()


def _of_page(text: str) -> tuple[str, str]:
    """Title and text of a whole HTML page."""
    title = _HTML_TITLE.search(text[:100_000])
    begin = _HTML_BODY.search(text[:1_000_000])
    return one_line(title[1], 300) if title else "", text[begin.end():].partition("</body>")[0] if begin else text


def _state(words: Mapping[str, Any], folders: list[str]) -> str:
    if words.get("draft") in (True, "true") or words.get("published") is False or _DRAFTS & set(folders):
        return DRAFT
    if words.get("private") is True or words.get("hidden") is True:
        return PRIVATE
    if _word(words, "password"):
        return PASSWORD
    word = _word(words, "visibility", "status", "state").lower()
    return _STATES.get(word, DRAFT) if word else PUBLIC


def _cover(words: Mapping[str, Any]) -> tuple[str, str]:
    for name in ("cover", "image", "featured_image", "featureimage", "feature_image", "thumbnail", "hero_image",
                 "header", "images"):
        value: Any = words.get(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if isinstance(value, str) and value.strip():
            return value.strip(), _word(words, "cover_alt", "image_alt", f"{name}_alt")
        if isinstance(value, dict):
            found = {str(key): text for key, text in value.items() if isinstance(text, str)}
            url = found.get("image") or found.get("url") or found.get("src") or found.get("teaser") or ""
            if url:
                return url, found.get("alt") or found.get("caption") or ""
    return "", ""


def _author(words: Mapping[str, Any]) -> str:
    value = words.get("author") or words.get("authors")
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else ""
