"""What an export is: told by what is in it, never by its name alone."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from potluck.transfer import archives, encodings
from potluck.transfer.archives import Unpacked
from potluck.transfer.blogs import feeds, ghost, medium, text_files, wordpress, writefreely
from potluck.transfer.blogs.items import Aside, Found, Item, Problem, Unreadable

WORDPRESS, FEED, GHOST, WRITEFREELY, MEDIUM, FILES, JSON_FEED = (
    "wordpress", "feed", "ghost", "writefreely", "medium", "files", "json_feed")
MAX_RATIO = 300
"""How many times its size an archive may unpack to."""

_HEAD = 1 << 16
_SKIPPED = re.compile(
    r"(?:^|/)(?:\.[^/]*|__MACOSX/.*|node_modules/.*|readme(?:\.\w+)?|license(?:\.\w+)?|changelog\.md)\Z", re.IGNORECASE)
_FEED_LINK = re.compile(
    r'<link\b[^>]*\btype=["\']?application/(?:rss|atom|feed)\+(?:xml|json)["\']?[^>]*>', re.IGNORECASE)
_HREF = re.compile(r'\bhref=["\']?([^"\'\s>]{1,2000})', re.IGNORECASE)


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar."""
    with path.open("rb") as opened:
        head = opened.read(512)
    if head[:2] == b"\x1f\x8b" or head[:4] == b"PK\x03\x04" or head[257:262] == b"ustar":
        return True
    return zipfile.is_zipfile(path)


def head_of(path: Path) -> str:
    """The beginning of a file as text."""
    with path.open("rb") as opened:
        data = opened.read(_HEAD)
    return encodings.decoder(data[:1000]).decode(data)


def kind_of(head: str) -> str:
    """What a single file is, by its beginning; '' for a text with one article."""
    text = head.lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return _kind_of_xml(text)
    if text[:1] in ("{", "["):
        return _kind_of_json(text)
    return ""


def _kind_of_xml(text: str) -> str:
    if "wordpress.org/export/" in text or "<wp:wxr_version" in text:
        return WORDPRESS
    return FEED if re.search(r"<(?:\w+:)?(?:rss|feed|RDF)\b", text) else ""


def _kind_of_json(text: str) -> str:
    if "jsonfeed.org/version" in text:
        return JSON_FEED
    if re.match(r'\{\s*"db"\s*:', text) or re.match(r'\{\s*"(?:meta|data)"\s*:\s*\{', text):
        return GHOST
    return WRITEFREELY if re.search(r'"(?:body|collections|posts|alias|username)"\s*:', text) else ""


def feed_link(head: str) -> str:
    """The address of the feed that a page names, '' if it names none."""
    found = _FEED_LINK.search(head)
    link = _HREF.search(found[0]) if found else None
    return link[1].replace("&amp;", "&") if link else ""


def unpacked(source: Path, folder: Path) -> Unpacked:
    """An archive, unpacked.

    Raises:
        NoArchive: it is none, damaged, or larger than the bounds.
    """
    room = shutil.disk_usage(source.parent).free // 2
    return archives.unpack(source, folder, most=min(room, source.stat().st_size * MAX_RATIO + (64 << 20)))


def read_file(path: Path, name: str, aside: Aside) -> Found:
    """Articles of a single file.

    Raises:
        Unreadable: it is no export, or damaged; what came before is good.
    """
    head = head_of(path)
    kind = kind_of(head)
    if not kind and ("\x00" in head or name.lower().endswith((".xml", ".json", ".rss", ".atom"))):
        raise Unreadable("This is neither a feed nor an export that is known.")
    if kind:
        aside.fact("kind", kind)
        yield from _of_kind(kind, path, aside)
    else:
        aside.fact("kind", FILES)
        yield text_files.read(path, name if name.lower().endswith(text_files.SUFFIXES) else f"{name}.md")


def _of_kind(kind: str, path: Path, aside: Aside) -> Found:
    readers = {WORDPRESS: wordpress.read, FEED: feeds.read, GHOST: ghost.read, WRITEFREELY: writefreely.read,
               JSON_FEED: feeds.read_json}
    yield from readers[kind](path, aside)


def read_archive(archive: Unpacked, aside: Aside) -> Found:
    """Articles of everything in an archive, file by file; a damaged file is told and the rest goes on."""
    names = sorted(archive.files)
    stories = [name for name in names if name.startswith("posts/") or "/posts/" in name]
    if any(name.endswith("profile/profile.html") for name in names) and stories:
        names = [name for name in stories if name.endswith(".html")]
    for name in names:
        path = archive.path(name)
        if path is not None and not _SKIPPED.search(name):
            yield from _of_entry(path, name, aside)


def _of_entry(path: Path, name: str, aside: Aside) -> Found:
    lower = name.lower()
    if lower.endswith((".xml", ".json", ".rss", ".atom")):
        yield from _guarded(path, name, aside)
    elif lower.endswith((".html", ".htm")) and medium.is_story(head := head_of(path)):
        aside.fact("kind", MEDIUM)
        yield medium.read(path, name) if path.stat().st_size <= text_files.MAX_FILE and head else Problem(
            name, "This file is larger than is read.")
    elif lower.endswith(text_files.SUFFIXES):
        aside.fact("kind", FILES)
        yield text_files.read(path, name)


def _guarded(path: Path, name: str, aside: Aside) -> Iterator[Item | Problem]:
    kind = kind_of(head_of(path))
    if not kind:
        return  # settings and manifests
    aside.fact("kind", kind)
    try:
        for found in _of_kind(kind, path, aside):
            if isinstance(found, Item):
                found.file = found.file or name
            yield found
    except Unreadable as error:
        yield Problem(name, error.message, error.data)
