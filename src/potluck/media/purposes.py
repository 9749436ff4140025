"""What happens once an upload is ready, by what it was sent for.

An attachment waits for its post. The picture of a profile, a custom emoji, the cover of a video take their place at
once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.media import shown
from potluck.media.storage import Storage
from potluck.social import emojis, profiles
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Media, Object

Act = Callable[[AsyncSession, Media], Awaitable[None]]

FOR_PROFILES = ("avatar", "header")


async def arrived(session: AsyncSession, storage: Storage, media: Media) -> None:
    """An upload has become ready. Called in the transaction that makes it so; it may turn out to be of no use yet."""
    await shown.remember(session, storage, media)
    act = _ACTS.get(media.purpose)
    if act is None:
        return
    try:
        await act(session, media)
    except SocialError as reason:
        media.state, media.error = "failed", reason.text
        await session.flush()


async def _into_profile(session: AsyncSession, media: Media) -> None:
    """Becomes the picture or header of its owner; the one before is thrown away, and everybody is told."""
    actor = await session.get_one(Actor, media.owner_id)
    await profiles.update_profile(session, actor, **{f"{media.purpose}_url": media.url})
    await session.execute(delete(Media).where(
        Media.owner_id == media.owner_id, Media.purpose == media.purpose, Media.id != media.id))


async def _into_emojis(session: AsyncSession, media: Media) -> None:
    """Becomes a custom emoji of this server, as the administrator who sent it has said."""
    wanted = media.meta
    await emojis.create(session, str(wanted.get("shortcode", "")), media.url or "",
                        category=wanted.get("category") or None, visible=bool(wanted.get("visible", True)))


async def _onto_attachment(session: AsyncSession, media: Media) -> None:
    """Becomes what is shown of another attachment before it plays."""
    target = await session.get(Media, media.meta.get("cover_of") or 0)
    if target is None or target.owner_id != media.owner_id:
        return
    target.preview_url = _small(media)
    target.meta = {**target.meta, "small": _part(media.meta, "small") or _part(media.meta, "original"),
                   "custom_preview": media.id}
    target.blurhash = media.blurhash
    if target.object_id is not None:
        await session.execute(update(Object).where(Object.id == target.object_id).values(version=Object.version + 1))
    await session.flush()


def _small(media: Media) -> str | None:
    return media.preview_url or media.url


def _part(meta: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = meta.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


_ACTS: dict[str, Act] = {"avatar": _into_profile, "header": _into_profile, "emoji": _into_emojis,
                         "cover": _onto_attachment}
