"""Announcements: read, dismissed, given an emoji."""

from __future__ import annotations

from typing import Any

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.urls import full_url
from potluck.social import announcements
from potluck.social.addresses import object_url
from potluck.social.announcements import AnnouncementView, Reacted


def reaction(name: str, url: str | None, count: int) -> Json:
    """AnnouncementReaction without the reader's own mark."""
    picture = {"url": full_url(url), "static_url": full_url(url)} if url else {}
    return {"name": name, "count": count, **picture}


def _reaction(item: Reacted) -> Json:
    return {**reaction(item.name, item.url, item.count), "me": item.mine}


def shown(view: AnnouncementView, *, to_reader: bool = True) -> Json:
    """Announcement. In streams it goes to everyone: without the reader's marks."""
    row = view.row
    found: dict[str, Any] = {
        "id": str(row.id), "content": row.content, "starts_at": entities.optional_stamp(row.starts_at),
        "ends_at": entities.optional_stamp(row.ends_at), "all_day": row.all_day,
        "published_at": entities.stamp(row.published_at or row.created_at),
        "updated_at": entities.stamp(row.updated_at), "mentions": [entities.mention(actor) for actor in view.mentions],
        "statuses": [{"id": str(item.id), "url": object_url(view.authors[item.author_id].name, item.id)}
                     for item in view.objects],
        "tags": [entities.short_tag(name) for name in row.hashtags],
        "emojis": [entities.emoji(entry) for entry in row.emojis],
        "reactions": [_reaction(item) if to_reader else reaction(item.name, item.url, item.count)
                      for item in view.reactions],
    }
    return {**found, "read": view.read} if to_reader else found


@endpoint("GET", "/api/v1/announcements", who="user")
async def all_(call: Call) -> Answer:
    """What is announced now; with `with_dismissed` also what one has read."""
    views = await announcements.for_reader(await call.reader(), call.me.id,
                                           with_read=call.params.flag("with_dismissed"))
    return answer([shown(view) for view in views])


@endpoint("POST", "/api/v1/announcements/{id:str}/dismiss", scope="write:accounts")
async def dismiss(call: Call) -> Answer:
    """Have read an announcement."""
    async with call.write() as session:
        await announcements.dismiss(session, call.ident(), call.me.id)
    return Answer(EMPTY)


@endpoint("PUT", "/api/v1/announcements/{id:str}/reactions/{name:str}", scope="write:favourites")
async def react(call: Call) -> Answer:
    """Give an announcement an emoji, or a custom one by its shortcode."""
    async with call.write() as session:
        await announcements.react(session, call.ident(), call.me.id, call.word("name"))
    return Answer(EMPTY)


@endpoint("DELETE", "/api/v1/announcements/{id:str}/reactions/{name:str}", scope="write:favourites")
async def unreact(call: Call) -> Answer:
    """Take an emoji back."""
    async with call.write() as session:
        await announcements.unreact(session, call.ident(), call.me.id, call.word("name"))
    return Answer(EMPTY)


route_handlers = [all_, dismiss, react, unreact]
