"""Entities of the Mastodon API that need only their own row: accounts, media, tags, emoji, lists and the like.

Each function gives plain values in the documented keys; statuses are in `entities_status`. Keys that may be null are
always there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from potluck.apis.urls import full_url
from potluck.media.addresses import SMALL, STILL
from potluck.settings import current
from potluck.social import appeals
from potluck.social.addresses import blank_avatar, hashtag_url, profile_url
from potluck.social.model import (
    Actor,
    Appeal,
    CustomEmoji,
    List,
    Marker,
    Media,
    OAuthApp,
    Report,
    Severance,
    Strike,
)

Json = dict[str, Any]

_AVATAR = "/static/avatar.svg"
_HEADER = "/static/header.svg"
_ROLES = {"moderator": ("1", "Moderator", "69564"), "admin": ("2", "Administrator", "1015804"),
          "owner": ("3", "Owner", "1")}
_MEDIA_TYPES = frozenset({"image", "video", "gifv", "audio"})
_EVERYONE = {"id": "-99", "name": "", "color": "", "permissions": "0", "highlighted": False}


def stamp(moment: datetime) -> str:
    """A time as apps read it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def optional_stamp(moment: datetime | None) -> str | None:
    """A time, or null."""
    return stamp(moment) if moment else None


def optional_id(value: int | None) -> str | None:
    """An id, or null."""
    return None if value is None else str(value)


def emoji(entry: Mapping[str, Any]) -> Json:
    """A custom emoji of a text."""
    return {"shortcode": entry["shortcode"], "url": full_url(entry["url"]),
            "static_url": full_url(entry["url"], STILL), "visible_in_picker": False,
            "category": None}


def custom_emoji(row: CustomEmoji) -> Json:
    """CustomEmoji of this server."""
    url = full_url(row.url)
    return {"shortcode": row.shortcode, "url": url, "static_url": url, "visible_in_picker": row.visible,
            "category": row.category}


def actor_url(actor: Actor) -> str:
    """The page of an actor for people."""
    return profile_url(actor.name) if actor.is_local else actor.url or actor.uri


def account(actor: Actor, *, role: str | None = None, moved: Any = None) -> Json:
    """Account.

    Args:
        actor: who.
        role: moderator or admin, shown on local accounts.
        moved: the Account moved to (rendered), if any.
    """
    gone = actor.suspended_at is not None or actor.deleted_at is not None
    found = {
        "id": str(actor.id), "username": actor.name, "acct": actor.acct, "url": actor_url(actor), "uri": actor.uri,
        "created_at": f"{actor.published or actor.created_at:%Y-%m-%d}T00:00:00.000Z",
        "bot": actor.type in ("Service", "Application"), "group": actor.type == "Group",
        "followers_count": actor.shown_followers, "following_count": actor.shown_following,
        "statuses_count": actor.shown_posts,
        "last_status_at": f"{actor.last_post_at:%Y-%m-%d}" if actor.last_post_at else None,
        "hide_collections": actor.hide_collections,
        **(_blank() if gone else _profile(actor)),
    }
    if actor.is_local:
        found["noindex"] = not actor.indexable
        found["roles"] = [_short_role(role)] if role in _ROLES else []
    if moved is not None:
        found["moved"] = moved
    for key, holds in (("suspended", gone), ("limited", actor.silenced_at is not None), ("memorial", actor.memorial)):
        if holds:
            found[key] = True
    return found


def _profile(actor: Actor) -> Json:
    avatar = full_url(actor.avatar_url or blank_avatar(actor.name))
    still = full_url(actor.avatar_url or blank_avatar(actor.name), STILL)
    header = full_url(actor.header_url) or current().url + _HEADER
    return {
        "display_name": actor.display_name, "locked": actor.locked, "discoverable": actor.discoverable,
        "indexable": actor.indexable, "note": actor.summary, "avatar": avatar, "avatar_static": still,
        "avatar_description": actor.avatar_description, "header": header,
        "header_static": full_url(actor.header_url, STILL) or header,
        "header_description": actor.header_description, "emojis": [emoji(entry) for entry in actor.emojis],
        "fields": [{"name": field.get("name", ""), "value": field.get("value", ""),
                    "verified_at": field.get("verified_at")} for field in actor.fields],
    }


def _blank() -> Json:
    avatar, header = current().url + _AVATAR, current().url + _HEADER
    return {"display_name": "", "locked": False, "discoverable": False, "indexable": False, "note": "",
            "avatar": avatar, "avatar_static": avatar, "avatar_description": "", "header": header,
            "header_static": header, "header_description": "", "emojis": [], "fields": []}


def _short_role(name: str | None) -> Json:
    number, title, _ = _ROLES[name or ""]
    return {"id": number, "name": title, "color": ""}


def role(name: str) -> Json:
    """Role with permissions, for the person it belongs to."""
    if name not in _ROLES:
        return dict(_EVERYONE)
    number, title, permissions = _ROLES[name]
    return {"id": number, "name": title, "color": "", "permissions": permissions, "highlighted": True}


def mention(actor: Actor) -> Json:
    """Status::Mention."""
    return {"id": str(actor.id), "username": actor.name, "url": actor_url(actor), "acct": actor.acct}


