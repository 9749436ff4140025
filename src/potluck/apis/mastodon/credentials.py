"""One's own account: look, change the profile, preferences."""

from __future__ import annotations

from typing import Any

import msgspec

from potluck.apis.mastodon import entities, render_accounts
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.entities_status import visibility
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.params import Params
from potluck.apis.source import Source
from potluck.media import attachments, purposes, uploads
from potluck.social import follows, preferences, profiles
from potluck.social.accounts import tokens
from potluck.social.model import Actor, User

_VISIBILITY = {"public": "public", "unlisted": "unlisted", "private": "followers", "direct": "direct"}
_PICTURE_SECONDS = 20.0
_TEXTS = ("display_name", "note")
_FLAGS = ("locked", "discoverable", "indexable", "hide_collections")


def posting_source(actor: Actor, user: User, requests: int) -> Json:
    """CredentialAccount.source: what the owner typed, and how they post."""
    mine = preferences.of(user)
    return {
        "privacy": visibility(mine.visibility), "sensitive": mine.sensitive, "language": mine.language or "",
        "quote_policy": mine.quote_policy, "note": actor.summary_source or "", "follow_requests_count": requests,
        "fields": [{"name": field.get("name", ""), "value": field.get("source", field.get("value", "")),
                    "verified_at": field.get("verified_at")} for field in actor.fields],
        "hide_collections": actor.hide_collections, "discoverable": actor.discoverable, "indexable": actor.indexable,
        "attribution_domains": list(actor.extra.get("attribution_domains", ())),
    }


async def credential_account(source: Source, actor_id: int) -> bytes:
    """CredentialAccount of the main actor of a login."""
    session = await source.session()
    actor = await session.get_one(Actor, actor_id)
    requests = await follows.requests_count(session, actor.id)
    account = await render_accounts.one(source, actor)
    user = await session.get_one(User, actor.owner_id)
    more = msgspec.json.encode({"source": posting_source(actor, user, requests), "role": entities.role(user.role)})
    return account[:-1] + b"," + more[1:]


@endpoint("GET", "/api/v1/accounts/verify_credentials", scope=("profile", "read:accounts"))
async def verify_credentials(call: Call) -> Answer:
    """Who one is."""
    return Answer(await credential_account(call.source, call.me.id))


@endpoint("PATCH", "/api/v1/accounts/update_credentials", scope="write:accounts", files=True)
async def update_credentials(call: Call) -> Answer:
    """Change one's profile and how one posts; what is absent stays."""
    await change_profile(call, {})
    return Answer(await credential_account(call.source, call.me.id))


async def change_profile(call: Call, more: dict[str, Any]) -> None:
    """Do what the parameters ask. `more`: further parts of the profile."""
    params = call.params
    async with call.write() as session:
        actor = await call.acting(session)
        user = await session.get_one(User, call.user.id)
        changes = _profile_changes(params) | more
        if changes:
            await profiles.update_profile(session, actor, **changes)
        posting = _posting_changes(params.nested("source"))
        if posting:
            await preferences.change(session, user, **posting)
        tokens.forget_user(session, user.id)
    for name in ("avatar", "header"):
        await _accept_picture(call, name)


async def _accept_picture(call: Call, name: str) -> None:
    """Take a picture of the profile. Apps show at once what the answer says, so it waits a little."""
    sent = call.params.upload(name)
    if sent is None:
        return
    path, file_name = sent
    media = await uploads.accept(call.db, call.me, path, file_name=file_name, purpose=name)
    media = await attachments.until_prepared(call.db, call.me, media, seconds=_PICTURE_SECONDS)
    if media.state == "failed":
        raise ApiError(422, f"Validation failed: {name.capitalize()}: {media.error}")


def _profile_changes(params: Params) -> dict[str, Any]:
    changes: dict[str, Any] = {name: params.text(name) for name in _TEXTS if name in params}
    changes |= {name: params.flag(name) for name in _FLAGS if params.optional_flag(name) is not None}
    if "bot" in params:
        changes["bot"] = params.flag("bot")
    if "fields_attributes" in params:
        changes["fields"] = [(item.text("name"), item.text("value")) for item in params.records("fields_attributes")
                             if item.text("name") or item.text("value")]
    for name in ("avatar_description", "header_description"):
        if name in params:
            changes[name] = params.text(name)
    if "attribution_domains" in params:
        changes["attribution_domains"] = [word for word in params.texts("attribution_domains") if word.strip()]
    return changes


def _posting_changes(params: Params) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "privacy" in params:
        word = params.text("privacy")
        if word not in _VISIBILITY:
            raise ApiError(422, "Validation failed: Privacy is not included in the list")
        changes["visibility"] = _VISIBILITY[word]
    if "sensitive" in params:
        changes["sensitive"] = params.flag("sensitive")
    if "language" in params:
        changes["language"] = params.text("language") or None
    if "quote_policy" in params:
        changes["quote_policy"] = params.text("quote_policy")
    return changes


@endpoint("DELETE", "/api/v1/profile/avatar", scope="write:accounts")
async def remove_avatar(call: Call) -> Answer:
    """Take one's picture away."""
    return await _without_picture(call, "avatar")


@endpoint("DELETE", "/api/v1/profile/header", scope="write:accounts")
async def remove_header(call: Call) -> Answer:
    """Take one's header picture away."""
    return await _without_picture(call, "header")


async def _without_picture(call: Call, name: str) -> Answer:
    async with call.write() as session:
        me = await call.acting(session)
        await profiles.update_profile(session, me, **{f"{name}_url": None})
        await purposes.let_go(session, me.id, name)
    return Answer(await credential_account(call.source, call.me.id))


@endpoint("GET", "/api/v1/preferences", scope="read:accounts")
async def show_preferences(call: Call) -> Answer:
    """How one posts and reads."""
    mine = preferences.of(call.user)
    return answer({
        "posting:default:visibility": visibility(mine.visibility), "posting:default:sensitive": mine.sensitive,
        "posting:default:language": mine.language or None, "posting:default:quote_policy": mine.quote_policy,
        "reading:expand:media": mine.expand_media, "reading:expand:spoilers": mine.expand_spoilers,
        "reading:autoplay:gifs": mine.autoplay_gifs,
    })


route_handlers = [verify_credentials, update_credentials, remove_avatar, remove_header, show_preferences]
