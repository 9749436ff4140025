"""How much room a person's files may take, and how large one file may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.media.model import MediaVariant, Upload
from potluck.settings import Settings, current
from potluck.social.errors import Invalid
from potluck.social.model import Actor, User

FIELD = "file"
_UNITS = ((1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB"))


class TooLarge(Invalid):
    """A file is larger than this server takes (413 where the shape of the interface has that)."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(FIELD, text, "too_large", **values)


class NoRoom(Invalid):
    """The person's quota is used up."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(FIELD, text, "quota", **values)


@dataclass(frozen=True, slots=True)
class Room:
    """What a person's files take and may take, in bytes.

    Attributes:
        used: files with all that is made of them.
        reserved: announced by uploads that are not complete yet.
        quota: most that may be used; 0 for no limit.
    """

    used: int
    reserved: int
    quota: int

    def takes(self, size: int) -> bool:
        """Whether so many bytes more fit in."""
        return not self.quota or self.used + self.reserved + size <= self.quota


def readable(size: int) -> str:
    """A number of bytes for people."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def limit_for(media_type: str, settings: Settings | None = None) -> int:
    """The largest file of this type that may be uploaded; 0 for no limit."""
    settings = settings or current()
    return {"image": settings.image_limit, "audio": settings.audio_limit, "video": settings.video_limit}.get(
        media_type.partition("/")[0], settings.file_limit)


def largest(settings: Settings | None = None) -> int:
    """The largest file of any type that may be uploaded; 0 for no limit."""
    settings = settings or current()
    limits = (settings.image_limit, settings.audio_limit, settings.video_limit, settings.file_limit)
    return 0 if 0 in limits else max(limits)


def check_size(size: int, limit: int) -> None:
    """Refuse what is larger than the limit.

    Raises:
        TooLarge: it is.
    """
    if limit and size > limit:
        raise TooLarge("This file has %(size)s; at most %(most)s are allowed for this kind of file",
                       size=readable(size), most=readable(limit))


async def room_of(session: AsyncSession, owner: Actor, *, without: int | None = None) -> Room:
    """What the files of a local actor take and may take.

    Args:
        without: an upload (its id) that is being turned into a file, so that it is not counted twice.
    """
    theirs = _actors_of(owner)
    used = await session.scalar(select(func.coalesce(func.sum(MediaVariant.size), 0)).where(
        MediaVariant.owner_id.in_(theirs)))
    waiting = select(func.coalesce(func.sum(Upload.length), 0)).where(
        Upload.owner_id.in_(theirs), Upload.media_id.is_(None), Upload.expires_at > now())
    if without is not None:
        waiting = waiting.where(Upload.id != without)
    return Room(int(used or 0), int(await session.scalar(waiting) or 0), await quota_of(session, owner))


def _actors_of(owner: Actor) -> Any:
    """All actors of the login that owns this one: they share its room."""
    return [owner.id] if owner.owner_id is None else select(Actor.id).where(Actor.owner_id == owner.owner_id)


async def quota_of(session: AsyncSession, owner: Actor, *, lock: bool = False) -> int:
    """The quota of a local actor in bytes: that given to its login, else that of its role; 0 for no limit."""
    wanted = select(User.media_quota, User.role).where(
        User.id == owner.owner_id if owner.owner_id else User.actor_id == owner.id)
    row = (await session.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    return allowed(None, "user") if row is None else allowed(row.media_quota, row.role)


def allowed(own: int | None, role: str) -> int:
    """The quota of a login: its own if an administrator gave it one, else that of its role; 0 for no limit."""
    if own is not None:
        return own
    return current().quota if role == "user" else current().quota_staff


async def check_room(session: AsyncSession, owner: Actor, size: int, *, without: int | None = None) -> None:
    """Refuse what does not fit into the owner's quota. Two files that come at once are looked at one after the other.

    Raises:
        NoRoom: it does not.
    """
    await quota_of(session, owner, lock=True)
    room = await room_of(session, owner, without=without)
    if not room.takes(size):
        raise NoRoom("This file has %(size)s, but your files already take %(used)s of the %(most)s you may use. Delete"
                     " some, or ask an administrator for more room", size=readable(size), used=readable(room.used),
                     most=readable(room.quota))


async def used_by(session: AsyncSession, owners: Iterable[int]) -> dict[int, int]:
    """Bytes of files of several actors. One query."""
    rows = await session.execute(select(MediaVariant.owner_id, func.sum(MediaVariant.size)).where(
        MediaVariant.owner_id.in_(list(owners))).group_by(MediaVariant.owner_id))
    return {owner: int(total) for owner, total in rows if owner is not None}
