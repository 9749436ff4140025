"""Posts of communities: as ours pass them on to Lemmy, which takes no Note for a post (forum §5.8), and whose they are.

A community elsewhere may announce anything. Only what its author addressed to it is its own to moderate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import strictjson
from potluck.federation.dialects import DIALECTS, Dialect
from potluck.federation.errors import InvalidJson
from potluck.federation.reading import audience_of, authors, title_of
from potluck.federation.urls import same_host
from potluck.federation.vocabulary import Document, first_id, get, get_list, type_of
from potluck.social.communities import claims
from potluck.social.model import Actor, Object, ObjectDocument
from potluck.text.sanitise import sanitise_html

LEMMY = next(dialect for dialect in DIALECTS if dialect.name == "lemmy")
_NO_POSTS = frozenset({"Note", "Question"})
_KEPT = ("type", "href", "url", "mediaType", "name")
_FILES = frozenset({"Link", "Image", "Document"})


def variants(activity: Document, group_name: str) -> Mapping[Dialect, dict[str, Any]]:
    """The Create or Update of somebody elsewhere as Lemmy takes it, where it takes it in another form only.

    Lemmy asks nobody for what a community announces, so a Note that Mastodon sent can be passed on to it as a Page.
    """
    inner = get(activity, "object")
    if activity.get("type") not in ("Create", "Update") or not isinstance(inner, Mapping) \
            or type_of(inner) not in _NO_POSTS or first_id(get(inner, "inReplyTo")) is not None:
        return {}
    return {LEMMY: {**activity, "object": as_page(inner, group_name)}}


def as_page(note: Document, group_name: str) -> dict[str, Any]:
    """A Note as a Page: its title is its name, its warning or its first line."""
    content = sanitise_html(str(get(note, "content") or ""))
    page = {name: value for name, value in note.items() if name not in ("summary", "inReplyTo")}
    files = [{key: entry[key] for key in _KEPT if isinstance(entry.get(key), str)}
             for entry in get_list(note, "attachment") if isinstance(entry, Mapping)]
    files = [entry for entry in files if entry.get("type") in _FILES
             and ("href" if entry["type"] == "Link" else "url") in entry]
    return {**page, "type": "Page", "mediaType": "text/html", "attachment": files,
            "name": title_of(note, content, without=group_name) or "…"}


async def claim(session: AsyncSession, row: Object, group: Actor) -> bool:
    """A community elsewhere lists a post; whether that changed anything."""
    if row.group_id is not None:
        return False
    return await claims.claim(session, row, group, brought=await _brought(session, row, group))


async def _brought(session: AsyncSession, row: Object, group: Actor) -> bool:
    """Whether the author brought a post to a community, as far as the author's own document says.

    It may have come before anything was known of the community. A server speaks for its own people.
    """
    if same_host(row.uri, group.uri):
        return True
    stored = await session.scalar(select(ObjectDocument.document).where(ObjectDocument.object_id == row.id))
    try:
        document = strictjson.parse(stored) if stored else {}
    except InvalidJson:
        return False
    to, cc = audience_of(document)
    return group.uri in (first_id(get(document, "audience")), authors(document)[1], *to, *cc)
