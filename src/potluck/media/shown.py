"""Remembers with an attachment which further files there are of it, so that pages ask for nothing more.

`media.meta["files"]`: addresses by variant (`full`, `peaks`, `cover`, `hls`, `storyboard`) and the list of captions.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.media import files
from potluck.media.files import Variants
from potluck.media.storage import Storage
from potluck.social.model import Media, Object

FILES = "files"
_NAMED = ("full", "wire", "small", "still", "peaks", "cover", "hls", "storyboard")
_CAPTIONS = "captions-"
_VTT = "text/vtt"
_STREAM = "stream"


async def remember(session: AsyncSession, storage: Storage, media: Media) -> None:
    """Write down what there is now. To be called wherever variants of a finished attachment change."""
    variants = (await files.variants_of(session, [media.id])).get(media.id, {})
    media.meta = {**media.meta, **_names(variants), FILES: addresses(storage, variants)}
    await session.flush()
    if media.object_id is not None:  # what is kept of a post that shows it is old now
        await session.execute(update(Object).where(Object.id == media.object_id).values(version=Object.version + 1))


def addresses(storage: Storage, variants: Variants) -> dict[str, Any]:
    """The addresses of what pages and apps show of an attachment."""
    found: dict[str, Any] = {name: storage.url(variants[name][1]) for name in _NAMED if name in variants}
    captions = [{"language": variant.meta["language"], "label": variant.meta["label"], "url": storage.url(key)}
                for name, (variant, key) in sorted(variants.items())
                if name.startswith(_CAPTIONS) and variant.media_type == _VTT]
    return {**found, "captions": captions} if captions else found


def _names(variants: Variants) -> dict[str, str]:
    """What a recording is called and who made it, from its tags."""
    tags = variants[_STREAM][0].meta.get("tags") if _STREAM in variants else None
    return {name: str(tags[name]) for name in ("title", "artist") if tags.get(name)} if isinstance(tags, dict) else {}
