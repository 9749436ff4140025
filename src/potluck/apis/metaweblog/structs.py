"""Posts as these editors know them: structs with a title, HTML, categories and a date."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from potluck.apis import articles
from potluck.apis.metaweblog.xml import Fault
from potluck.db.base import now
from potluck.db.ids import time_of
from potluck.kinds.article import drafts, publishing
from potluck.kinds.article.drafts import Writing
from potluck.settings import current
from potluck.social.model import KeptDraft
from potluck.social.views import ObjectView

Struct = dict[str, Any]

MARKDOWN = "markdown"
_MORE = "<!--more-->"
_AHEAD_SECONDS = 600


def _text(struct: Struct, name: str) -> str | None:
    value = struct.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Fault(400, f"{name} has the wrong type")
    return value


def _tags(struct: Struct) -> str | None:
    """Categories and keywords, which are both tags here."""
    found: list[str] = []
    categories = struct.get("categories")
    if isinstance(categories, list):
        found += [word for word in categories if isinstance(word, str)]
    keywords = struct.get("mt_keywords")
    if isinstance(keywords, list):
        found += [word for word in keywords if isinstance(word, str)]
    elif isinstance(keywords, str):
        found += publishing.tags_of(keywords)
    if categories is None and keywords is None:
        return None
    return ", ".join(dict.fromkeys(word.strip().replace(",", " ") for word in found if word.strip()))


def writing_from(struct: Any, before: Writing) -> Writing:
    """A text with what a struct says of it; what it does not name stays.

    Raises:
        Fault: a value has the wrong type.
    """
    if not isinstance(struct, dict):
        raise Fault(400, "A post is a struct")
    wanted: Struct = {}
    for theirs, ours in (("title", "title"), ("mt_excerpt", "summary"), ("wp_slug", "slug")):
        value = _text(struct, theirs)
        if value is not None:
            wanted[ours] = value
    text, more = _text(struct, "description"), _text(struct, "mt_text_more")
    if text is not None:
        wanted["text"] = f"{text}\n{_MORE}\n{more}" if more else text
        filtered = _text(struct, "mt_convert_breaks")
        wanted["content_type"] = "text/markdown" if filtered == MARKDOWN else "text/html"
        if filtered is None and before.text:
            wanted["content_type"] = before.content_type
    tags = _tags(struct)
    if tags is not None:
        wanted["tags"] = tags
    return msgspec.structs.replace(before, **wanted)


def date_of(struct: Struct) -> datetime | None:
    """The date a post bears; None for now.

    Raises:
        Fault: it lies ahead.
    """
    for name in ("date_created_gmt", "dateCreated"):
        value = struct.get(name)
        if isinstance(value, datetime):
            moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            ahead = (moment - now()).total_seconds()
            if ahead > _AHEAD_SECONDS:
                raise Fault(400, "Posts are published later on the website; here, the date cannot lie ahead")
            return moment if ahead < -_AHEAD_SECONDS else None
    return None


def is_draft(struct: Struct, publish: bool) -> bool:
    """Whether a post is to be a draft."""
    status = struct.get("post_status")
    return status in ("draft", "pending", "private") if isinstance(status, str) else not publish


def _struct(post_id: int, writing: Writing, moment: datetime, url: str, *, draft: bool) -> Struct:
    text, _, more = writing.text.partition(_MORE)
    tags = publishing.tags_of(writing.tags)
    created = moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return {
        "postid": str(post_id), "title": writing.title, "description": text, "mt_text_more": more.lstrip("\n"),
        "mt_excerpt": writing.summary, "mt_keywords": ", ".join(tags), "categories": tags, "wp_slug": writing.slug,
        "mt_convert_breaks": MARKDOWN if writing.content_type == "text/markdown" else "", "dateCreated": created,
        "date_created_gmt": created, "link": url, "permaLink": url, "mt_allow_comments": 1, "mt_allow_pings": 0,
        "post_status": "draft" if draft else "publish", "userid": "1"}


def of_draft(row: KeptDraft) -> Struct:
    """A draft."""
    return _struct(row.id, drafts.from_words(row.request), time_of(row.id), f"{current().url}/write/{row.id}",
                   draft=True)


def of_article(view: ObjectView, writing: Writing) -> Struct:
    """An article, with its text as it was written."""
    row = view.object
    return _struct(articles.post_id(view), writing, row.published, row.url or row.uri, draft=False)


def writing_of(view: ObjectView) -> Writing:
    """The text of an article as it was written."""
    row, place = view.object, getattr(view.kind_data, "place", None)
    return Writing(
        title=row.title or "", text=row.source or row.content, content_type=row.source_type or "text/html",
        summary=row.summary if row.extra.get("own_summary") else "", tags=", ".join(row.extra.get("own_tags") or ()),
        language=row.language or "", slug=place.slug if place else "", visibility=row.visibility)
