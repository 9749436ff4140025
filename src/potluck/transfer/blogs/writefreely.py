"""WriteFreely's exports: posts as JSON (a list, or all of an account by blogs). Its zip is among the text files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from potluck.transfer import json_lists
from potluck.transfer.blogs.items import (
    CLOSED,
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

_PLACES = frozenset({"", "posts", "data", "data.posts", "collections.posts", "data.collections.posts"})


def read(path: Path, aside: Aside) -> Found:
    """Posts of an export."""
    for place, entry, facts in json_lists.entries(path, _PLACES):
        blog = entry.get("collection") if isinstance(entry, dict) else None
        if not isinstance(blog, dict):
            blog = facts if "alias" in facts else None
        if blog is not None and place:
            aside.fact("name", text_of(blog, "title", "alias"))
        if entry is json_lists.TooLarge:
            yield Problem("", "This entry is larger than is read.")
        elif "body" in entry:
            yield _article(entry, blog)


def _article(entry: dict[str, Any], blog: dict[str, Any] | None) -> Item:
    text = partial(text_of, entry)
    tags = entry.get("tags")
    is_code = text("appearance") == "code"
    return Item(
        uid=uid_of("writefreely", text("id") or text("slug")), title=text("title"),
        text=f"```\n{text('body')}\n```" if is_code else text("body"), content_type="text/markdown",
        slug=text("slug"), tags=tags_of(tags if isinstance(tags, list) else ()), language=text("language"),
        published=when(entry.get("created")), edited=when(entry.get("updated")), state=_state(blog),
        pinned=isinstance(entry.get("pinned_position"), int), author="", origin=text_of(blog or {}, "alias"),
        base=text_of(blog or {}, "url"))


def _state(blog: dict[str, Any] | None) -> str:
    """Who could read it: posts without a blog are drafts; a blog that is not public may be private."""
    if blog is None:
        return DRAFT
    return PUBLIC if blog.get("public") in (True, 1) or blog.get("visibility") in (0, 1) else CLOSED
