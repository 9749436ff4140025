"""What happens once an upload is ready, by what it was sent for.

An attachment waits for its post. What is linked from texts (`linked`) stays as it is until its owner deletes it. The
picture of a profile, a custom emoji, the cover of a video take their place at
once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.media import shown
from potluck.media.model import MediaVariant
from potluck.media.storage import Storage
from potluck.social import emojis, profiles
from potluck.social.communities import making
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Media, Object

Act = Callable[[AsyncSession, Media], Awaitable[None]]

FOR_PROFILES = ("avatar", "header")


async def arrived(session: AsyncSession, storage: Storage, media: Media) -> None:
    """An upload has become ready. Called in the transaction that makes it so; it may turn out to be of no use yet."""
    await shown.remember(session, storage, media)
    try:
        await _ACTS[media.purpose](session, media)
    except SocialError as reason:
        media.state, media.error, media.loose_since = "failed", reason.text, now()
        await session.flush()


async def let_go(session: AsyncSession, owner_id: int, purpose: str, *, but: int = 0) -> None:
    """What somebody sent for this purpose stands nowhere any more; it is collected.

    Args:
        but: except this upload, which took its place.
    """
    await session.execute(update(Media).where(
        Media.owner_id == owner_id, Media.purpose == purpose, Media.id != but, Media.loose_since.is_(None),
    ).values(loose_since=now()))


async def _into_profile(session: AsyncSession, media: Media) -> None:
    """Becomes the picture or header of its owner; the one before is thrown away, and everybody is told.

    The owner may be a community; `by` of the upload says which moderator sent it.
    """
    actor = await session.get_one(Actor, media.owner_id)
    await profiles.update_profile(session, actor, **{f"{media.purpose}_url": media.url})
    moderator = await session.get(Actor, media.meta.get("by") or 0) if actor.type == "Group" else None
    if moderator is not None:
        await making.tell_changed(session, actor, moderator)
    await let_go(session, actor.id, media.purpose, but=media.id)


async def _into_emojis(session: AsyncSession, media: Media) -> None:
    """Becomes a custom emoji of this server, as the administrator who sent it has said."""
    wanted = media.meta
    await emojis.create(session, str(wanted.get("shortcode", "")), media.url or "",
                        category=wanted.get("category") or None, visible=bool(wanted.get("visible", True)))


async def _onto_attachment(session: AsyncSession, cover: Media) -> None:
    """Becomes what is shown of another attachment before it plays: at once, or when that is ready itself."""
    target = await session.get(Media, cover.meta.get("cover_of") or 0)
    if target is None or target.owner_id != cover.owner_id or target.state != "ready":
        cover.loose_since = now()
        await session.flush()
        return
    target.preview_url, target.blurhash = cover.preview_url or cover.url, cover.blurhash
    target.meta = {**target.meta, "small": _part(cover.meta, "small") or _part(cover.meta, "original")}
    await session.execute(delete(MediaVariant).where(
        MediaVariant.media_id == target.id, MediaVariant.name.in_(_COVERS.values())))
    for name, becomes in _COVERS.items():
        await session.execute(update(MediaVariant).where(
            MediaVariant.media_id == cover.id, MediaVariant.name == name).values(media_id=target.id, name=becomes))
    if target.object_id is not None:
        await session.execute(update(Object).where(Object.id == target.object_id).values(
            version=Object.version + 1))
    await session.delete(cover)
    await session.flush()


async def _with_its_cover(session: AsyncSession, media: Media) -> None:
    """Waits for its post; a cover that was ready before it comes onto it now."""
    covers = await session.scalars(select(Media).where(
        Media.owner_id == media.owner_id, Media.purpose == "cover", Media.state == "ready").order_by(Media.id))
    for cover in covers.all():
        if cover.meta.get("cover_of") == media.id:
            await _onto_attachment(session, cover)


def _part(meta: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = meta.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


async def _nothing(_session: AsyncSession, _media: Media) -> None:
    """Somebody names it by its address."""


_COVERS = {"small": "small", "wire": "poster"}
"""Variants of a picture, and what they are of the attachment whose cover it becomes."""

_ACTS: dict[str, Act] = {
    "attachment": _with_its_cover, "cover": _onto_attachment, "avatar": _into_profile, "header": _into_profile,
    "emoji": _into_emojis, "linked": _nothing,
}
