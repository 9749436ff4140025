"""Ghost's export: tables of its database as JSON. Tags and descriptions lie behind the posts, so it is read twice."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from potluck.transfer import json_lists
from potluck.transfer.blogs.items import (
    DRAFT,
    PRIVATE,
    PUBLIC,
    SCHEDULED,
    Aside,
    Found,
    Item,
    Problem,
    tags_of,
    text_of,
    uid_of,
    when,
)

OWN_ADDRESS = "__GHOST_URL__"
"""Stands for the site's address in its texts."""

_TABLES = ("posts", "tags", "posts_tags", "posts_meta", "users", "posts_authors", "settings")
_STATES = {"published": PUBLIC, "sent": PRIVATE, "scheduled": SCHEDULED, "draft": DRAFT}


def _places(*tables: str) -> frozenset[str]:
    # Newer exports have everything in a list named `db`, the oldest have not.
    return frozenset(f"{head}data.{table}" for head in ("db.", "") for table in tables)


def read(path: Path, aside: Aside) -> Found:
    """Posts and pages of an export."""
    for place, row, _ in json_lists.entries(path, _places(*_TABLES[1:])):
        if row is not json_lists.TooLarge:
            _note(place.rpartition(".")[2], row, aside)
    for _, row, _facts in json_lists.entries(path, _places("posts")):
        if row is json_lists.TooLarge:
            yield Problem("", "This entry is larger than is read.")
        else:
            yield _article(row, aside)


def _note(table: str, row: dict[str, Any], aside: Aside) -> None:
    text = partial(text_of, row)
    if table in ("tags", "users"):
        aside.put(table, text("id"), text("name"))
    elif table == "posts_meta":
        aside.put("alt", text("post_id"), text("feature_image_alt"))
    elif table == "posts_tags":
        number = text("post_id")
        before = aside.get(table, number)
        aside.put(table, number, f"{before} {text('tag_id')}".strip())
    elif table == "posts_authors":
        aside.put(table, text("post_id"), text("author_id"))
    elif table == "settings" and text("key") in ("title", "locale", "url"):
        aside.fact("name" if text("key") == "title" else f"ghost_{text('key')}", text("value"))


def _article(row: dict[str, Any], aside: Aside) -> Item:
    text = partial(text_of, row)
    number = text("id")
    names = [aside.get("tags", tag) for tag in aside.get("posts_tags", number).split()]
    state = _STATES.get(text("status"), DRAFT)
    if state == PUBLIC and text("visibility") not in ("", "public"):
        state = PRIVATE  # for members, or who pays
    return Item(
        uid=uid_of("ghost", text("uuid") or text("comment_id") or number), title=text("title"), text=_text(row),
        content_type="text/html" if text("html") or not text("markdown") else "text/markdown",
        summary=text("custom_excerpt"), slug=text("slug"), tags=tags_of(name for name in names if name[:1] != "#"),
        language=text("locale"), published=when(row.get("published_at")) or when(row.get("created_at")),
        edited=when(row.get("updated_at")), state=state, page=text("type") == "page" or row.get("page") in (1, True),
        pinned=row.get("featured") in (1, True), cover=text("feature_image", "image"),
        cover_alt=aside.get("alt", number), author=aside.get("users", aside.get("posts_authors", number)),
        base=text("canonical_url"))


def _text(row: dict[str, Any]) -> str:
    found = text_of(row, "html", "markdown")
    if found:
        return found
    plain = text_of(row, "plaintext").replace("&", "&amp;").replace("<", "&lt;")
    return "\n".join(f"<p>{part.strip()}</p>" for part in plain.split("\n\n") if part.strip())