def short_tag(name: str) -> Json:
    """Status::Tag."""
    return {"name": name, "url": hashtag_url(name)}


def tag(name: str, tag_id: int | None, history: Sequence[Mapping[str, Any]], *, following: bool | None = None,
        featuring: bool | None = None) -> Json:
    """Tag. `history`: seven days, newest first, as day (unix), uses and accounts."""
    found: Json = {"id": str(tag_id or 0), **short_tag(name),
                   "history": [{key: str(value) for key, value in day.items()} for day in history]}
    if following is not None:
        found["following"] = following
    if featuring is not None:
        found["featuring"] = featuring
    return found


_SIZES = ("width", "height", "size", "aspect", "frame_rate", "duration", "bitrate")
_FACTS = ("length", "duration", "fps", "size", "width", "height", "aspect", "audio_encode", "audio_bitrate",
          "audio_channels")


def media(item: Media) -> Json:
    """MediaAttachment; without addresses while it is being prepared."""
    ready = item.state == "ready"
    url = full_url(item.url) if ready else None
    preview = full_url(item.preview_url or (item.url if item.type == "image" else None), SMALL) if ready else None
    return {
        "id": str(item.id), "type": item.type if item.type in _MEDIA_TYPES else "unknown", "url": url,
        "preview_url": preview, "remote_url": item.remote_url,
        "preview_remote_url": None, "text_url": None, "meta": _meta(item), "description": item.description or None,
        "blurhash": item.blurhash,
    }


def _meta(item: Media) -> Json:
    """What is known of the file: facts of the whole at the top for video and audio, then each size that there is."""
    known = item.meta
    found: Json = {key: known[key] for key in _FACTS if key in known} if item.type in ("video", "gifv", "audio") else {}
    original = _size({**known, **_part(known, "original")})
    small = _size(_part(known, "small")) or (dict(original) if item.type == "image" else {})
    for key, value in (("original", original), ("small", small)):
        if value:
            found[key] = value
    if item.focus_x is not None and item.focus_y is not None:
        found["focus"] = {"x": item.focus_x, "y": item.focus_y}
    return found


def _part(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = known.get(name)
    return value if isinstance(value, Mapping) else {}


def _size(known: Mapping[str, Any]) -> Json:
    found = {key: known[key] for key in _SIZES if key in known}
    width, height = found.get("width"), found.get("height")
    if width and height:
        found |= {"size": f"{width}x{height}", "aspect": width / height}
    return found


def old_media(items: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Attachments of an earlier version of a status, as they were kept."""
    return [{"id": str(item.get("id", "0")), "type": item.get("type", "unknown"), "url": full_url(item.get("url")),
             "preview_url": full_url(item.get("preview_url"), SMALL), "remote_url": None, "preview_remote_url": None,
             "text_url": None, "meta": {}, "description": item.get("description") or None,
             "blurhash": item.get("blurhash")} for item in items]


def list_(row: List) -> Json:
    """List."""
    return {"id": str(row.id), "title": row.title, "replies_policy": row.replies_policy, "exclusive": row.exclusive}


def marker(row: Marker) -> Json:
    """Marker."""
    return {"last_read_id": str(row.last_read_id), "version": row.version, "updated_at": stamp(row.updated_at)}


def application(app: OAuthApp, vapid_key: str) -> Json:
    """Application, with the key of Web Push, where old apps look for it."""
    return {
        "id": str(app.id), "name": app.name, "website": app.website, "scopes": app.scopes.split(),
        "redirect_uris": list(app.redirect_uris), "redirect_uri": "\n".join(app.redirect_uris),
        "vapid_key": vapid_key,
    }


def own_application(scopes: Iterable[str], vapid_key: str) -> Json:
    """Application of a token that a person made by hand."""
    return {"id": "0", "name": current().title, "website": current().url, "scopes": sorted(scopes),
            "redirect_uris": [], "redirect_uri": "", "vapid_key": vapid_key}


def account_warning(row: Strike, target: Any, appeal: Appeal | None) -> Json:
    """AccountWarning. `target`: the Account it is about (rendered)."""
    return {
        "id": str(row.id), "action": row.action, "text": row.text,
        "status_ids": [str(value) for value in row.object_ids] or None, "target_account": target,
        "appeal": {"text": appeal.text, "state": appeals.state(appeal)} if appeal else None,
        "created_at": stamp(row.created_at),
    }


def severance(row: Severance) -> Json:
    """RelationshipSeveranceEvent."""
    return {"id": str(row.id), "type": row.type, "purged": False, "target_name": row.target_name,
            "followers_count": row.followers_count, "following_count": row.following_count,
            "created_at": stamp(row.created_at)}


def report(row: Report, target: Any) -> Json:
    """Report. `target`: the Account it is about (rendered)."""
    return {
        "id": str(row.id), "action_taken": row.resolved_at is not None,
        "action_taken_at": optional_stamp(row.resolved_at), "category": row.category, "comment": row.comment,
        "forwarded": row.forwarded, "created_at": stamp(row.created_at),
        "status_ids": [str(value) for value in row.object_ids] or None,
        "rule_ids": [str(value) for value in row.rule_ids] or None, "target_account": target,
    }
