"""Publishing in a blog of one's own."""

from __future__ import annotations

from datetime import datetime

import msgspec

from potluck.apis import articles
from potluck.apis.writefreely.endpoint import Call
from potluck.apis.writefreely.finding import Collection
from potluck.kinds.article.drafts import Writing
from potluck.social.model import KeptDraft

BY = "writefreely"
"""By which word drafts are saved from here."""


async def publish(call: Call, into: Collection, writing: Writing, *, created: datetime | None = None,
                  draft: KeptDraft | None = None) -> int:
    """Publish a text in a blog; gives the article's id."""
    writing = msgspec.structs.replace(writing, blog_id=into.actor.id if into.settings else None)
    return await articles.publish(call, call.me, writing, BY, created=created, draft=draft)
