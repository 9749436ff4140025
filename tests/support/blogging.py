"""Writes in blogs on the configured server: reads one act as JSON and prints what came of it.

Acts: `blog` (owner, name, and wishes), `publish` (writer, blog or '', and a request), `revise` (writer, id, request),
`delete` (writer, id), `show` (waits for a
blog's first comment, and shows it). What the editor's pages do, without a browser.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from potluck import assembly
from potluck.db.engine import Database
from potluck.db.nodes import NodeLease
from potluck.kinds.article import actions
from potluck.kinds.article.actions import ArticleRequest
from potluck.settings import current
from potluck.social import actors
from potluck.social.blogs import comments, making, moderating
from potluck.social.blogs.making import Wishes
from potluck.social.paging import Page


async def _show(db: Database, blog_id: int) -> list[int]:
    for _ in range(300):
        async with db.read() as session:
            ids = await comments.waiting(session, blog_id, Page())
        if ids:
            async with db.write() as session:
                for object_id in ids:
                    await moderating.approve(session, object_id)
            return ids
        await asyncio.sleep(0.2)
    raise AssertionError("no comment came")


async def _act(db: Database, act: str, words: dict[str, Any]) -> dict[str, Any]:
    async with db.read() as session:
        who = await actors.by_handle(session, words.pop("who"))
        blog = await actors.by_handle(session, words.pop("blog", "")) if words.get("blog") else None
    assert who is not None
    if act == "blog":
        async with db.write() as session:
            made = await making.create(session, who, words.pop("name"), Wishes(**words))
        return {"id": made.id, "uri": made.uri}
    if act == "show" and blog is not None:
        return {"ids": await _show(db, blog.id)}
    if act == "delete":
        async with db.write() as session:
            await actions.delete(session, who, words["id"])
        return {}
    object_id = words.pop("id", None)
    request = ArticleRequest(blog_id=blog.id if blog else None, **words)
    prepared = await actions.prepare(db, None, request)
    async with db.write() as session:
        row = await (actions.revise(session, who, object_id, request, prepared) if act == "revise"
                     else actions.publish(session, who, request, prepared))
    return {"id": row.id, "uri": row.uri, "url": row.url}


async def _main() -> dict[str, Any]:
    assembly.install()
    db = Database(current(), pool_size=1)
    try:
        async with NodeLease(db, "command"):
            words = json.load(sys.stdin)
            return await _act(db, words.pop("act"), words)
    finally:
        await db.close()


def main(_: Sequence[str]) -> None:
    """The act stands on the standard input."""
    print(json.dumps(asyncio.run(_main())))
