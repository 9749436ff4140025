"""Captions of a video: one file for each language, put there, replaced and removed by the video's owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.media import captions, files, renditions, shown
from potluck.media.facts import Unusable
from potluck.media.model import MediaVariant
from potluck.media.storage import Storage, storage_of
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Media
from potluck.text.languages import normalise_language
from potluck.text.native_names import NATIVE_NAMES

MOST_LANGUAGES = 50


@dataclass(frozen=True, slots=True)
class Captions:
    """Captions in one language, and where they are."""

    language: str  # BCP 47
    label: str  # name of the language in that language
    url: str
    automatic: bool  # made by a machine


async def put(db: Database, owner: Actor, media_id: int, language: str, data: bytes, *,
              automatic: bool = False) -> Captions:
    """Give a video captions in a language, instead of those it may have had in it.

    Args:
        data: WebVTT or SRT.
        automatic: a machine wrote them.

    Raises:
        NotFound: no such video of this owner.
        Invalid: the language is none, or there are no captions in the file.
    """
    tag = normalise_language(language)
    if tag is None:
        raise Invalid("language", "Validation failed: Language is not a valid language code")
    try:
        text = captions.normalise(data)
    except Unusable as reason:
        raise Invalid("file", str(reason)) from reason
    storage = storage_of(db.settings)
    label = NATIVE_NAMES.get(tag) or NATIVE_NAMES.get(tag.partition("-")[0]) or tag
    async with db.read() as session:
        await _own(session, owner, media_id, lock=False)
    stored = await storage.put_bytes(text.encode(), renditions.CAPTIONS)
    async with db.write() as session:
        media = await _own(session, owner, media_id)
        known = await listed(session, storage, media_id)
        if len(known) >= MOST_LANGUAGES and tag not in {one.language for one in known}:
            raise Invalid("language", "A video has captions in at most %(most)s languages", most=MOST_LANGUAGES)
        variant = await files.add_variant(session, storage, media, f"captions-{tag}", stored,
                                          meta={"language": tag, "label": label, "automatic": automatic})
        key = (await files.variants_of(session, [media_id]))[media_id][variant.name][1]
        await renditions.list_again(session, storage, media)
        await shown.remember(session, storage, media)
    return Captions(tag, label, storage.url(key), automatic)


async def remove(db: Database, owner: Actor, media_id: int, language: str) -> None:
    """Take the captions in a language away.

    Raises:
        NotFound: no such video of this owner, or it has none in this language.
    """
    storage = storage_of(db.settings)
    name = f"captions-{normalise_language(language) or ''}"
    async with db.write() as session:
        media = await _own(session, owner, media_id)
        gone = await session.execute(delete(MediaVariant).where(
            MediaVariant.media_id == media_id, MediaVariant.name.in_((name, f"{name}-hls"))))
        if not gone.rowcount:  # type: ignore[attr-defined]
            raise NotFound
        await renditions.list_again(session, storage, media)
        await shown.remember(session, storage, media)


async def listed(session: AsyncSession, storage: Storage, media_id: int) -> Sequence[Captions]:
    """The captions of a video, by language."""
    variants = (await files.variants_of(session, [media_id])).get(media_id, {})
    return [Captions(variant.meta["language"], variant.meta["label"], storage.url(key), variant.meta["automatic"])
            for _, (variant, key) in sorted(variants.items()) if variant.media_type == renditions.CAPTIONS]


async def _own(session: AsyncSession, owner: Actor, media_id: int, *, lock: bool = True) -> Media:
    query = select(Media).where(Media.id == media_id, Media.owner_id == owner.id, Media.type == "video")
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound
    return row
