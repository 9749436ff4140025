"""One's own profile as one typed it (Mastodon 4.6)."""

from __future__ import annotations

from typing import Any

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.credentials import change_profile, posting_source
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.tags import featured_tag
from potluck.social import hashtags
from potluck.social.model import Actor

_SHOWN = ("avatar", "avatar_static", "avatar_description", "header", "header_static", "header_description", "locked",
          "bot", "display_name", "id")
_TYPED = ("note", "fields", "hide_collections", "discoverable", "indexable", "attribution_domains")
_TABS = ("show_media", "show_media_replies", "show_featured")


async def _show(call: Call) -> Answer:
    session = await call.reader()
    actor = await session.get_one(Actor, call.me.id)
    shown, typed = entities.account(actor), posting_source(actor, call.user, 0)
    found: Json = {name: shown[name] for name in _SHOWN} | {name: typed[name] for name in _TYPED}
    tags = [featured_tag(actor.name, row) for row in await hashtags.featured(session, actor.id)]
    return answer({**found, **{name: bool(actor.extra.get(name, True)) for name in _TABS}, "featured_tags": tags})


@endpoint("GET", "/api/v1/profile", scope=("profile", "read:accounts"))
async def show(call: Call) -> Answer:
    """One's profile: texts as typed, and every switch."""
    return await _show(call)


@endpoint(["PATCH", "PUT"], "/api/v1/profile", scope="write:accounts", files=True)
async def change(call: Call) -> Answer:
    """Change one's profile; what is absent stays."""
    tabs: dict[str, Any] = {name: call.params.flag(name) for name in _TABS if name in call.params}
    await change_profile(call, tabs)
    return await _show(call)


route_handlers = [show, change]
