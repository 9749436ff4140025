"""The addresses of local things: ids on the wire and pages for people, all made here."""

from __future__ import annotations

from zlib import crc32

from potluck.settings import current

_AVATARS = 8


def actor_uri(name: str) -> str:
    """ActivityPub id of the local actor `name`."""
    return f"{current().url}/users/{name}"


def profile_url(name: str) -> str:
    """Page of the local actor `name`."""
    return f"{current().url}/@{name}"


def object_uri(object_id: int) -> str:
    """ActivityPub id of a local object."""
    return f"{current().url}/objects/{object_id}"


def object_url(name: str, object_id: int) -> str:
    """Page of a local object by the local actor `name`."""
    return f"{current().url}/@{name}/{object_id}"


def activity_uri(suffix: str | int) -> str:
    """Id of a local activity that is not derived from an object's id."""
    return f"{current().url}/activities/{suffix}"


def announce_uri(announce_id: int) -> str:
    """Id of a local boost."""
    return activity_uri(announce_id)


def instance_actor_uri() -> str:
    """Id of the instance actor."""
    return f"{current().url}/actor"


def shared_inbox_uri() -> str:
    """The shared inbox of this server."""
    return f"{current().url}/inbox"


def hashtag_url(name: str) -> str:
    """Page of a hashtag (normalised name without '#')."""
    return f"{current().url}/tags/{name}"


def is_local_uri(uri: str) -> bool:
    """Whether an id or page lives on this server."""
    return uri == current().url or uri.startswith(f"{current().url}/")


def blank_avatar(name: str) -> str:
    """Path of the picture of an actor who has set none: one of a few, always the same one for the same name."""
    return f"/static/avatars/{crc32(name.encode()) % _AVATARS}.svg"
