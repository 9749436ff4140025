"""A blog as a zip of text files with front matter and their files beside them; `text_files` reads it back the same."""

from __future__ import annotations

import re
import zipfile
from collections.abc import AsyncIterator, Callable
from typing import Any

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.media.storage import Storage
from potluck.social.accounts.export import Sink
from potluck.social.blogs.places import slug_of
from potluck.social.model import Actor
from potluck.text.sanitise import to_plain_text
from potluck.transfer.blogs import leaving, pictures
from potluck.transfer.blogs.items import DRAFT, PUBLIC
from potluck.transfer.blogs.leaving import File, Leaver

_LARGE = 1 << 30


async def blog_zip(db: Database, storage: Storage, blog: Actor, person: Actor, *, drafts: bool,
                   done: Callable[[int], None] = lambda _count: None) -> AsyncIterator[bytes]:
    """The zip, in pieces; no more than a batch of texts or a piece of a file is in memory.

    Args:
        person: whose drafts for the blog go along.
        done: told how many articles are written.
    """
    sink, count = Sink(), 0
    written: set[str] = set()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("blog.yaml", _about(blog))
        async for item in _all(db, storage, blog, person, drafts=drafts):
            packed.writestr(_name(item, written), text_file(item))
            yield sink.take()
            for file in item.files:
                if file.name in written or (size := await storage.size(file.key)) is None:
                    continue
                written.add(file.name)
                async for _ in _stored(packed, storage, file, size):
                    yield sink.take()
            count += 1
            done(count)
    yield sink.take()


async def _stored(packed: zipfile.ZipFile, storage: Storage, file: File, size: int) -> AsyncIterator[None]:
    """Write a file, with a pause after each piece to take what was written."""
    entry = zipfile.ZipInfo(file.name, now().timetuple()[:6])  # not compressed: pictures are already
    with packed.open(entry, "w", force_zip64=size > _LARGE) as target:
        async for piece in storage.read(file.key):
            target.write(piece)
            yield


async def _all(db: Database, storage: Storage, blog: Actor, person: Actor, *, drafts: bool) -> AsyncIterator[Leaver]:
    async for batch in leaving.articles(db, storage, blog.id):
        for item in batch:
            yield item
    if drafts:
        async for item in leaving.drafts(db, storage, person, blog.id):
            yield item


def _about(blog: Actor) -> str:
    facts = blog.extra.get("blog") or {}
    about = {"title": blog.display_name or blog.name, "url": blog.url, "description": blog.summary_source or
             to_plain_text(blog.summary), "language": facts.get("language"), "visibility": facts.get("visibility")}
    return _dumped({name: value for name, value in about.items() if value})


def _name(item: Leaver, written: set[str]) -> str:
    """A name in the folder of its sort that no other has."""
    slug = item.slug or slug_of(item.title)
    day = "" if item.state == DRAFT or item.page else f"{item.published:%Y-%m-%d}-"
    folder = "drafts" if item.state == DRAFT else "pages" if item.page else "posts"
    ending = "html" if item.content_type == "text/html" else "md"
    base = re.sub(r"[^\w.-]", "-", f"{day}{slug}")
    name, number = f"{folder}/{base}.{ending}", 1
    while name in written:
        number += 1
        name = f"{folder}/{base}-{number}.{ending}"
    written.add(name)
    return name


def text_file(item: Leaver) -> str:
    """An article with its front matter; pictures are named by their places beside it."""
    addresses = {file.url: f"../{file.name}" for file in item.files}
    head: dict[str, Any] = {
        "id": item.uri, "title": item.title, "slug": item.slug, "date": item.published, "updated": item.edited,
        "summary": item.summary, "tags": item.tags, "language": item.language,
        "visibility": item.state if item.state not in (PUBLIC, DRAFT) else "", "draft": item.state == DRAFT,
        "type": "page" if item.page else "", "pinned": item.pinned, "comments": item.comments,
        "content_warning": item.warning, "sensitive": item.sensitive}
    if item.cover is not None:
        head["cover"] = {"image": addresses[item.cover.url], "alt": item.cover.description}
    text = pictures.moved(item.text, item.content_type, addresses)
    return f"---\n{_dumped({name: value for name, value in head.items() if value})}---\n\n{text}\n"


def _dumped(words: dict[str, Any]) -> str:
    import yaml  # nearly a megabyte; only who moves a blog needs it

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(words, Dumper=dumper, allow_unicode=True, sort_keys=False, width=1000))
